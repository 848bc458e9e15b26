"""What pages and the API ask of findings."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.npa.models import Finding

WAITING = ("proposed", "ending")


def findings(actor: User, *, state: str = "") -> QuerySet[Finding]:
    """Return the findings a person may see; `waiting` ones need a second person."""
    rows = _with_people(Finding.objects.visible_to(actor))
    if state == "waiting":
        return rows.filter(status__in=WAITING)
    return rows.filter(status=state) if state else rows


def of_loan(actor: User, loan: Loan) -> list[Finding]:
    """Return the findings about a loan, the newest first."""
    rows = _with_people(Finding.objects.visible_to(actor).filter(loan=loan))
    return list(rows.order_by("-proposed_at", "-id"))


def _with_people(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    return rows.select_related(
        *("loan__branch__entity", "loan__customer", "proposed_by", "answered_by"),
        *("end_proposed_by", "ended_by"),
    )
