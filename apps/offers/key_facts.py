"""Everything a borrower is told about a loan before agreeing to it: facts only. Pure.

Rule book 6.6: Annex A part 1 and 2, Annex B (how the annual percentage rate comes about) and
Annex C (the schedule). Amounts are in `currency`, rates are fractions a year. What a product or
lender does not say is None or empty here; `apps.offers.demands` finds it. Nothing in it names the
borrower.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Floating:
    """A rate that follows a benchmark: rate = benchmark + spread, reset every so many months.

    What a rise of the benchmark by a quarter of a per cent does: the instalment with the same
    number of instalments, or the number with the same instalment; None where not computed.
    """

    benchmark: str
    benchmark_rate: Decimal
    spread: Decimal
    reset_months: int
    instalment_up: Decimal | None
    instalments_up: int | None


@dataclass(frozen=True, kw_only=True)
class FeeFact:
    """One fee: `amount` each time, `times` in all, when it is paid and who gets it."""

    code: str
    name: str
    amount: Decimal
    timing: str
    times: int
    is_third_party: bool
    kept_on_exit: bool

    @property
    def total(self) -> Decimal:
        """All that is paid for it."""
        return self.amount * self.times

    @property
    def is_recurring(self) -> bool:
        """Whether it is paid more than once."""
        return self.timing == "each_instalment"


@dataclass(frozen=True, kw_only=True)
class Contingent:
    """What arises only when something happens; a charge of zero says that there is none."""

    penal_charge_rate: Decimal
    bounce_charge: Decimal
    foreclosure_rate: Decimal
    # The rules forbid a charge for paying early, whatever the product says.
    is_free_to_prepay: bool
    switching_charge: Decimal


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Part 2: clauses of the agreement, whom to complain to, what may become of the loan."""

    recovery_clause: str
    grievance_clause: str
    nodal_officer: str
    nodal_phone: str
    nodal_email: str
    is_transferable: bool
    is_digital: bool
    recovery_agent: str


@dataclass(frozen=True, kw_only=True)
class Colending:
    """Lent together: who else, shares and rates; the blended rate is what the borrower pays."""

    lender: str
    share: Decimal
    rate: Decimal
    own_share: Decimal
    own_rate: Decimal
    blended_rate: Decimal


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """One line of the schedule."""

    number: int
    due_date: date
    opening: Decimal
    principal: Decimal
    interest: Decimal
    fee: Decimal
    instalment: Decimal
    closing: Decimal


@dataclass(frozen=True, kw_only=True)
class OwnLoan:
    """A loan with us that is paid off out of this one: so much of it is not paid out.

    `amount` is what pays it off on the planned day of payment, `most` what it may come to by
    `until`, beyond which nothing is kept back without another offer.
    """

    number: str
    amount: Decimal
    most: Decimal
    until: date


@dataclass(frozen=True, kw_only=True)
class KeyFacts:
    """What one offer costs and how it works."""

    regime: str
    number: str
    product: str
    is_secured: bool
    sanctioned_date: date
    offered_date: date
    valid_until: date
    currency: str
    principal: Decimal
    is_staged: bool
    staged_clause: str
    disbursal_date: date
    term_months: int
    method: str
    frequency: str
    instalments: int
    instalment: Decimal
    last_instalment: Decimal
    first_due_date: date | None
    last_due_date: date
    annual_rate: Decimal
    rate_type: str
    floating: Floating | None
    day_count: str
    first_period: str
    fees: tuple[FeeFact, ...]
    upfront_interest: Decimal
    net_disbursed: Decimal
    total_interest: Decimal
    total_payable: Decimal
    apr: Decimal | None
    effective_annual: Decimal
    contingent: Contingent | None
    agreement: Agreement | None
    colending: Colending | None
    is_colent: bool
    cooling_off_days: int
    allocation_order: tuple[str, ...]
    schedule: tuple[Instalment, ...]
    own_loan: OwnLoan | None = None

    @property
    def paid_over(self) -> Decimal:
        """What reaches the borrower where it is paid out as planned."""
        kept = Decimal(0) if self.own_loan is None else self.own_loan.amount
        return self.net_disbursed - kept

    @property
    def own_fees(self) -> Decimal:
        """What is paid to the lender beside interest (A)."""
        return sum((fee.total for fee in self.fees if not fee.is_third_party), Decimal(0))

    @property
    def third_party_fees(self) -> Decimal:
        """What is paid to third parties through the lender (B)."""
        return sum((fee.total for fee in self.fees if fee.is_third_party), Decimal(0))

    @property
    def kept_on_exit(self) -> tuple[str, ...]:
        """The codes of the fees taken off beforehand that are kept when the borrower steps back."""
        return tuple(fee.code for fee in self.fees if fee.kept_on_exit and fee.timing == "upfront")

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON types: Decimals and dates as text, tuples as lists.

        What is kept when the borrower steps back stands apart, for who reads the stored facts.
        """
        written: dict[str, Any] = _plain(self)
        return {**written, "kept_on_exit": list(self.kept_on_exit)}


def own_loan_of(stated: Mapping[str, Any]) -> OwnLoan | None:
    """Return the loan that is paid off out of an offer whose borrower was told `stated`."""
    told = stated.get("own_loan")
    if not told:
        return None
    return OwnLoan(
        number=told["number"],
        amount=Decimal(told["amount"]),
        most=Decimal(told["most"]),
        until=date.fromisoformat(told["until"]),
    )


def may_be_charged(
    stated: Mapping[str, Any], code: str, amount: Decimal, *, consented: bool
) -> bool:
    """Say whether a fee may be charged to a borrower who was told `stated` (`to_dict`).

    Rule book 6.6: a fee that the statement does not name, or more than it names, needs the
    borrower's explicit consent.
    """
    if consented:
        return True
    told = {fee["code"]: Decimal(fee["amount"]) for fee in stated["fees"]}
    return code in told and amount <= told[code]


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal() | date():
            return str(value)
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
