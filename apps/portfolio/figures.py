"""The figures a portfolio is summed up in: what each is made of, its formula and its source. Pure.

A figure is a sum of columns over another sum of columns. The columns add up over branches, products
and days, so a figure of several of them is that of their sums, never a mean of their figures.
Amounts are of one currency; ratios are fractions at full precision.

Stocks are as at the end of the day. Flows run from the first of its month to the day. Outcomes look
back over whole months, from the end of one to the end of another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)
DAYS_OF_A_YEAR = 365
# PAR30, PAR60 and PAR90 count loans more than so many days past due, by the plain difference.
PAR_DAYS = (30, 60, 90)
WINDOWS = (6, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What the loans of some branches and products come to at the end of a day."""

    # Stocks. `principal` is all that is outstanding, due or not.
    loans: int = 0
    principal: Decimal = ZERO
    provision: Decimal = ZERO
    npa_loans: int = 0
    npa_principal: Decimal = ZERO
    npa_provision: Decimal = ZERO
    over_30: Decimal = ZERO
    over_60: Decimal = ZERO
    over_90: Decimal = ZERO
    # Flows, by the day of the ledger.
    disbursed: Decimal = ZERO
    repaid: Decimal = ZERO
    written_off: Decimal = ZERO
    recovered: Decimal = ZERO
    interest_income: Decimal = ZERO
    # The principal outstanding at the end of each day, all days added up.
    principal_days: Decimal = ZERO
    # Instalments that fell due, those paid in full by the end of that day, and the share of each
    # that was paid by then, added up.
    instalments: int = 0
    on_time: int = 0
    paid_share: Decimal = ZERO
    # What fell due in the month; what was collected of that; what was collected of months before.
    due: Decimal = ZERO
    collected: Decimal = ZERO
    arrears_collected: Decimal = ZERO
    # Decisions that approve and that decline.
    approved: int = 0
    declined: int = 0
    # Outcomes, known at the ends of months: loans that performed so many months before, and those
    # of them that did not at the end of a month since or were written off; loans that did not
    # perform a year before, and those of them that came to perform again or were repaid; loans
    # that came to perform again within the year, and those of them that stopped once more.
    performed_6: int = 0
    defaulted_6: int = 0
    performed_12: int = 0
    defaulted_12: int = 0
    impaired_12: int = 0
    cured_12: int = 0
    back_12: int = 0
    again_12: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in COLUMNS})


COLUMNS = tuple(one.name for one in fields(Sums))
STOCKS = COLUMNS[: COLUMNS.index("disbursed")]
FLOWS = COLUMNS[COLUMNS.index("disbursed") : COLUMNS.index("performed_6")]
OUTCOMES = COLUMNS[COLUMNS.index("performed_6") :]


@dataclass(frozen=True, slots=True)
class Movement:
    """Lines of the ledger a sum of money is made of: which accounts, by which event, what sign.

    Without an event whatever was posted there counts. What was taken back counts against what it
    took back: its lines are the mirror, and it belongs to the event that it reverses.
    """

    accounts: tuple[str, ...]
    event: str | None
    # Debits less credits, else credits less debits.
    is_debit: bool


# Money towards what borrowers owe is what left cash, advances and suspense for it.
MONEY: dict[str, Movement] = {
    "disbursed": Movement(("principal",), "disbursement", is_debit=True),
    "repaid": Movement(("cash", "advances", "unidentified"), "repayment", is_debit=True),
    "written_off": Movement(("principal",), "write_off", is_debit=False),
    "recovered": Movement(("recovery_income",), None, is_debit=False),
    "interest_income": Movement(("interest_income",), None, is_debit=False),
}


class Figure(StrEnum):
    """Each figure, in the order in which they are shown."""

    OUTSTANDING = "outstanding"
    NPA_GROSS = "npa_gross"
    NPA_NET = "npa_net"
    NPA_RATIO = "npa_ratio"
    NPA_NET_RATIO = "npa_net_ratio"
    COVERAGE = "coverage"
    PAR30 = "par30"
    PAR60 = "par60"
    PAR90 = "par90"
    DISBURSED = "disbursed"
    REPAID = "repaid"
    COLLECTION = "collection"
    ON_TIME = "on_time"
    INSTALMENT_RATE = "instalment_rate"
    YIELD = "yield"
    WRITTEN_OFF = "written_off"
    RECOVERED = "recovered"
    APPROVAL = "approval"
    DEFAULT_6 = "default_6"
    DEFAULT_12 = "default_12"
    CURE = "cure"
    REDEFAULT = "redefault"


class Source(StrEnum):
    """Where a definition comes from; `wording.SOURCES` says it in full."""

    LEDGER = "ledger"
    # Rule book 2.3: NPL ratio and portfolio at risk.
    RULE_BOOK = "rule_book_2_3"
    # The return of asset classification, layout `rbi-assets-1`: net of the provisions for them.
    RBI_RETURN = "rbi_return"
    # What lenders report of what fell due; no text of a regulator, from memory.
    PRACTICE = "practice"
    DECISIONS = "decisions"
    # Default rates over loans that performed before: EBA GL/2017/16, 73 to 81, from memory.
    OBSERVED = "observed_default_rate"


class Period(StrEnum):
    """Of what time a figure is."""

    DAY = "day"
    MONTH = "month"
    WINDOW = "window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a figure is: (plus - minus) x times / (over - over_minus); an amount without `over`."""

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    times: int = 1
    over: tuple[str, ...] = ()
    over_minus: tuple[str, ...] = ()
    source: Source
    # Whether more of it is good news; None where it is neither.
    more_is_good: bool | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether it is a fraction; else it is an amount."""
        return bool(self.over)

    @property
    def period(self) -> Period:
        """Of what time it is, by what it is made of."""
        if self.plus[0] in STOCKS:
            return Period.DAY
        return Period.MONTH if self.plus[0] in FLOWS else Period.WINDOW


DEFINITIONS: dict[Figure, Definition] = {
    Figure.OUTSTANDING: Definition(plus=("principal",), source=Source.LEDGER),
    Figure.NPA_GROSS: Definition(
        plus=("npa_principal",), source=Source.RULE_BOOK, more_is_good=False
    ),
    Figure.NPA_NET: Definition(
        plus=("npa_principal",),
        minus=("npa_provision",),
        source=Source.RBI_RETURN,
        more_is_good=False,
    ),
    Figure.NPA_RATIO: Definition(
        plus=("npa_principal",), over=("principal",), source=Source.RULE_BOOK, more_is_good=False
    ),
    Figure.NPA_NET_RATIO: Definition(
        plus=("npa_principal",),
        minus=("npa_provision",),
        over=("principal",),
        over_minus=("npa_provision",),
        source=Source.RBI_RETURN,
        more_is_good=False,
    ),
    Figure.COVERAGE: Definition(
        plus=("npa_provision",),
        over=("npa_principal",),
        source=Source.RBI_RETURN,
        more_is_good=True,
    ),
    Figure.PAR30: Definition(
        plus=("over_30",), over=("principal",), source=Source.RULE_BOOK, more_is_good=False
    ),
    Figure.PAR60: Definition(
        plus=("over_60",), over=("principal",), source=Source.RULE_BOOK, more_is_good=False
    ),
    Figure.PAR90: Definition(
        plus=("over_90",), over=("principal",), source=Source.RULE_BOOK, more_is_good=False
    ),
    Figure.DISBURSED: Definition(plus=("disbursed",), source=Source.LEDGER),
    Figure.REPAID: Definition(plus=("repaid",), source=Source.LEDGER),
    Figure.COLLECTION: Definition(
        plus=("collected",), over=("due",), source=Source.PRACTICE, more_is_good=True
    ),
    Figure.ON_TIME: Definition(
        plus=("on_time",), over=("instalments",), source=Source.PRACTICE, more_is_good=True
    ),
    Figure.INSTALMENT_RATE: Definition(
        plus=("paid_share",), over=("instalments",), source=Source.PRACTICE, more_is_good=True
    ),
    Figure.YIELD: Definition(
        plus=("interest_income",),
        times=DAYS_OF_A_YEAR,
        over=("principal_days",),
        source=Source.LEDGER,
        more_is_good=True,
    ),
    Figure.WRITTEN_OFF: Definition(plus=("written_off",), source=Source.LEDGER, more_is_good=False),
    Figure.RECOVERED: Definition(plus=("recovered",), source=Source.LEDGER, more_is_good=True),
    Figure.APPROVAL: Definition(
        plus=("approved",), over=("approved", "declined"), source=Source.DECISIONS
    ),
    Figure.DEFAULT_6: Definition(
        plus=("defaulted_6",), over=("performed_6",), source=Source.OBSERVED, more_is_good=False
    ),
    Figure.DEFAULT_12: Definition(
        plus=("defaulted_12",), over=("performed_12",), source=Source.OBSERVED, more_is_good=False
    ),
    Figure.CURE: Definition(
        plus=("cured_12",), over=("impaired_12",), source=Source.OBSERVED, more_is_good=True
    ),
    Figure.REDEFAULT: Definition(
        plus=("again_12",), over=("back_12",), source=Source.OBSERVED, more_is_good=False
    ),
}


def value(figure: Figure, sums: Sums) -> Decimal | None:
    """Return a figure of some sums; None for a ratio without anything to divide by."""
    made = DEFINITIONS[figure]
    part = (_added(made.plus, sums) - _added(made.minus, sums)) * made.times
    if not made.is_ratio:
        return part
    whole = _added(made.over, sums) - _added(made.over_minus, sums)
    return part / whole if whole else None


def total(rows: Iterable[Sums]) -> Sums:
    """Return what several sums come to."""
    found = Sums()
    for row in rows:
        found += row
    return found


def _added(names: Iterable[str], sums: Sums) -> Decimal:
    return sum((Decimal(getattr(sums, name)) for name in names), ZERO)
