"""What can be asked about promises, reminders and plans of reminders."""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core import keyset
from apps.loans.models import Loan
from apps.repayments import services
from apps.repayments.models import Promise, Reminder, ReminderPlan, ReminderStop

# The views of the list of promises, with the order of each.
VIEWS = {
    "due": ("promised_date", "id"),
    "open": ("promised_date", "id"),
    "broken": ("-promised_date", "-id"),
    "kept": ("-promised_date", "-id"),
}
SHOWN = 10


def promises(actor: User, view: str, *, today: date) -> QuerySet[Promise]:
    """Return the promises of a view: those open whose day has come, all open, broken or kept."""
    rows = Promise.objects.visible_to(actor)
    if view == "due":
        return rows.filter(status="open", promised_date__lte=today)
    return rows.filter(status=view)


def page(
    actor: User, view: str, *, today: date, after: str = "", before: str = ""
) -> keyset.Page[Promise]:
    """Return a page of a view with what the list shows, and what was paid so far."""
    rows = services.with_paid(promises(actor, view, today=today))
    return keyset.page(
        rows.select_related("loan__customer", "loan__branch", "taken_by"),
        by=VIEWS[view],
        after=after,
        before=before,
    )


def counts(actor: User, *, today: date) -> dict[str, int]:
    """Return how many promises each view has that asks for something to be done."""
    return {view: promises(actor, view, today=today).count() for view in ("due", "open", "broken")}


def of_loan(loan: Loan) -> list[Promise]:
    """Return the last promises of a loan, the newest first, and what was paid towards each."""
    rows = services.with_paid(Promise.objects.filter(loan=loan))
    return list(rows.select_related("taken_by", "withdrawn_by").order_by("-taken_at")[:SHOWN])


def reminders(loan: Loan) -> QuerySet[Reminder]:
    """Return the reminders of a loan, the newest first."""
    return Reminder.objects.filter(loan=loan).order_by("-created_at", "-id")


def stop(customer_id: Any) -> ReminderStop | None:
    """Return that a borrower wants no reminders, or None."""
    rows = ReminderStop.objects.select_related("stopped_by")
    return rows.filter(customer=customer_id, resumed_at=None).first()


def plans(actor: User, *, ended: bool = False) -> QuerySet[ReminderPlan]:
    """Return the plans a person may see: those that stand, or those that were ended."""
    rows = ReminderPlan.objects.visible_to(actor).select_related("entity", "product", "entered_by")
    if ended:
        return rows.filter(ended_at__isnull=False).order_by("-ended_at", "id")
    return rows.standing().order_by("entity__name", "product__name", "-from_date", "id")
