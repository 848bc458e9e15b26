"""Submit an application: freeze the facts and hand it to the decision."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import requirements, selectors
from apps.applications.models import Application
from apps.applications.services import opening
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.core.jobs import enqueue

ASSESS = "decisions.assess"


class NotReady(DomainError):
    """Something is missing before the application can be submitted; `lacks` says what."""

    def __init__(self, lacks: list[requirements.Lack]) -> None:
        self.lacks = lacks
        super().__init__(
            "not_ready",
            _("The application cannot be submitted yet: %(lacks)s")
            % {"lacks": " ".join(lack.sentence for lack in lacks)},
            fields={lack.code: lack.sentence for lack in lacks},
        )


@transaction.atomic
def submit(
    *, actor: User, application: Application, now: datetime, version: str = ""
) -> Application:
    """Freeze the applicant's facts as they stand, submit, and have the application assessed.

    A second submit by the same person returns the application as it is and sends nothing. An
    application from a tape keeps the facts and the date it came with: its borrower asked another
    lender, so no consent of ours is looked for. Raises NotReady, StaleRecord when it changed
    since `version`, Conflict in any other state.
    """
    found = opening.locked(actor, application)
    if _submitted_before(found, actor):
        return found
    frozen: dict[str, Any] = {}
    if found.is_draft:
        opening.check_version(found, version)
        today = now.astimezone(ZoneInfo(found.branch.entity.time_zone)).date()
        frozen = freeze(found, today=today)
    found.move("submit", submitted_at=now, submitted_by=actor, **frozen)
    audit.record(
        actor,
        "applications.submitted",
        found,
        case=found,
        number=found.number,
        product=found.product.code,
        amount=str(found.amount),
        currency=found.currency,
        term_months=found.term_months,
    )
    enqueue(ASSESS, application_id=str(found.pk))
    return found


def _submitted_before(application: Application, actor: User) -> bool:
    """Say whether this very submission was made already: by this person, and not undone."""
    return application.submitted_by_id == actor.pk and application.status != "withdrawn"


def freeze(application: Application, *, today: date) -> dict[str, Any]:
    """Return the applicant's facts as they stand that day. Raises NotReady where some lack."""
    known = selectors.standing(application.customer, on=today, besides=application.apart)
    lacks = selectors.lacks(application, known)
    if lacks:
        raise NotReady(lacks)
    return {
        "applied_date": today,
        "employment": known.employment,
        "bureau_report": known.bureau_report,
        "obligations_monthly": known.obligations_monthly,
        "own_obligations_monthly": known.own_monthly,
        "home": known.home,
        "annual_rate": application.product.annual_rate,
        "currency": application.product.currency,
    }
