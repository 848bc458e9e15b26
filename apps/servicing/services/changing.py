"""Agree on another schedule for what is ahead: one service for each kind of change."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.alterations import DIFFICULTY
from apps.repayments.alterations import Change as Kind
from apps.repayments.facts import Change
from apps.repayments.models import AccountEvent
from apps.servicing import policies, selectors
from apps.servicing.services import _ground

# A change of the contract itself; the others move what is ahead within it.
_GRAVE = (Kind.RESTRUCTURE, Kind.RATE_CHANGE)


def permission(kind: str) -> str:
    """Return the permission a kind of change takes."""
    return policies.RESTRUCTURE if kind in _GRAVE else policies.CHANGE


def not_permitted() -> NotPermitted:
    """Return the refusal of a change that the person's role does not allow."""
    return NotPermitted("not_permitted", _("Your role does not allow this change of a loan."))


@transaction.atomic
def change(
    *,
    actor: User,
    loan: Loan,
    kind: str,
    parameters: dict[str, Any],
    reason: str,
    now: datetime,
    day: date | None = None,
    reference: str = "",
) -> AccountEvent:
    """Put another schedule in force from a day on, today where none is told; return the event.

    `kind` and `parameters` are those of `repayments.alterations`. The schedule before stays as a
    version, and days past due count on. The same reference with the same content returns the same
    event. Raises NotPermitted, NotVisible, NotRunning, TermsRefused where the change makes no
    schedule, DomainError for a day or a reason that is refused, DayClosed.
    """
    found = _ground.running(actor, loan, permission(kind))
    on = day_of(found, day, now=now)
    reference = reference or f"change:{found.number}:{found.events.count() + 1}"
    is_new = not selectors.is_known(reference)
    event = repayments.enter(
        actor=actor,
        loan=found,
        fact=fact(kind, parameters, reason, day=on),
        reference=reference,
        now=now,
    )
    if is_new:
        audit.record(
            actor,
            "servicing.schedule_changed",
            found,
            case=found.application,
            change=kind,
            day=on.isoformat(),
            difficulty=parameters.get(DIFFICULTY),
        )
    return event


def day_of(loan: Loan, day: date | None, *, now: datetime) -> date:
    """Return the day a change counts from, today where none is told. Raises DomainError."""
    on = day or _ground.today(loan, now)
    _ground.require_day(loan, on, now=now)
    return on


def fact(kind: str, parameters: dict[str, Any], reason: str, *, day: date) -> Change:
    """Return what happens on the account. Raises DomainError without a reason."""
    said = {name: value for name, value in parameters.items() if value not in (None, "")}
    return Change(day=day, change=kind, parameters=said, reason=_ground.said(reason))
