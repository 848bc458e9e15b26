"""Do without a required paper of a case, and refuse to go on where one is missing."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates, reasons
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.decisions import papers, policies
from apps.decisions.errors import PapersMissing
from apps.decisions.models import PaperWaiver

SHORTEST_REASON, LONGEST_REASON = 3, 300


@transaction.atomic
def waive_paper(
    *, actor: User, application: Application, code: str, reason: str, now: datetime
) -> PaperWaiver:
    """Do without a required paper of one application, and return that; nobody asks for it again.

    The same person saying the same again returns the same. Raises NotPermitted, also for a case of
    one's own or of somebody near, NotVisible, DomainError without a reason, and Conflict where the
    paper is not missing.
    """
    if not actor.has_perm(policies.WAIVE_PAPERS):
        raise NotPermitted("not_permitted", _("Your role does not allow doing without a paper."))
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related(
        "product", "customer", "branch__entity"
    )
    found = get_visible(rows, actor, pk=application.pk)
    require_may_waive(actor, found)
    said = reason.strip()
    before = PaperWaiver.objects.filter(application=found, code=code).first()
    if before is not None and (before.waived_by_id, before.reason) == (actor.pk, said):
        return before
    _require(found, code, said, now=now)
    made = PaperWaiver.objects.create(
        application=found, code=code, reason=said, waived_by=actor, waived_at=now
    )
    audit.record(actor, "decisions.paper_waived", made, case=found, paper=code)
    return made


def require_may_waive(actor: User, application: Application) -> None:
    """Raise NotPermitted for a case of one's own or of somebody near, or one that is past it."""
    if not policies.may_waive_papers(actor, application):
        raise NotPermitted(
            "keep_out",
            _(
                "Papers are waived while an application is decided and before its loan is paid, by"
                " somebody who neither took it nor is connected with it."
            ),
        )


def require_papers(application: Application, *, now: datetime) -> None:
    """Raise PapersMissing where a required paper of the case neither is there nor was waived.

    Needs product, customer and the branch with its entity on the application.
    """
    today = dates.local_date(now, application.branch.entity.time_zone)
    missing = papers.lacking(application, on=today)
    if missing:
        raise PapersMissing([one.code for one in missing], papers.named(missing))


def _require(application: Application, code: str, reason: str, *, now: datetime) -> None:
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        sentence = reasons.asked_for(least=SHORTEST_REASON, most=LONGEST_REASON)
        raise DomainError("reason_missing", sentence, fields={"reason": sentence})
    today = dates.local_date(now, application.branch.entity.time_zone)
    if code not in {one.code for one in papers.lacking(application, on=today)}:
        raise Conflict(
            "paper_not_missing",
            _("This paper is there, was waived already, or is not asked for in this case."),
        )
