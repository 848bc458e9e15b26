"""Can the applicant afford it? Every ratio carries its working. Pure.

Rule book 9.2: FOIR = (existing fixed obligations + proposed instalment) / net monthly income; DTI
is the same on gross income; LTI = loan / gross annual income; LTV = loan / value of the security,
the lower of price and valuation. Ratios are fractions at full precision, rounded only for display.
A ratio that cannot be formed has no value and says why; it is never a zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

MONTHS_A_YEAR = 12
_NOTHING = Decimal(0)

# Why a ratio has no value; the words for people stand in `wording`.
INCOME_UNKNOWN = "income_unknown"
INCOME_ZERO = "income_zero"
OBLIGATIONS_UNKNOWN = "obligations_unknown"
NO_SECURITY = "no_security"
BASIC_PAY_UNKNOWN = "basic_pay_unknown"


@dataclass(frozen=True)
class Part:
    """One line of a working: what it is and how much."""

    code: str
    amount: Decimal


@dataclass(frozen=True)
class Ratio:
    """A ratio with its working: the sum of `numerator` over `denominator`."""

    code: str
    numerator: tuple[Part, ...]
    denominator: Part | None
    value: Decimal | None
    why_missing: str = ""

    @property
    def numerator_total(self) -> Decimal:
        """Return the sum above the line."""
        return sum((part.amount for part in self.numerator), Decimal(0))


@dataclass(frozen=True)
class Security:
    """One collateral: its purchase price, if there was one, and its valuation."""

    price: Decimal | None
    valuation: Decimal

    @property
    def value(self) -> Decimal:
        """Return the lower of price and valuation."""
        return self.valuation if self.price is None else min(self.price, self.valuation)


@dataclass(frozen=True, kw_only=True)
class Means:
    """What the applicant asks for and lives on; None is not known. One currency throughout.

    `own_monthly` is the part of `obligations_monthly` that loans with us take.
    """

    amount: Decimal
    instalment: Decimal
    gross_annual_income: Decimal | None
    net_monthly_income: Decimal | None
    basic_monthly_pay: Decimal | None
    obligations_monthly: Decimal | None
    securities: tuple[Security, ...] = ()
    own_monthly: Decimal = _NOTHING


@dataclass(frozen=True)
class Affordability:
    """The instalment and the ratios that follow from it."""

    currency: str
    instalment: Decimal
    dti: Ratio
    foir: Ratio
    lti: Ratio
    ltv: Ratio
    # Over basic pay; the limit of the one-third rule is `keeps_one_third`.
    pay_committed: Ratio

    @property
    def ratios(self) -> tuple[Ratio, ...]:
        """Return every ratio, in reading order."""
        return (self.dti, self.foir, self.lti, self.ltv, self.pay_committed)


def assess(means: Means, *, currency: str) -> Affordability:
    """Return the instalment and every ratio with its working. Rule book 9.2."""
    monthly_gross = _monthly(means.gross_annual_income)
    burden = _burden(means)
    security = _security_value(means.securities)
    asked = (Part("amount", means.amount),)
    return Affordability(
        currency=currency,
        instalment=means.instalment,
        dti=_ratio("dti", burden, _part("gross_monthly_income", monthly_gross), INCOME_UNKNOWN),
        foir=_ratio(
            "foir", burden, _part("net_monthly_income", means.net_monthly_income), INCOME_UNKNOWN
        ),
        lti=_ratio(
            "lti", asked, _part("gross_annual_income", means.gross_annual_income), INCOME_UNKNOWN
        ),
        ltv=_ratio("ltv", asked, _part("security_value", security), NO_SECURITY),
        pay_committed=_ratio(
            "pay_committed",
            burden,
            _part("basic_monthly_pay", means.basic_monthly_pay),
            BASIC_PAY_UNKNOWN,
        ),
    )


def values(means: Means, *, amount: Decimal, instalment: Decimal) -> dict[str, Decimal | None]:
    """Return what each ratio of `assess` is at another amount and instalment, without its working.

    For questions about many amounts, of which nobody reads the working.
    """
    living = means.obligations_monthly
    burden = None if living is None else _NOTHING + living + instalment
    asked = _NOTHING + amount
    return {
        "dti": _over(burden, _monthly(means.gross_annual_income)),
        "foir": _over(burden, means.net_monthly_income),
        "lti": _over(asked, means.gross_annual_income),
        "ltv": _over(asked, _security_value(means.securities)),
        "pay_committed": _over(burden, means.basic_monthly_pay),
    }


def amount_at(
    means: Means, *, ratio: str, limit: Decimal, payment_of_one: Decimal
) -> Decimal | None:
    """Return the amount at which a ratio reaches a limit, to about one instalment's rounding.

    `payment_of_one` is the instalment of a loan of one unit, before rounding. None for a ratio
    that cannot be formed, or that is none.
    """
    base = {
        "dti": _monthly(means.gross_annual_income),
        "foir": means.net_monthly_income,
        "pay_committed": means.basic_monthly_pay,
        "lti": means.gross_annual_income,
        "ltv": _security_value(means.securities),
    }.get(ratio)
    if base is None:
        return None
    if ratio in ("lti", "ltv"):
        return limit * base
    if means.obligations_monthly is None:
        return None
    return (limit * base - means.obligations_monthly) / payment_of_one


def keeps_one_third(*, basic_pay: Decimal, deductions: Decimal) -> bool:
    """Say whether at least a third of basic pay remains after deductions. Rule book 9.2 T3, T4."""
    return 3 * (basic_pay - deductions) >= basic_pay


def income_gap(*, declared: Decimal | None, documented: Decimal | None) -> Decimal | None:
    """Return the share of a declared income that documents do not show.

    0 where they show all of it or more, 1 where they show nothing; None where either is not known.
    """
    if declared is None or documented is None:
        return None
    if documented >= declared:
        return Decimal(0)
    return (declared - documented) / declared


def _burden(means: Means) -> tuple[Part, ...] | None:
    if means.obligations_monthly is None:
        return None
    return (*_obligations(means), Part("proposed_instalment", means.instalment))


def _obligations(means: Means) -> tuple[Part, ...]:
    """Return what is paid already: to others and to us, where anything is paid to us."""
    total = means.obligations_monthly or _NOTHING
    if not means.own_monthly:
        return (Part("existing_obligations", total),)
    return (
        Part("obligations_elsewhere", total - means.own_monthly),
        Part("own_obligations", means.own_monthly),
    )


def _over(total: Decimal | None, base: Decimal | None) -> Decimal | None:
    return None if total is None or not base else total / base


def _monthly(annual: Decimal | None) -> Decimal | None:
    return None if annual is None else annual / MONTHS_A_YEAR


def _security_value(securities: Iterable[Security]) -> Decimal | None:
    values = [security.value for security in securities]
    return sum(values, Decimal(0)) if values else None


def _part(code: str, amount: Decimal | None) -> Part | None:
    return None if amount is None else Part(code, amount)


def _ratio(
    code: str, numerator: tuple[Part, ...] | None, denominator: Part | None, if_unknown: str
) -> Ratio:
    if denominator is None:
        return Ratio(code, numerator or (), None, None, if_unknown)
    if numerator is None:
        return Ratio(code, (), denominator, None, OBLIGATIONS_UNKNOWN)
    if not denominator.amount:
        return Ratio(code, numerator, denominator, None, INCOME_ZERO)
    total = sum((part.amount for part in numerator), Decimal(0))
    return Ratio(code, numerator, denominator, total / denominator.amount)
