"""Quality control at the demonstration's lender: verdicts, a share sampled blindly, opinions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import Entity, User
from apps.core.errors import DomainError, NotVisible
from apps.decisions import services as decisions
from apps.decisions.models import ReviewCase
from apps.demo import people
from apps.desk import services
from apps.desk.models import BlindSample, SamplingShare

_SHARE = Decimal("0.5")
_SET_BEFORE = timedelta(days=30)
_VERDICTS = 6
_OPINIONS = 4
_WORKED = timedelta(minutes=18)
_APPROVE = services.BlindVerdict(
    outcome="approve", codes=("income_confirmed", "payment_record_sound")
)
_DECLINE = services.BlindVerdict(
    outcome="decline",
    codes=("income_not_confirmed",),
    note="The bonus is counted as income, and nothing shows that it comes every year.",
)


@transaction.atomic
def write(*, now: datetime) -> list[str]:
    """Decide some cases, sample, and judge some samples, one against the machine; say what.

    All or nothing, and nothing where a share is set already.
    """
    if SamplingShare.objects.exists():
        return []
    manager = people.of_role("credit_manager")
    reviewer = people.of_role("credit_reviewer", "pune")
    entity = reviewer.branch.entity
    decided = sum(_decided(reviewer, now=now))
    _set(manager, entity, now=now)
    sampled = services.sample(now=now)
    judged = list(_judged(reviewer, now=now))
    return [
        f"{decided} cases decided",
        f"{sampled} automatic decisions sampled blindly, {len(judged)} of them judged",
    ]


def _set(manager: User, entity: Entity, *, now: datetime) -> None:
    services.set_share(
        actor=manager,
        entry=services.ShareEntry(
            entity=entity,
            share=_SHARE,
            days=14,
            why="While the policy is new, half of what the machine decides is looked at again.",
        ),
        now=now - _SET_BEFORE,
    )
    services.set_stamp_limit(
        actor=manager,
        entry=services.StampEntry(
            entity=entity,
            least_verdicts=30,
            same_share=Decimal("0.98"),
            median_seconds=120,
            why="Nobody reads a file in two minutes, case after case.",
        ),
        now=now - _SET_BEFORE,
    )


def _decided(reviewer: User, *, now: datetime) -> Iterator[bool]:
    """Let the reviewer decide the cases that came last: the first ones are somebody's work."""
    waiting = ReviewCase.objects.visible_to(reviewer).filter(status="open")
    for position, case in enumerate(waiting.order_by("-due_at", "pk")[:_VERDICTS]):
        yield _verdict(reviewer, case, declines=position % 3 == 2, now=now)


def _verdict(reviewer: User, case: ReviewCase, *, declines: bool, now: datetime) -> bool:
    """Decide one case; say whether it took, for what a rule forbids is left to people."""
    began = max(now - _WORKED, case.opened_at)
    codes = ("documents_incomplete",) if declines else ("income_confirmed",)
    allowed = "override_facts_unseen" if declines else "override_new_evidence"
    try:
        with transaction.atomic():
            held = decisions.claim(actor=reviewer, case=case, now=began)
            outcome = "decline" if declines else "approve"
            departs = decisions.is_override(outcome, decisions.basis_of(held, now=now))
            verdict = decisions.Verdict(
                outcome=outcome,
                codes=(*codes, allowed) if departs else codes,
                note="Seen with the applicant at the counter.",
            )
            decisions.decide(actor=reviewer, case=held, verdict=verdict, now=now)
    except DomainError:
        return False
    return True


def _judged(reviewer: User, *, now: datetime) -> Iterator[BlindSample]:
    """Judge the samples that wait longest as the machine did, but for the second; leave one."""
    waiting = BlindSample.objects.visible_to(reviewer).filter(status="waiting").count()
    for position in range(min(_OPINIONS, waiting - 1)):
        try:
            held = services.take_blind(actor=reviewer, now=now)
        except NotVisible:
            return
        same = _APPROVE if held.decision.outcome == "approve" else _DECLINE
        other = _DECLINE if held.decision.outcome == "approve" else _APPROVE
        verdict = other if position == 1 else same
        yield services.judge_blind(actor=reviewer, sample=held, verdict=verdict, now=now)
