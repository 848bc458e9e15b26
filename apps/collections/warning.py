"""What warns early that a loan goes bad: one rule for each signal, by a lender's numbers. Pure.

A rule answers with the figure it saw where the signal stands, and with nothing where it does not.
What is not known - no snapshot of a day, no figure of a bureau - raises no signal. The statement
that finds signals for a whole book (`signal_statement`) says the same; a test holds them equal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from apps.collections.rules import Code

Numbers = Mapping[Code, int]


class Signal(StrEnum):
    """What may be noticed."""

    LATE_IN_A_ROW = "late_in_a_row"
    BROKEN_PROMISE = "broken_promise"
    PARTIAL_PAYMENTS = "partial_payments"
    FALLING_SHARE = "falling_share"
    ENQUIRIES = "enquiries"
    DELINQUENCIES = "delinquencies"
    JOB_LOST = "job_lost"
    SIBLING = "sibling"


@dataclass(frozen=True, slots=True)
class Report:
    """What a bureau reported on a day; a figure it did not give is None."""

    day: date
    enquiries: int | None
    delinquencies: int | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a loan at the end of a day.

    `dues` are the instalments in force with their amounts, `late` how many days past due the loan
    was at the ends of days, `money` what came, `broken` the days of promises that were broken,
    `reports` those of one bureau, the bureau of the last report, `jobs` the days of contacts in
    which the borrower said that work was lost, `siblings` the days past due of other loans.
    """

    day: date
    dues: Sequence[tuple[date, Decimal]] = ()
    late: Mapping[date, int] = field(default_factory=dict)
    money: Sequence[tuple[date, Decimal]] = ()
    broken: Sequence[date] = ()
    reports: Sequence[Report] = ()
    jobs: Sequence[date] = ()
    siblings: Sequence[int] = ()


def late_in_a_row(facts: Facts, numbers: Numbers) -> int | None:
    """Each of the last instalments was not paid in full some days after its day."""
    wanted, days = numbers[Code.LATE_IN_A_ROW], numbers[Code.LATE_DAYS]
    after = timedelta(days=days)
    judged = sorted(due for due, _amount in facts.dues if due + after <= facts.day)[-wanted:]
    late = [due for due in judged if facts.late.get(due + after, 0) >= days]
    return wanted if len(late) == wanted else None


def broken_promise(facts: Facts, numbers: Numbers) -> int | None:
    """A promise to pay was broken not long ago."""
    return _least(len(_within(facts.broken, facts.day, numbers[Code.BROKEN_WITHIN_DAYS])), 1)


def partial_payments(facts: Facts, numbers: Numbers) -> int | None:
    """Money came on several days, and the loan was late at the end of each of them."""
    days = _within({day for day, _ in facts.money}, facts.day, numbers[Code.PARTIAL_WITHIN_DAYS])
    short = [day for day in days if facts.late.get(day, 0) > 0]
    return _least(len(short), numbers[Code.PARTIAL_PAYMENTS])


def falling_share(facts: Facts, numbers: Numbers) -> int | None:
    """The share that was paid of what fell due is smaller than in the stretch before, in points.

    No share is more than a whole, and a stretch in which nothing fell due has none.
    """
    length = numbers[Code.FALLING_DAYS]
    middle = facts.day - timedelta(days=length)
    due, due_before = _sum(facts.dues, facts.day, length), _sum(facts.dues, middle, length)
    if not due or not due_before:
        return None
    paid = min(_sum(facts.money, facts.day, length), due)
    paid_before = min(_sum(facts.money, middle, length), due_before)
    points = int(100 * (paid_before * due - paid * due_before) // (due * due_before))
    return _least(points, numbers[Code.FALLING_POINTS])


def enquiries(facts: Facts, numbers: Numbers) -> int | None:
    """The bureau's last report has so many enquiries more than the one before."""
    return _least(_more(facts, numbers, "enquiries"), numbers[Code.ENQUIRIES])


def delinquencies(facts: Facts, numbers: Numbers) -> int | None:
    """The bureau's last report has more late payments than the one before."""
    return _least(_more(facts, numbers, "delinquencies"), 1)


def job_lost(facts: Facts, numbers: Numbers) -> int | None:
    """In a contact the borrower said that work was lost."""
    return _least(len(_within(facts.jobs, facts.day, numbers[Code.JOB_LOST_WITHIN_DAYS])), 1)


def sibling(facts: Facts, numbers: Numbers) -> int | None:
    """Another loan of the borrower is so many days past due."""
    return _least(max(facts.siblings, default=0), numbers[Code.SIBLING_DAYS])


RULES: Mapping[Signal, Callable[[Facts, Numbers], int | None]] = {
    Signal.LATE_IN_A_ROW: late_in_a_row,
    Signal.BROKEN_PROMISE: broken_promise,
    Signal.PARTIAL_PAYMENTS: partial_payments,
    Signal.FALLING_SHARE: falling_share,
    Signal.ENQUIRIES: enquiries,
    Signal.DELINQUENCIES: delinquencies,
    Signal.JOB_LOST: job_lost,
    Signal.SIBLING: sibling,
}


def signals(facts: Facts, numbers: Numbers) -> dict[Signal, int]:
    """Return the signals that stand for a loan at the end of a day, each with what it saw."""
    seen = {signal: rule(facts, numbers) for signal, rule in RULES.items()}
    return {signal: value for signal, value in seen.items() if value is not None}


def _least(value: int, least: int) -> int | None:
    return value if value >= least else None


def _within(days: "Sequence[date] | set[date]", last: date, length: int) -> list[date]:
    return [day for day in days if last - timedelta(days=length) < day <= last]


def _sum(amounts: Sequence[tuple[date, Decimal]], last: date, length: int) -> Decimal:
    first = last - timedelta(days=length)
    return sum((amount for day, amount in amounts if first < day <= last), Decimal(0))


def _more(facts: Facts, numbers: Numbers, figure: str) -> int:
    """Return how much more a bureau's last report says than the one before; 0 unless known."""
    known = sorted((one for one in facts.reports if one.day <= facts.day), key=lambda one: one.day)
    if not known or not _within([known[-1].day], facts.day, numbers[Code.ENQUIRIES_WITHIN_DAYS]):
        return 0
    before = [one for one in known if one.day < known[-1].day]
    now, then = getattr(known[-1], figure), getattr(before[-1], figure) if before else None
    return 0 if now is None or then is None else now - then
