"""What can be asked about payments: lists, one payment, and what it went to."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import keyset
from apps.core.errors import NotVisible
from apps.core.statements import Given, Statement
from apps.customers.models import Customer
from apps.loans.models import Loan
from apps.repayments.facts import MONEY_IN, Bucket
from apps.repayments.models import AccountEvent

NEWEST = ("-made_at", "-id")
PAYMENTS = (*(kind.value for kind in MONEY_IN), "refund")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list of payments is narrowed to; empty means anything. Days are both included."""

    loan: uuid.UUID | None = None
    kind: str = ""
    state: str = ""
    external_reference: str = ""
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True)
class Went:
    """What a payment was taken for by bucket, and what waits as an advance."""

    parts: dict[str, Decimal]
    advances: Decimal


def payments(actor: User, filters: Filters) -> QuerySet[AccountEvent]:
    """Return the payments a person may see, with loan and who posted them; the caller pages."""
    rows = AccountEvent.objects.visible_to(actor).filter(kind__in=PAYMENTS)
    rows = rows.select_related("loan__branch", "made_by", "reversed_by")
    if filters.loan:
        rows = rows.filter(loan=filters.loan)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.state:
        rows = rows.filter(status=filters.state)
    if filters.external_reference:
        rows = rows.filter(parameters__external_reference=filters.external_reference)
    if filters.from_date:
        rows = rows.filter(day__gte=filters.from_date)
    if filters.to_date:
        rows = rows.filter(day__lte=filters.to_date)
    return rows


def page(
    actor: User, filters: Filters, *, after: str = "", before: str = ""
) -> keyset.Page[AccountEvent]:
    """Return one page of the payments a person may see, the newest first."""
    return keyset.page(payments(actor, filters), by=NEWEST, after=after, before=before)


_WENT = Statement(
    "repayments.what payments went to",
    """
    SELECT entry_id, bucket, sum(amount) FROM (
        SELECT entry_id, bucket, amount FROM loans_allocation WHERE entry_id = ANY(%s::bigint[])
        UNION ALL
        SELECT entry_id, bucket, amount FROM repayments_chargeallocation
        WHERE entry_id = ANY(%s::bigint[])
        UNION ALL
        SELECT entry_id, '', credit FROM ledger_line
        WHERE entry_id = ANY(%s::bigint[]) AND account = 'advances' AND credit > 0
    ) AS part GROUP BY entry_id, bucket
    """,
    [Given("entries")] * 3,
)


def charges_owed(loan: Loan, day: date) -> Decimal:
    """Return what is owed on a day of the charges of a loan, those of its schedule left out."""
    rows = AccountEvent.objects.filter(
        loan=loan, kind="charge", status="live", settled__lt=F("amount"), day__lte=day
    )
    return sum(
        (
            amount - settled
            for amount, settled, said in rows.values_list("amount", "settled", "parameters")
            if amount is not None and date.fromisoformat(said["due_on"]) <= day
        ),
        Decimal(0),
    )


def payers(actor: User) -> QuerySet[Customer]:
    """Return whose money a person may take: customers of their branches, and borrowers of theirs.

    A loan moves without its customer: whoever sees the loan takes what is paid on it, and sees no
    more of the customer for that.
    """
    theirs = Loan.objects.visible_to(actor).filter(customer=OuterRef("pk"))
    return Customer.objects.filter(accounts.in_reach(actor) | Exists(theirs))


def payer(actor: User, customer: Customer) -> Customer:
    """Return a customer whose money a person may take. Raises NotVisible."""
    found = payers(actor).filter(pk=customer.pk).first()
    if found is None:
        sentence = _("There is no such record, or it is not yours to see.")
        raise NotVisible("not_found", sentence)
    return found


def went(events: Collection[AccountEvent]) -> dict[uuid.UUID, Went]:
    """Return what each payment went to, as its entry that stands says; one query for all.

    What was taken back went nowhere. What was applied from advances later is not the payment's.
    """
    by_entry = {one.entry_id: one.pk for one in events if one.entry_id}
    parts: dict[uuid.UUID, dict[str, Decimal]] = {one.pk: {} for one in events}
    if by_entry:
        with connection.cursor() as cursor:
            _WENT.send(cursor, {"entries": list(by_entry)})
            for entry, bucket, amount in cursor.fetchall():
                parts[by_entry[entry]][bucket] = amount
    # What waits as an advance is of no bucket.
    return {key: _ordered(Went(one, one.pop("", Decimal(0)))) for key, one in parts.items()}


def _ordered(one: Went) -> Went:
    parts = {bucket.value: one.parts[bucket] for bucket in Bucket if one.parts.get(bucket)}
    return Went(parts, one.advances)
