"""What is taken off a payment, and the lines that it is posted as. Pure.

Amounts are in the currency of the loan. What the terms say is paid upfront - fees, and interest of
a broken first period - is taken off the first payment, or asked for apart from it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from apps.core import dates
from apps.core.money import money
from apps.ledger.chart import Account
from apps.ledger.lines import Line, credit, debit
from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import FeeTiming, Schedule, Terms, Tranche

ZERO = Decimal(0)
# Fees that belong to the state; everything else is the lender's or a third party's.
TAXES = frozenset({"tax", "gst", "vat", "excise_duty", "stamp_duty"})


@dataclass(frozen=True, slots=True)
class Upfront:
    """What the terms say is paid when the money goes out, by whom it belongs to."""

    fees: Decimal = ZERO
    third_party: Decimal = ZERO
    taxes: Decimal = ZERO
    interest: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.fees + self.third_party + self.taxes + self.interest


def upfront(schedule: Schedule, *, but: Collection[str] = ()) -> Upfront:
    """Return what a schedule's terms say is paid when the money goes out, but for some fees.

    `but` are the codes of the fees that are left out.
    """
    sums = {"fees": ZERO, "third_party": ZERO, "taxes": ZERO}
    for fee in schedule.terms.fees:
        if fee.timing == FeeTiming.UPFRONT and fee.code not in but:
            sums[_whose(fee.code, is_third_party=fee.is_third_party)] += fee.amount
    return Upfront(**sums, interest=schedule.upfront_interest)


def lines(amount: Decimal, found: Upfront, *, is_net: bool) -> tuple[Line, ...]:
    """Return the entry of a payment: the principal is owed, the bank paid, the fees are earned.

    Where it is paid net, what is upfront was kept back; otherwise the borrower owes it beside the
    principal. Lines of nothing are left out.
    """
    if is_net:
        outgoing = [credit(Account.CASH, amount - found.total)]
    else:
        fees = found.fees + found.third_party
        outgoing = [
            credit(Account.CASH, amount),
            debit(Account.FEES_RECEIVABLE, fees),
            debit(Account.TAX_RECEIVABLE, found.taxes),
            debit(Account.INTEREST_RECEIVABLE, found.interest),
        ]
    written = [
        debit(Account.PRINCIPAL, amount),
        *outgoing,
        credit(Account.FEE_INCOME, found.fees),
        credit(Account.THIRD_PARTY_PAYABLE, found.third_party),
        credit(Account.TAX_PAYABLE, found.taxes),
        credit(Account.INTEREST_INCOME, found.interest),
    ]
    return tuple(line for line in written if line.amount)


def as_paid(terms: Terms, paid: Sequence[Tranche], *, rest_on: date | None) -> Terms:
    """Return the terms as the money really went out: from the first day on, tranche by tranche.

    `paid` is in the order of its days. What is not paid out yet is taken to follow on `rest_on`,
    and with the last payment where no day is told. The agreed first due date stays, unless the
    money came on it or later: then it moves on by whole months.
    """
    first = paid[0].paid_on
    rest = terms.lent - sum((one.amount for one in paid), ZERO)
    tranches = list(paid)
    if rest:
        tranches.append(Tranche(max(rest_on or paid[-1].paid_on, paid[-1].paid_on), rest))
    return replace(
        terms,
        disbursed_on=first,
        first_due_on=_first_due(terms, first),
        tranches=tuple(_together(tranches)) if len(tranches) > 1 else (),
    )


def put_off(
    terms: Terms, paid: Sequence[Tranche], *, rest_on: date | None, day: date
) -> Terms | None:
    """Return the terms as the money went out, seen at the end of a day.

    A rest that was to follow before that day, and did not, is taken to follow on the next due date
    after it: no interest runs on it, and no instalment counts on it, until it is paid out. Where it
    may not follow as late as that it is taken for the day before. None where it may not any more:
    what is left of the term is too short.
    """
    found = as_paid(terms, paid, rest_on=rest_on)
    rest = terms.lent - sum((one.amount for one in paid), ZERO)
    if not rest or planned_last(found) >= day:
        return found
    for late in _days_to_follow(without(terms, rest), paid, day):
        later = as_paid(terms, paid, rest_on=late)
        try:
            building.build(later)
        except TermsRefused:
            continue
        return later
    return None


def planned_last(terms: Terms) -> date:
    """Return the day on which the last of the money goes out by some terms."""
    return terms.tranches[-1].paid_on if terms.tranches else terms.disbursed_on


def without(terms: Terms, given_up: Decimal) -> Terms:
    """Return the terms of what is lent where a part of it is given up; a balloon in proportion."""
    if not given_up:
        return terms
    balloon = terms.balloon
    if balloon is not None:
        balloon = money(balloon * (terms.lent - given_up) / terms.lent, terms.currency)
    return replace(terms, principal=terms.principal - given_up, balloon=balloon)


def _days_to_follow(terms: Terms, paid: Sequence[Tranche], day: date) -> Iterator[date]:
    """Yield the days on which a rest may follow that did not by a day, by terms without it."""
    rows = building.build(as_paid(terms, paid, rest_on=None)).rows
    ahead = next((row.due_on for row in rows if row.due_on > day), None)
    if ahead is not None:
        yield from (ahead, ahead - timedelta(days=1))


def _whose(code: str, *, is_third_party: bool) -> str:
    if code in TAXES:
        return "taxes"
    return "third_party" if is_third_party else "fees"


def _first_due(terms: Terms, first: date) -> date | None:
    agreed = terms.first_due_on
    if agreed is None or agreed > first:
        return agreed
    months = dates.months_between(agreed, first) + 1
    return dates.add_months(agreed, months)


def _together(tranches: Sequence[Tranche]) -> list[Tranche]:
    """Return the tranches with those of one day added up."""
    by_day: dict[date, Decimal] = {}
    for one in tranches:
        by_day[one.paid_on] = by_day.get(one.paid_on, ZERO) + one.amount
    return [Tranche(day, amount) for day, amount in by_day.items()]
