"""Terms of a contract from what a product says, and what a product does not say."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.core.money import money
from apps.letters import regimes
from apps.products import pricing
from apps.products.models import Conditions, Fee, Product, Purpose
from apps.schedules import terms as schedules
from apps.schedules.terms import Calendar, Terms

# Purposes of a trade: paying such a loan early may cost something (rule book 6.11).
BUSINESS = frozenset({Purpose.SMALL_BUSINESS, Purpose.WORKING_CAPITAL, Purpose.AGRICULTURE})
# What a product's schedule is called there, and here.
METHODS = {
    Product.Schedule.EMI: schedules.Method.EQUAL_INSTALMENT,
    Product.Schedule.EQUAL_PRINCIPAL: schedules.Method.EQUAL_PRINCIPAL,
    Product.Schedule.FLAT: schedules.Method.FLAT,
    Product.Schedule.INTEREST_ONLY: schedules.Method.INTEREST_ONLY,
    Product.Schedule.BALLOON: schedules.Method.BALLOON,
    Product.Schedule.STEPPED: schedules.Method.STEPPED,
    Product.Schedule.SINGLE: schedules.Method.SINGLE,
}
# Months that so many instalments of a frequency take.
_SPANS = {
    "daily": (12, 365),
    "weekly": (12, 52),
    "fortnightly": (12, 26),
    "four_weekly": (12, 13),
    "semi_monthly": (1, 2),
    "monthly": (1, 1),
    "end_of_month": (1, 1),
    "quarterly": (3, 1),
    "half_yearly": (6, 1),
    "yearly": (12, 1),
}


def missing(product: Product) -> list[str]:
    """Return, in words, what every offer tells and the product or its lender does not say."""
    found = []
    if not hasattr(product, "conditions"):
        found.append(
            _("the product has no conditions of the contract (penal charge, day count and others)")
        )
    elif (product.conditions.step_factor or 1) < 1:
        found.append(_("the product's instalments fall step by step, and nobody is judged by such"))
    sentence = _(
        "of the fee “%(fee)s” it is not said when it is paid, for whom, and whether it is kept"
    )
    found += [sentence % {"fee": fee.name} for fee in product.fees.all() if not _is_told(fee)]
    return found + _missing_of_lender(product.entity)


def _is_told(fee: Fee) -> bool:
    return bool(fee.timing) and fee.is_third_party is not None and fee.kept_on_exit is not None


def _missing_of_lender(entity: Entity) -> list[str]:
    found = []
    if not entity.weekend or not entity.holidays:
        found.append(_("the lender's weekly days off and holidays are not on record"))
    if entity.country not in regimes.COUNTRIES:
        found.append(_("no rules are known for the lender's country"))
    elif regimes.regime_of(entity.country) == regimes.INDIA and not entity.nodal_officer:
        found.append(_("the lender's nodal officer for complaints is not on record"))
    return found


def calendar(entity: Entity, conditions: Conditions) -> Calendar:
    """Return the lender's days off, and where the product's due dates go that fall on one."""
    return Calendar(
        holidays=frozenset(entity.holidays),
        weekend=frozenset(entity.weekend),
        adjustment=schedules.Adjustment(conditions.date_adjustment),
    )


def instalments(term_months: int, frequency: str) -> int | None:
    """Return how many instalments of a frequency make a term; None where they do not."""
    months, count = _SPANS[frequency]
    return None if term_months % months else term_months // months * count


def steps(conditions: Conditions, count: int) -> tuple[schedules.Step, ...]:
    """Return the steps of so many instalments: each a factor of those before; none if too few."""
    told = pricing.repaid(
        Product.Schedule.STEPPED,
        frequency=conditions.frequency,
        every=conditions.step_every,
        factor=conditions.step_factor,
    ).steps
    if told is None:
        return ()
    return tuple(
        schedules.Step(first, told.at(number))
        for number, first in enumerate(range(told.every + 1, count + 1, told.every), start=1)
    )


def _method(product: Product, stepping: tuple[schedules.Step, ...]) -> schedules.Method:
    """Return the method; instalments too few for the first step are equal."""
    found = METHODS[Product.Schedule(product.schedule)]
    is_level = found == schedules.Method.STEPPED and not stepping
    return schedules.Method.EQUAL_INSTALMENT if is_level else found


def _balloon(conditions: Conditions, principal: Decimal, currency: str) -> Decimal | None:
    share = conditions.balloon_share
    return None if share is None else money(share * principal, currency)


def terms(
    product: Product,
    *,
    principal: Decimal,
    annual_rate: Decimal,
    count: int,
    disbursed_on: date,
    first_due_on: date | None,
) -> Terms:
    """Return the terms of a loan of a product that says everything (`missing` found nothing)."""
    conditions = product.conditions
    stepping = steps(conditions, count)
    return Terms(
        principal=principal,
        currency=product.currency,
        annual_rate=annual_rate,
        instalments=count,
        disbursed_on=disbursed_on,
        first_due_on=first_due_on,
        frequency=schedules.Frequency(conditions.frequency),
        method=_method(product, stepping),
        day_count=schedules.DayCount(conditions.day_count),
        rounding_unit=conditions.rounding_unit,
        rounding_mode=schedules.Rounding(conditions.rounding_mode),
        first_period=schedules.FirstPeriod(conditions.first_period),
        calendar=calendar(product.entity, conditions),
        balloon=_balloon(conditions, principal, product.currency),
        steps=stepping,
        fees=fees(product.fees.order_by("code"), principal),
    )


def fees(rows: Iterable[Fee], principal: Decimal) -> tuple[schedules.Fee, ...]:
    """Return the fees of a loan in money, those of nothing left out."""
    made = [
        schedules.Fee(
            code=one.code,
            amount=fee_amount(one, principal),
            timing=schedules.FeeTiming(one.timing),
            is_third_party=bool(one.is_third_party),
        )
        for one in rows
    ]
    return tuple(fee for fee in made if fee.amount)


def fee_amount(fee: Fee, principal: Decimal) -> Decimal:
    """Return a fee in money, rounded half-up."""
    amount = fee.amount * principal if fee.basis == Fee.Basis.SHARE else fee.amount
    return money(amount, fee.product.currency)
