"""Change a request that was decided: within what was decided, or back to be decided anew.

What was decided is known above; whoever calls has compared. The database compares, too: it lets
a decided request change only within its decision, or on its way back to `submitted`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import hooks, requirements
from apps.applications.models import Application
from apps.applications.services import opening
from apps.applications.services.submitting import freeze
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.core.jobs import enqueue


def locked_decided(actor: User, application: Application, *, version: str = "") -> Application:
    """Return an approved or declined application, locked; the caller is in a transaction.

    Raises NotPermitted, NotVisible, Conflict in any other state, StaleRecord when it changed
    since `version`.
    """
    found = opening.locked(actor, application)
    if found.status not in ("approved", "declined"):
        raise Conflict("not_decided", _("Only a decided application is changed in this way."))
    opening.check_version(found, version)
    return found


def lower(
    *, actor: User, application: Application, amount: Decimal, term_months: int, now: datetime
) -> Application:
    """Change an approved request within what was decided; its decision goes on to bind.

    The caller holds it by `locked_decided` and has compared. Raises DomainError outside the
    product, and what listeners of `hooks.on_change` raise.
    """
    before = _checked(application, amount, term_months)
    hooks.changed(application, actor=actor, now=now)
    application.amount, application.term_months = amount, term_months
    application.save(update_fields=["amount", "term_months", "updated_at"])
    audit.record(
        actor, "applications.lowered", application, case=application, **before, **_said(application)
    )
    return application


def reopen(
    *, actor: User, application: Application, amount: Decimal, term_months: int, now: datetime
) -> Application:
    """Submit a decided request with other terms: it is assessed anew, on the facts of the day.

    The person becomes the one who submitted it, so that another one decides. An application from
    a tape keeps its facts. An approval that binds no more may be asked for again as it was. Raises
    as `lower`, and NotReady.
    """
    before = _checked(application, amount, term_months, may_repeat=application.status == "approved")
    hooks.changed(application, actor=actor, now=now)
    # What is lacking is judged by what is asked for now.
    application.amount, application.term_months = amount, term_months
    today = now.astimezone(ZoneInfo(application.branch.entity.time_zone)).date()
    facts: dict[str, Any] = {} if application.source else freeze(application, today=today)
    state = application.status
    application.move(
        "reopen",
        **{
            **facts,
            "amount": amount,
            "term_months": term_months,
            "submitted_at": now,
            "submitted_by": actor,
            "score_run": None,
        },
    )
    audit.record(
        actor,
        "applications.reopened",
        application,
        case=application,
        state_before=state,
        **before,
        **_said(application),
    )
    enqueue("decisions.assess", application_id=str(application.pk))
    return application


def _checked(
    application: Application, amount: Decimal, term_months: int, *, may_repeat: bool = False
) -> dict[str, object]:
    """Return what was asked before; raise DomainError for what the product does not allow."""
    is_same = (amount, term_months) == (application.amount, application.term_months)
    if is_same and not may_repeat:
        raise DomainError("nothing_changed", _("This is what is asked for already."))
    errors = requirements.outside_product(
        application.product,
        amount=amount,
        term_months=term_months,
        purpose=application.purpose,
    )
    if errors:
        raise DomainError(
            "outside_product", _("The product does not allow this request."), fields=errors
        )
    return {
        "amount_before": str(application.amount),
        "term_months_before": application.term_months,
    }


def _said(application: Application) -> dict[str, object]:
    return {"amount": str(application.amount), "term_months": application.term_months}
