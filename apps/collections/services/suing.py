"""Write a legal step on an overdue loan down, where it may follow the one before."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collections import legal, policies, selectors, wording
from apps.collections.legal import Stage
from apps.collections.models import LegalStep
from apps.collections.services import _ground
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.loans.models import Loan

LONGEST_REFERENCE = 80
# In these states something can be claimed; a matter can be closed in any.
_CLAIMABLE = ("active", "written_off")


@dataclass(frozen=True, kw_only=True)
class LegalEntry:
    """A legal step: the stage it leads to, its day, its reference."""

    stage: str
    made_on: date
    reference: str


@transaction.atomic
def record_legal_step(*, actor: User, loan: Loan, entry: LegalEntry, now: datetime) -> LegalStep:
    """Write a legal step down; return it.

    Raises NotPermitted, NotVisible, Conflict where the step cannot follow the one before, nothing
    can be claimed, or a settlement is agreed, DomainError with a sentence for each field.
    """
    _ground.permit(actor, policies.LEGAL)
    # Two who write down a step at once wait for each other.
    _ground.hold(loan)
    found = get_visible(Loan.objects.select_related("branch__entity"), actor, pk=loan.pk)
    last = selectors.last_legal_step(found)
    today = _ground.today(found, now)
    reference = " ".join(entry.reference.split())
    _check(entry, reference, found, last=last, today=today)
    before, after = Stage(last.stage) if last else Stage.NONE, Stage(entry.stage)
    _require_allowed(before, after)
    _require_claim(found, after)
    if legal.begins(before, after) and found.status == "active":
        _ground.require_overdue(actor, found, today)
    made = LegalStep(
        loan=found,
        number=last.number + 1 if last else 1,
        before=before.value,
        stage=after.value,
        made_on=entry.made_on,
        reference=reference,
        made_by=actor,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "collections.legal_step_recorded",
        found,
        case=_ground.case_of(found),
        before=made.before,
        stage=made.stage,
        on=made.made_on.isoformat(),
    )
    return made


def _check(
    entry: LegalEntry, reference: str, loan: Loan, *, last: LegalStep | None, today: date
) -> None:
    fields: dict[str, object] = {}
    if entry.stage not in set(Stage) - {Stage.NONE}:
        fields["stage"] = _("There is no such legal step.")
    since = last.made_on if last else loan.disbursed_date
    if since is None or not legal.in_order(entry.made_on, last=since, today=today):
        fields["made_on"] = _("Not before the step before it or the payout, and not to come.")
    if not 1 <= len(reference) <= LONGEST_REFERENCE or not reference.isprintable():
        fields["reference"] = _("Give the reference of the step, in at most %(most)s letters.") % {
            "most": LONGEST_REFERENCE
        }
    if fields:
        raise DomainError("legal_step_refused", _("The step is not complete."), fields=fields)


def _require_allowed(before: Stage, after: Stage) -> None:
    if not legal.allows(before, after):
        raise Conflict(
            "legal_move_refused",
            _("“%(after)s” cannot follow “%(before)s”. Nothing was written down.")
            % {"after": wording.STAGES[after], "before": wording.STAGES[before]},
        )


def _require_claim(loan: Loan, after: Stage) -> None:
    """Raise Conflict where nothing can be claimed under the loan: the matter is closed at most."""
    is_claimable = loan.status in _CLAIMABLE and not selectors.is_settled(loan)
    if after != Stage.CLOSED and not is_claimable:
        raise Conflict(
            "not_running",
            _("Nothing can be claimed under this loan in its state: close the matter."),
        )
    if after != Stage.CLOSED:
        _ground.require_no_settlement(loan)
