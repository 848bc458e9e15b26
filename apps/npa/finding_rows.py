"""What pages and the API ask of findings."""

from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

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


def has_any(actor: User, loan: Loan) -> bool:
    """Say whether a person sees anything that was found about a loan, or proposed."""
    return Finding.objects.visible_to(actor).filter(loan=loan).exists()


def in_force_of_each(actor: User, day: date) -> ArraySubquery:
    """Return what an annotation of rows with a loan asks: what the night of a day respected.

    A list of {"kind", "value"} for each row, in the query of the rows themselves.
    """
    rows = Finding.objects.visible_to(actor).in_force(day).filter(loan=OuterRef("loan_id"))
    ordered = rows.order_by("counts_from", "id")
    return ArraySubquery(ordered.values(said=JSONObject(kind="kind", value="value")))


def _with_people(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    return rows.select_related(
        *("loan__branch__entity", "loan__customer", "proposed_by", "answered_by"),
        *("end_proposed_by", "ended_by"),
    )
