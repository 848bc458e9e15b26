"""What can be asked about loans: lists, how one stands, and which payments wait for whom."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.collateral.exposures import Owed
from apps.collateral.models import CoBorrower
from apps.core import keyset, withheld
from apps.core.errors import NotVisible
from apps.customers import selectors as customers
from apps.customers.hooks import OwnLoan
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.ledger.hooks import Shown
from apps.loans import arrears, lending, policies, standings
from apps.loans.arrears import Arrears
from apps.loans.lifecycle import HELD, RUNNING
from apps.loans.models import Disbursement, Instalment, Loan, PaymentFile, ScheduleVersion
from apps.offers.models import Offer

FINISHED = {"repaid": False, "defaulted": True}
# The stages of the disbursement queue, and the permission that takes each on.
STAGES = {
    "open": policies.OPEN,
    "request": policies.REQUEST,
    "approve": policies.APPROVE,
    "instruct": policies.SETTLE,
    "confirm": policies.SETTLE,
}
_WAITS_FOR = {"approve": ["requested"], "instruct": ["approved"], "confirm": ["instructed"]}


@dataclass(frozen=True)
class Filters:
    """What a person asked the list for; empty means all."""

    number: str = ""
    product: str = ""
    state: str = ""
    outcome: str = ""
    overdue_on: date | None = None


@dataclass(frozen=True)
class Position:
    """How a loan stands on a day: what the ledger holds, what is overdue, what comes next.

    `received` is the money that came in under all its schedules, less what was taken back;
    `advances` is what of it was paid ahead and waits for what falls due.
    """

    day: date
    principal: Decimal
    owed: Decimal
    received: Decimal
    advances: Decimal
    rows: tuple[Instalment, ...]
    arrears: Arrears
    next_due: Instalment | None

    @property
    def unpaid(self) -> Decimal:
        """What of the schedule in force is still to be paid, without what is paid ahead."""
        left = sum((row.unpaid for row in self.rows), Decimal(0))
        return max(Decimal(0), left - self.advances)

    @property
    def next_paid_ahead(self) -> Decimal:
        """What of the next instalment is paid ahead."""
        return arrears.paid_ahead_of(self.next_due, self.advances)

    @property
    def next_amount(self) -> Decimal:
        """What of the next instalment is still to be paid, without what is paid ahead."""
        return self.next_due.unpaid - self.next_paid_ahead if self.next_due else Decimal(0)


def worklist(
    actor: User, filters: Filters, *, after: str = "", before: str = ""
) -> keyset.Page[Loan]:
    """Return one page of the loans a person may see, newest first."""
    rows = Loan.objects.visible_to(actor).select_related("product", "outcome", "customer")
    return keyset.page(
        _filtered(rows, filters), by=("-opened_date", "-id"), after=after, before=before
    )


def of_customer(actor: User, customer_id: Any) -> QuerySet[Loan]:
    """Return the loans of one customer that a person may see, newest first."""
    rows = Loan.objects.visible_to(actor).filter(customer=customer_id)
    return rows.select_related("product", "outcome").order_by("-opened_date", "id")


def detailed() -> QuerySet[Loan]:
    """Return loans with everything their page shows."""
    return Loan.objects.select_related(
        "product", "customer", "application", "branch__entity", "outcome", "offer"
    )


def stood_when_due() -> Q:
    """Return the filter that keeps instalments of the schedule in force as their due date ended."""
    began = Q(schedule__starts_on=None) | Q(schedule__starts_on__lte=F("due_date"))
    return began & (Q(in_force=True) | Q(schedule__ends_on__gt=F("due_date")))


def position(loan: Loan, day: date) -> Position:
    """Return how a loan stands on a day; nothing is overdue before it was paid out."""
    rows = tuple(loan.instalments.filter(in_force=True).order_by("number"))
    counts = rows if loan.status == "active" else ()
    held = ledger.balances([loan.pk])[loan.pk]
    return Position(
        day=day,
        principal=held[Account.PRINCIPAL],
        owed=held.owed,
        received=ledger.received(loan.pk),
        advances=held[Account.ADVANCES],
        rows=rows,
        arrears=arrears.arrears(counts, day),
        next_due=arrears.next_due(counts, day),
    )


def opens(actor: User, loan: Loan) -> dict[str, bool]:
    """Return what of where a loan comes from a person may open, beside the loan.

    The customer and the request stay where they were taken when a loan moves (decision 0020).
    """
    requests = Application.objects.visible_to(actor).filter(pk=loan.application_id)
    offers = Offer.objects.visible_to(actor).filter(pk__in=[loan.offer_id] if loan.offer_id else [])
    return {
        "opens_customer": customers.opens(actor, loan.customer_id),
        "opens_application": actor.has_perm("applications.view_application") and requests.exists(),
        "opens_offer": actor.has_perm("offers.view_offer") and offers.exists(),
    }


def version(loan: Loan, asked: str) -> ScheduleVersion:
    """Return the schedule in force, or the version of a number. Raises NotVisible without one."""
    rows = loan.schedules.all()
    is_number = asked.isdecimal() and len(asked) < 5
    rows = (
        rows.filter(number=int(asked) if is_number else 0) if asked else rows.filter(in_force=True)
    )
    found = rows.first()
    if found is None:
        raise NotVisible("not_found", _("There is no such version of the schedule."))
    return found


def payments(loan: Loan) -> QuerySet[Disbursement]:
    """Return the payments of a loan with who did what, the newest first."""
    return loan.disbursements.select_related(
        "requested_by", "checked_by", "confirmed_by", "ended_by", "payment_file__entity"
    ).order_by("-number")


def left_to_ask(loan: Loan) -> Decimal:
    """Return what of a loan no payment holds."""
    going = loan.disbursements.filter(status__in=HELD).aggregate(sum=Sum("amount"))["sum"]
    return loan.lent - (going or Decimal(0))


# --- the disbursement queue --------------------------------------------------------------------
def to_open(actor: User) -> QuerySet[Offer]:
    """Return the accepted offers under which no loan was opened yet."""
    return (
        Offer.objects.visible_to(actor)
        .filter(status="accepted")
        .select_related("application__product", "application__customer", "application__branch")
        .defer("terms", "key_facts")
    )


def to_request(actor: User) -> QuerySet[Loan]:
    """Return the loans of which something is left that no payment holds.

    Those nothing was paid out of yet, and those of which a payment said that a rest follows: of
    any other loan on the books all went out at once. So the book is not gone through to find them.
    """
    held = (
        Disbursement.objects.filter(loan=OuterRef("pk"), status__in=HELD)
        .order_by()
        .values("loan")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    # Asked beforehand, so that both are found along their index and no other loan is read.
    rest = list(_with_rest().values_list("loan", flat=True))
    rows = Loan.objects.visible_to(actor).filter(
        Q(status="opened") | Q(status="active", pk__in=rest),
        Q(offer__status="taken_up", offer__exit_asked_date=None),
        source="",
    )
    return (
        rows.annotate(going=Coalesce(held, Decimal(0)))
        .filter(going__lt=F("principal") - F("given_up"))
        .select_related("product", "customer", "branch")
    )


def _with_rest() -> QuerySet[Disbursement]:
    """Return the payments after which more is to follow, and nothing that is the rest did yet."""
    held = Disbursement.objects.filter(status__in=HELD)
    the_rest = held.filter(loan=OuterRef("loan"), rest_planned_date=None)
    return held.filter(~Exists(the_rest), rest_planned_date__isnull=False)


def waiting(actor: User, stage: str) -> QuerySet[Disbursement]:
    """Return the payments that wait at a stage."""
    rows = Disbursement.objects.visible_to(actor).filter(status__in=_WAITS_FOR[stage])
    return rows.select_related(
        "loan__product", "loan__customer", "loan__branch__entity", "requested_by", "payment_file"
    )


def files(actor: User) -> QuerySet[PaymentFile]:
    """Return the payment files a person may see, without their contents."""
    return (
        PaymentFile.objects.visible_to(actor).select_related("entity", "made_by").defer("content")
    )


def to_approve(actor: User) -> QuerySet[Disbursement]:
    """Return the payments that others ask for and this person may approve."""
    mine = Q(requested_by=actor) | Q(loan__offer__link_held_by__contains=[actor.pk])
    return waiting(actor, "approve").exclude(mine)


def counts(actor: User) -> dict[str, int]:
    """Return how many wait at each stage."""
    return {stage: _at(actor, stage).count() for stage in STAGES}


def my_count(actor: User) -> int:
    """Return how many wait for a step that this person may take; no other step is counted."""
    mine = [stage for stage, right in STAGES.items() if actor.has_perm(right)]
    return sum(
        (to_approve(actor) if stage == "approve" else _at(actor, stage)).count() for stage in mine
    )


def _at(actor: User, stage: str) -> QuerySet[Any]:
    if stage == "open":
        return to_open(actor)
    return to_request(actor) if stage == "request" else waiting(actor, stage)


# --- what other apps ask ------------------------------------------------------------------------
def owed_under(applications: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Owed | None]:
    """Return what is owed under applications that have a loan; None where it is over."""
    loans = list(Loan.objects.filter(application__in=applications).select_related("outcome"))
    booked = [loan for loan in loans if loan.status == "active"]
    balances = ledger.balances([loan.pk for loan in booked])
    found = {
        loan.application_id: _owed(
            loan, balances[loan.pk].owed if loan.pk in balances else Decimal(0)
        )
        for loan in loans
    }
    return {**found, **_lost([loan for loan in loans if loan.status == "written_off"])}


def owed_by(customer_id: uuid.UUID) -> tuple[OwnLoan, ...]:
    """Return the running loans a customer owes, as borrower or with the borrower."""
    together = CoBorrower.objects.filter(customer=customer_id).values("application")
    rows = Loan.objects.filter(
        Q(customer=customer_id) | Q(application__in=together), status__in=RUNNING
    )
    found = rows.order_by("number").values_list("number", "product__name")
    return tuple(OwnLoan(number=number, product=name) for number, name in found)


def may_see(actor: Any, loan_id: uuid.UUID) -> bool:
    """Say whether the person may see this loan, and so its money."""
    return (
        actor.has_perm(policies.VIEW) and Loan.objects.visible_to(actor).filter(pk=loan_id).exists()
    )


def named(loan_ids: Iterable[uuid.UUID]) -> Mapping[uuid.UUID, Shown]:
    """Return how loans are called, with the address of their page."""
    rows = Loan.objects.filter(pk__in=list(loan_ids)).values_list("pk", "number")
    return {key: Shown(number, reverse("loans:detail", args=[key])) for key, number in rows}


def withheld_from(actor: Any) -> list[QuerySet[Any, Any]]:
    """Return the keys of the loans whose application is withheld from a person."""
    if not withheld.concerns(actor):
        return []
    seen = withheld.without(Loan.objects.all(), actor, field="application_id")
    return [Loan.objects.filter(~Exists(seen.filter(pk=OuterRef("pk")))).values("pk")]


def _owed(loan: Loan, owed: Decimal) -> Owed | None:
    if loan.status == "active":
        return Owed(amount=owed, currency=loan.currency, state="active", reference=loan.number)
    if loan.status == "opened":
        return Owed(amount=loan.lent, currency=loan.currency, state="opened", reference=loan.number)
    return None


def _lost(loans: list[Loan]) -> dict[uuid.UUID, Owed | None]:
    """Return what is owed under loans that were written off: the principal less what came in."""
    history = lending.histories([loan.application_id for loan in loans]) if loans else {}
    left = {key: one.left(date.max) for key, one in history.items()}
    return {
        loan.application_id: Owed(
            amount=amount, currency=loan.currency, state="written_off", reference=loan.number
        )
        if (amount := left[loan.application_id])
        else None
        for loan in loans
    }


def _filtered(rows: QuerySet[Loan], filters: Filters) -> QuerySet[Loan]:
    if "\0" in filters.number:  # no number has it, and PostgreSQL refuses to look for it
        return rows.none()
    if filters.number:
        rows = rows.filter(number__iexact=filters.number)
    if filters.product:
        rows = rows.filter(product__code=filters.product)
    if filters.state:
        rows = rows.filter(status=filters.state)
    if filters.overdue_on:
        late = standings.overdue(filters.overdue_on)
        rows = rows.filter(Exists(late.filter(loan=OuterRef("pk"))))
    if filters.outcome == "unknown":
        return rows.filter(outcome=None)
    if filters.outcome:
        rows = rows.filter(outcome__defaulted=FINISHED[filters.outcome])
    return rows
