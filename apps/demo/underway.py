"""What is under way at the demonstration's lenders: each thing waits for somebody to go on.

A draft policy with an experiment beside it, a proposal to approve, an exception to a decline, what
secures three loans, two offers, and a borrower on the block list.
"""

import copy
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.models import Entity, User
from apps.applications.models import Application
from apps.core import dates
from apps.core.money import money
from apps.customers import entries
from apps.customers import services as customers
from apps.decisions import selectors as decisions_selectors
from apps.decisions import services as decisions
from apps.decisions.models import OverrideReason, PolicyVersion
from apps.demo import appealed, lent, offered, people, pledged
from apps.laboratory import services as laboratory
from apps.laboratory.models import Experiment
from apps.loans.models import Outcome

TITLE = "Approve up to a PD of 12 %"
_TRIED_ON = timedelta(days=365)
_FROM_IN = timedelta(days=14)
# What the books do not tell; whoever asks in the laboratory chooses their own.
_ASSUMED: dict[str, Any] = {
    "loss_given_default": Decimal("0.6"),
    "cost_of_funds": Decimal("0.08"),
    "fee_share": Decimal("0.015"),
    "operating_cost": Decimal(1_500),
}


@transaction.atomic
def write(*, now: datetime) -> list[str]:
    """Leave everything to somebody, all or nothing; return what, in words.

    Nothing where it was done before, or where no policy or past loans are there to begin with.
    """
    india = Entity.objects.get(code="sahyadri")
    if Experiment.objects.filter(entity=india, title=TITLE).exists():
        return []
    analyst = people.of_role("risk_analyst")
    return [
        *_draft_with_evidence(analyst, india, now=now),
        *_proposal(analyst, Entity.objects.get(code="umoja"), now=now),
        *_exception(now=now),
        *appealed.write(now=now),
        *pledged.write(now=now),
        *offered.write(now=now),
        *lent.write(now=now),
        *_block(india, now=now),
    ]


def _draft_with_evidence(analyst: User, entity: Entity, *, now: datetime) -> list[str]:
    """Draft a policy that approves more at a price, and try it on the last loans with an end."""
    newest = Application.objects.filter(
        product__code="in-personal", loan__outcome__isnull=False
    ).order_by("-applied_date")
    last = newest.values_list("applied_date", flat=True).first()
    in_force = _in_force(entity, now)
    if last is None or in_force is None:
        return []
    draft = decisions.draft_policy(actor=analyst, entity=entity, base=in_force)
    draft = decisions.edit_policy(actor=analyst, policy=draft, document=_wider(in_force.document))
    experiment = laboratory.ask(
        actor=analyst,
        entity=entity,
        question=laboratory.Question(
            title=TITLE,
            from_date=last - _TRIED_ON,
            to_date=last + timedelta(days=1),
            products=("in-personal",),
            policy=draft,
            **_ASSUMED,
        ),
        now=now,
    )
    done = laboratory.run(experiment_id=experiment.pk, now=now)
    laboratory.attach(actor=analyst, experiment=done, policy=draft, now=now)
    return [f"{draft} drafted, with an experiment on {done.done_rows:,} applications beside it"]


def _wider(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy with a band more for personal loans: up to 12 % approved, at a price."""
    written = copy.deepcopy(dict(document))
    [ladder] = [one for one in written["ladders"] if "in-personal" in one["products"]]
    position, referred = next(
        (place, band) for place, band in enumerate(ladder["bands"]) if band["outcome"] == "refer"
    )
    dearer = {
        **ladder["bands"][position - 1],
        "name": "B2",
        "from": referred["from"],
        "below": "0.12",
        "rate_addon": referred["rate_addon"],
        "most_amount": {"INR": "500000"},
        "beyond": "refer",
    }
    referred["from"] = dearer["below"]
    ladder["bands"].insert(position, dearer)
    return written


def _proposal(analyst: User, entity: Entity, *, now: datetime) -> list[str]:
    """Propose a policy that asks for fresher bureau reports; an approver finds it waiting."""
    in_force = _in_force(entity, now)
    if in_force is None:
        return []
    written = copy.deepcopy(in_force.document)
    [rule] = [one for one in written["rules"] if one["code"] == "bureau_fresh"]
    rule |= {"threshold": "60", "sentence": "The bureau report is at most 60 days old."}
    draft = decisions.draft_policy(actor=analyst, entity=entity, document=written)
    proposed = decisions.propose_policy(
        actor=analyst,
        policy=draft,
        effective_from=dates.local_date(now, entity.time_zone) + _FROM_IN,
        note="The bureau now sends its reports every month.",
        now=now,
    )
    return [f"{proposed} proposed"]


def _exception(*, now: datetime) -> list[str]:
    """Let an officer ask for less than was declined; who signs for it is somebody else."""
    officer = people.of_role("loan_officer")
    declined = Application.objects.visible_to(officer).filter(
        status="declined", submitted_by=officer, overrides=None
    )
    application = declined.select_related("product").order_by("number").first()
    if application is None:
        return []
    half = money(application.amount / 2, application.currency)
    terms = decisions.Terms(max(half, application.product.minimum_amount), application.term_months)
    asked = decisions.ask_override(
        actor=officer,
        application=application,
        entry=decisions.OverrideEntry(
            terms=terms,
            reason=OverrideReason.SECURITY_OFFERED,
            note="A customer of nine years guarantees the amount.",
        ),
        now=now,
    )
    return [f"an exception asked for {asked.application.number}"]


def _block(entity: Entity, *, now: datetime) -> list[str]:
    """List the borrower of the newest loan that was lost."""
    lost = Outcome.objects.filter(loan__customer__entity=entity, defaulted=True)
    loan = lost.select_related("loan__customer").order_by("-loan__disbursed_date").first()
    if loan is None:
        return []
    listed = customers.block(
        actor=people.of_role("credit_manager"),
        entity=entity,
        entry=entries.BlockEntry(
            ground="written_off",
            source=f"Loan {loan.loan.number} was written off",
            from_date=dates.local_date(now, entity.time_zone),
            customer_number=loan.loan.customer.number,
        ),
        now=now,
    )
    return [f"{listed.subject} on the block list"]


def _in_force(entity: Entity, now: datetime) -> PolicyVersion | None:
    return decisions_selectors.policy_in_force(entity, dates.local_date(now, entity.time_zone))
