"""What rules on different inputs say of each other, by what the inputs are. Pure.

Some inputs are never below others: nobody is younger at the end of the term than at the request,
what is owed after it holds its amount, and gross income holds the net one. So one requirement can
keep another from ever deciding, or leave nobody who meets both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Protocol

from apps.decisions.policy import SEVERITY, Band, Policy, Rule
from apps.decisions.policy_problems import Place, Problem, gettext_noop

_MONTHS_A_YEAR = 12
_ALWAYS = gettext_noop("it never makes a difference: who fails it fails %(other)s, too.")
_WHERE_KNOWN = gettext_noop(
    "it makes a difference only where %(other)s is not known: who fails it fails %(other)s, too."
)
_NOBODY = gettext_noop("nobody can meet both %(one)s and %(other)s.")


class Offered(Protocol):
    """What a product lends, as `policy_checks.Offer` holds it."""

    @property
    def code(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def smallest_amount(self) -> Decimal: ...
    @property
    def largest_amount(self) -> Decimal: ...
    @property
    def shortest_term_months(self) -> int: ...


@dataclass(frozen=True)
class _Order:
    """`low` times `times` is never above `high`; `together` says that both are known or neither."""

    low: str
    high: str
    times: Decimal = Decimal(1)
    together: bool = False


_ORDERS = (
    _Order("age_years", "age_at_maturity_years", together=True),
    _Order("amount", "exposure_with_us"),
    _Order("guarantees_with_us", "exposure_with_us"),
    # One burden, over the gross and the net income of a month.
    _Order("dti", "foir"),
    _Order("net_monthly_income", "annual_income", times=Decimal(_MONTHS_A_YEAR)),
)


def within(policy: Policy) -> list[Problem]:
    """Return what rules on different inputs, and rules beside bands, say of each other."""
    rules = list(enumerate(policy.rules, start=1))
    problems = [one for pair in combinations(rules, 2) for one in _of_pair(*pair)]
    return [*problems, *_unreachable(policy), *_declined_by_bands(policy)]


def against(policy: Policy, offers: Sequence[Offered]) -> list[Problem]:
    """Return what follows from the amounts and terms that the lender's products allow."""
    problems: list[Problem] = []
    for number, rule in enumerate(policy.rules, start=1):
        place = Place(rule=number, name=rule.code)
        for offer in _asked_about(rule, offers):
            problems += _too_small_a_cap(rule, offer, place)
            problems += _too_old_at_the_end(policy, rule, offer, place)
        problems += _held_by_income(policy, rule, offers, place)
    return problems


def _of_pair(first: tuple[int, Rule], second: tuple[int, Rule]) -> Iterator[Problem]:
    for order in _ORDERS:
        for (at, low), (other_at, high) in ((first, second), (second, first)):
            if (low.input, high.input) != (order.low, order.high):
                continue
            if _exclude(low, high, order):
                number, code = max((at, low.code), (other_at, high.code))
                values = {"one": min((at, low), (other_at, high), key=_number)[1].code}
                yield Problem(Place(rule=number, name=code), _NOBODY, {**values, "other": code})
            yield from _implied(low, high, order, Place(rule=at, name=low.code))
            yield from _implied(high, low, order, Place(rule=other_at, name=high.code))


def _number(numbered: tuple[int, Rule]) -> int:
    return numbered[0]


def _exclude(low: Rule, high: Rule, order: _Order) -> bool:
    """Say whether nobody can meet two knock-out rules that can apply to one application."""
    floor, cap = low.threshold, high.threshold
    return (
        (low.test, high.test) == ("at_least", "at_most")
        and low.outcome == high.outcome == "decline"
        and _can_meet(low, high)
        and isinstance(floor, Decimal)
        and isinstance(cap, Decimal)
        and floor * order.times > cap
    )


def _implied(rule: Rule, other: Rule, order: _Order, place: Place) -> Iterator[Problem]:
    """Say of a rule that whoever fails it fails the other one, with an outcome no milder."""
    if not (_is_no_milder(other, rule) and _follows(rule, other, order)):
        return
    pattern = _ALWAYS if order.together else _WHERE_KNOWN
    yield Problem(place, pattern, {"other": other.code}, is_warning=not order.together)


def _follows(rule: Rule, other: Rule, order: _Order) -> bool:
    mine, theirs = rule.threshold, other.threshold
    if rule.test != other.test or not isinstance(mine, Decimal) or not isinstance(theirs, Decimal):
        return False
    if rule.test == "at_most" and rule.input == order.low:
        # Above the limit of the low one the high one is above it all the more.
        return theirs <= mine * order.times
    if rule.test == "at_least" and rule.input == order.high:
        # Below the limit of the high one the low one is below it all the more.
        return theirs * order.times >= mine
    return False


def _unreachable(policy: Policy) -> Iterator[Problem]:
    """Find bands above a PD that a knock-out rule declines: what they grant is never granted."""
    for at, ladder in enumerate(policy.ladders, start=1):
        for band_at, band in enumerate(ladder.bands, start=1):
            rule = next((one for one in policy.rules if _declines_all(one, band, ladder)), None)
            if rule is not None:
                yield Problem(
                    Place(ladder=at, band=band_at, name=band.name),
                    gettext_noop("nobody reaches it: %(other)s declines every PD it holds."),
                    {"other": rule.code},
                )


def _declines_all(rule: Rule, band: Band, ladder: object) -> bool:
    products = getattr(ladder, "products", ())
    reaches = not rule.products or (bool(products) and set(products) <= set(rule.products))
    limit = rule.threshold
    return (
        (rule.input, rule.test, rule.outcome) == ("pd", "at_most", "decline")
        and not rule.currencies
        and reaches
        and band.outcome != "decline"
        and isinstance(limit, Decimal)
        and band.start > limit
    )


def _declined_by_bands(policy: Policy) -> Iterator[Problem]:
    """Find rules on the PD that only fail where the bands of every ladder decline anyway."""
    for number, rule in enumerate(policy.rules, start=1):
        limit = rule.threshold
        if (rule.input, rule.test) != ("pd", "at_most") or not isinstance(limit, Decimal):
            continue
        above = [band for ladder in policy.ladders for band in ladder.bands if band.below > limit]
        if above and all(band.outcome == "decline" for band in above):
            yield Problem(
                Place(rule=number, name=rule.code),
                gettext_noop("it never makes a difference: the bands decline every PD above it."),
            )


def _too_small_a_cap(rule: Rule, offer: Offered, place: Place) -> Iterator[Problem]:
    """Find caps of the exposure below the smallest amount of a product, which counts into it."""
    limit = rule.threshold
    is_cap = (rule.input, rule.test, rule.outcome) == ("exposure_with_us", "at_most", "decline")
    if is_cap and isinstance(limit, Decimal) and limit < offer.smallest_amount:
        pattern = gettext_noop("no request for %(product)s can meet it.")
        yield Problem(place, pattern, {"product": offer.code})


def _too_old_at_the_end(
    policy: Policy, rule: Rule, offer: Offered, place: Place
) -> Iterator[Problem]:
    """Find ends of age that the youngest allowed passes within a product's shortest term."""
    cap = rule.threshold
    if (rule.input, rule.test, rule.outcome) != ("age_at_maturity_years", "at_most", "decline"):
        return
    # Who is born on 29 February may have the last birthday a day after a whole number of years.
    years = (offer.shortest_term_months - 1) // _MONTHS_A_YEAR
    for other in policy.rules_for(product=offer.code, currency=offer.currency):
        floor = other.threshold
        is_floor = (other.input, other.test, other.outcome) == ("age_years", "at_least", "decline")
        numbers = isinstance(floor, Decimal) and isinstance(cap, Decimal)
        # Without a term it is no question of the product, and said already.
        if is_floor and numbers and floor <= cap < floor + years:  # type: ignore[operator]  # numbers
            yield Problem(
                place,
                gettext_noop(
                    "whoever meets %(other)s is too old at the end of the shortest term of"
                    " %(product)s."
                ),
                {"other": other.code, "product": offer.code},
            )


def _held_by_income(
    policy: Policy, rule: Rule, offers: Sequence[Offered], place: Place
) -> Iterator[Problem]:
    """Find caps of the loan to income that the income floor and the largest amounts keep already.

    Both look at the gross income of a year, so that both are known or neither.
    """
    share, asked = rule.threshold, list(_asked_about(rule, offers))
    if (rule.input, rule.test) != ("lti", "at_most") or not isinstance(share, Decimal) or not asked:
        return
    floors = [
        next((one.code for one in policy.rules if _keeps(one, rule, share, offer)), "")
        for offer in asked
    ]
    if all(floors):
        others = ", ".join(dict.fromkeys(floors))
        pattern = gettext_noop(
            "it never makes a difference: at the largest amount who fails it fails %(other)s, too."
        )
        yield Problem(place, pattern, {"other": others})


def _keeps(floor: Rule, cap: Rule, share: Decimal, offer: Offered) -> bool:
    least = floor.threshold
    return (
        (floor.input, floor.test) == ("annual_income", "at_least")
        and SEVERITY[floor.outcome] >= SEVERITY[cap.outcome]
        and floor.applies_to(product=offer.code, currency=offer.currency)
        and isinstance(least, Decimal)
        and least > 0
        and offer.largest_amount <= share * least
    )


def _asked_about(rule: Rule, offers: Iterable[Offered]) -> Iterator[Offered]:
    return (one for one in offers if rule.applies_to(product=one.code, currency=one.currency))


def _can_meet(one: Rule, other: Rule) -> bool:
    pairs = ((one.products, other.products), (one.currencies, other.currencies))
    return all(not mine or not theirs or set(mine) & set(theirs) for mine, theirs in pairs)


def _is_no_milder(other: Rule, rule: Rule) -> bool:
    """Say whether the other rule is asked wherever this one is, and is as severe."""
    pairs = ((other.products, rule.products), (other.currencies, rule.currencies))
    reaches = all(not wide or (bool(narrow) and set(narrow) <= set(wide)) for wide, narrow in pairs)
    return reaches and SEVERITY[other.outcome] >= SEVERITY[rule.outcome]
