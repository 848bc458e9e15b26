"""Which loans money may be for, as `matching` compares them: found by what a payment names."""

import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.accounts.models import Entity, User
from apps.customers import contact, fingerprints
from apps.customers.findings import Finding
from apps.customers.models import Customer
from apps.loans.models import Instalment, Loan
from apps.repayments import matching
from apps.repayments.matching import Candidate, Payment, Suggestion
from apps.repayments.models import StatementLine

# Loans that money is taken for.
TAKES_MONEY = ("active", "written_off")
# So many loans of one amount are looked at; more of them tell nobody apart.
_MOST_LIKELY = 100
_CUSTOMER = re.compile(r"(?<![A-Z0-9])C-?(\d{6,})(?!\d)", re.ASCII)


def payment_of(line: StatementLine, country: str) -> Payment:
    """Return what a line says of its money; its telephones are read as of `country`."""
    said = line.details
    texts = said.get("phone", ""), said.get("party", ""), said.get("narrative", "")
    return Payment(
        amount=line.amount or Decimal(0),
        account=said.get("account", ""),
        narrative=said.get("narrative", ""),
        party=said.get("party", ""),
        phones=_indexes(matching.phones_in(*texts, said.get("account", "")), country),
    )


def suggestions(
    lines: Sequence[StatementLine],
    *,
    entity: Entity,
    seen_by: User | None = None,
    with_likely: bool = False,
) -> list[tuple[Suggestion, ...]]:
    """Return for each line the loans of the lender that anything speaks for, the best first.

    Only loans that `seen_by` may see, where somebody is named. With `with_likely` also what merely
    agrees in the regular instalment; what falls due and names, which are opened, count then.
    """
    payments = [payment_of(line, entity.country) for line in lines]
    book = Loan.objects.filter(branch__entity=entity)
    if seen_by is not None:
        book = book.visible_to(seen_by)
    loans = _named(payments, book)
    if with_likely:
        loans |= _likely(payments, book)
    found = _candidates(loans.values(), with_likely=with_likely)
    return [matching.suggestions(payment, found) for payment in payments]


def _named(payments: Sequence[Payment], book: QuerySet[Loan]) -> dict[UUID, Loan]:
    """Return the loans whose number, or whose customer's number or telephone, a payment names."""
    numbers = {
        number
        for one in payments
        for number in matching.numbers_given(one.account) | matching.numbers_in(one.narrative)
    }
    given = {number for one in payments for number in matching.numbers_given(one.account)}
    named = Q(number__in=numbers) | Q(source_reference__in=given) & ~Q(source_reference="")
    found = {one.pk: one for one in _read(book.filter(named))} if numbers else {}
    customers = _customers(payments)
    if customers:
        found |= {one.pk: one for one in _read(book.filter(customer__in=customers))}
    return found


def _customers(payments: Iterable[Payment]) -> list[UUID]:
    phones: set[str] = set()
    numbers: set[str] = set()
    for one in payments:
        phones |= one.phones
        texts = f"{one.account} {one.narrative}".upper()
        numbers |= {f"C-{found}" for found in _CUSTOMER.findall(texts)}
    if not phones and not numbers:
        return []
    who = Q(phone_index__in=phones - {""}) | Q(number__in=numbers)
    return list(Customer.objects.filter(who).values_list("pk", flat=True))


def _likely(payments: Sequence[Payment], book: QuerySet[Loan]) -> dict[UUID, Loan]:
    """Return loans whose regular instalment is what came in."""
    amounts = {one.amount for one in payments}
    rows = book.filter(status__in=TAKES_MONEY, instalment__in=amounts).order_by("-opened_date")
    return {one.pk: one for one in _read(rows)[:_MOST_LIKELY]}


def _read(rows: QuerySet[Loan]) -> QuerySet[Loan]:
    return rows.select_related("customer").only(
        *("number", "source_reference", "status"),
        *("customer__number", "customer__phone_index", "customer__full_name"),
    )


def _candidates(loans: Collection[Loan], *, with_likely: bool) -> list[Candidate]:
    """Return the loans as candidates; what falls due and names only where they are compared."""
    running = [one.pk for one in loans if one.status in TAKES_MONEY]
    due = _next_due(running) if with_likely else {}
    return [
        Candidate(
            loan_id=one.pk,
            numbers=frozenset({one.number}),
            customer=one.customer.number,
            elsewhere=one.source_reference,
            phone=one.customer.phone_index,
            name=str(one.customer.full_name or "") if with_likely else "",
            next_due=due.get(one.pk),
            takes_money=one.status in TAKES_MONEY,
        )
        for one in loans
    ]


def _next_due(loans: Collection[UUID]) -> dict[UUID, Decimal]:
    """Return what is left of each loan's oldest instalment that is not paid in full."""
    left = F("principal") + F("interest") + F("fee")
    left -= F("paid_principal") + F("paid_interest") + F("paid_fee")
    rows = Instalment.objects.filter(loan__in=loans, in_force=True).annotate(left=left)
    oldest = rows.filter(left__gt=0).order_by("loan", "due_date", "number").distinct("loan")
    return dict(oldest.values_list("loan_id", "left"))


def _indexes(phones: Iterable[str], country: str) -> frozenset[str]:
    indexes = set()
    for text in phones:
        try:
            indexes.add(fingerprints.phone(contact.phone(text, country=country)))
        except Finding:
            continue
    return frozenset(indexes)
