"""What is checked before a policy is proposed, beyond that it can be read. Pure.

A policy that reads may still say something nobody can have meant: a rule that never makes a
difference, requirements that exclude each other, a worse risk that is treated better, a product
that no band serves. Refusals keep it from being proposed; warnings are shown beside their place.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from typing import TypeVar

from apps.decisions import policy_document, policy_implications
from apps.decisions.policy import SEVERITY, Band, Ladder, Policy, PolicyGap, Rule
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.policy_problems import WHOLE, Place, Problem, gettext_noop

Part = TypeVar("Part")
_COUNTRY = re.compile(r"[A-Z]{2}")
# 1,000 %: whoever asks for more of an income or a security has written per cent.
_LARGEST_SHARE = Decimal(10)
# Of `Decision.annual_rate`: a finer price would be another one once it is stored.
RATE_DECIMALS = 6


@dataclass(frozen=True)
class Offer:
    """What a lender's product offers, as far as a policy must fit it."""

    code: str
    currency: str
    smallest_amount: Decimal
    largest_amount: Decimal
    shortest_term_months: int
    longest_term_months: int

    def range_of(self, name: str) -> tuple[Decimal, Decimal] | None:
        """Return the least and most a request for this product can hold of an input."""
        return {
            "amount": (self.smallest_amount, self.largest_amount),
            "term_months": (Decimal(self.shortest_term_months), Decimal(self.longest_term_months)),
        }.get(name)


def within(policy: Policy) -> list[Problem]:
    """Return what is wrong with a policy by itself."""
    return [
        *_unknown_values(policy),
        *_in_per_cent(policy),
        *_without_effect(policy),
        *_excluding_choices(policy),
        *policy_implications.within(policy),
        *(one for at, ladder in _numbered(policy.ladders) for one in _names_twice(ladder, at)),
        *(one for at, ladder in _numbered(policy.ladders) for one in _against_risk(ladder, at)),
        *(one for at, ladder in _numbered(policy.ladders) for one in _too_fine(ladder, at)),
    ]


def against(policy: Policy, offers: Sequence[Offer]) -> list[Problem]:
    """Return where a policy does not fit the lender's products."""
    known = [offer.code for offer in offers]
    problems = [*_unknown(policy, set(known))]
    problems += [
        Problem(WHOLE, gettext_noop("no bands cover the product %(product)s."), {"product": code})
        for code in policy_document.uncovered(policy, known)
    ]
    if offers:
        problems += _never_asked(policy, offers)
        problems += _never_met(policy, offers)
        problems += _limits(policy, offers)
        problems += policy_implications.against(policy, offers)
    return problems


def _unknown_values(policy: Policy) -> Iterator[Problem]:
    """Find texts that no application can hold: nobody would ever meet the rule."""
    for number, rule in _numbered(policy.rules):
        declared = INPUTS[rule.input]
        if declared.kind != "text":
            continue
        place = Place(rule=number, name=rule.code)
        for value in sorted(_choices(rule), key=str):
            if declared.name == "country" and not _COUNTRY.fullmatch(str(value)):
                pattern = gettext_noop("“%(value)s” is no country; write its two letters, as IN.")
                yield Problem(place, pattern, {"value": value})
            elif declared.values and value not in declared.values:
                pattern = gettext_noop("“%(value)s” is none of the values it can have: %(known)s.")
                known = ", ".join(declared.values)
                yield Problem(place, pattern, {"value": value, "known": known})


def _in_per_cent(policy: Policy) -> Iterator[Problem]:
    """Find shares that were most likely written in per cent."""
    for number, rule in _numbered(policy.rules):
        limit = rule.threshold
        is_share = INPUTS[rule.input].unit == "share"
        if is_share and isinstance(limit, Decimal) and limit > _LARGEST_SHARE:
            pattern = gettext_noop("%(value)s stands for %(percent)s %%; 55 %% is written 0.55.")
            said = {"value": limit, "percent": f"{(limit * 100).normalize():f}"}
            yield Problem(Place(rule=number, name=rule.code), pattern, said, is_warning=True)


def _without_effect(policy: Policy) -> Iterator[Problem]:
    """Find rules whose requirement a stricter rule of the same reach holds already."""
    for number, rule in _numbered(policy.rules):
        for other_number, other in _numbered(policy.rules):
            is_twin = other_number > number and _is_covered_by(other, rule)
            if other is rule or is_twin or not _is_covered_by(rule, other):
                continue
            yield Problem(
                Place(rule=number, name=rule.code),
                gettext_noop("it never makes a difference: %(other)s asks for as much or more."),
                {"other": other.code},
            )
            break


def _is_covered_by(rule: Rule, other: Rule) -> bool:
    """Say whether whoever fails `rule` fails `other` too, with an outcome no milder."""
    return (
        rule.input == other.input
        and rule.test == other.test
        and SEVERITY[other.outcome] >= SEVERITY[rule.outcome]
        and _reaches(other.products, rule.products)
        and _reaches(other.currencies, rule.currencies)
        and _is_as_strict(other, rule)
    )


def _reaches(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


def _is_as_strict(other: Rule, rule: Rule) -> bool:
    mine, theirs = rule.threshold, other.threshold
    if isinstance(mine, Decimal) and isinstance(theirs, Decimal):
        return theirs <= mine if rule.test == "at_most" else theirs >= mine
    return _choices(other) <= _choices(rule)


def _choices(rule: Rule) -> set[object]:
    return set(rule.threshold) if isinstance(rule.threshold, tuple) else {rule.threshold}


def _excluding_choices(policy: Policy) -> Iterator[Problem]:
    """Find pairs of knock-out rules that accept nothing in common."""
    chosen = [
        (number, rule)
        for number, rule in _numbered(policy.rules)
        if rule.test in ("is", "one_of") and rule.outcome == "decline"
    ]
    for (_first, one), (number, other) in combinations(chosen, 2):
        if one.input != other.input or not policy_document.meet(one, other):
            continue
        if not _choices(one) & _choices(other):
            yield Problem(
                Place(rule=number, name=other.code),
                gettext_noop("nobody can meet both %(one)s and %(other)s."),
                {"one": one.code, "other": other.code},
            )


def _names_twice(ladder: Ladder, number: int) -> Iterator[Problem]:
    """Find bands of one ladder that nobody could tell apart."""
    names = [band.name for band in ladder.bands]
    for band_number, name in _numbered(names):
        if name in names[: band_number - 1]:
            pattern = gettext_noop("two bands are called %(band)s.")
            yield Problem(
                Place(ladder=number, band=band_number, name=name), pattern, {"band": name}
            )


def _against_risk(ladder: Ladder, number: int) -> Iterator[Problem]:
    """Find where a worse risk is treated better than the band below it."""
    for band_number, (better, worse) in enumerate(pairwise(ladder.bands), start=2):
        place = Place(ladder=number, band=band_number, name=worse.name)
        values = {"band": better.name}
        if SEVERITY[worse.outcome] < SEVERITY[better.outcome]:
            yield Problem(
                place, gettext_noop("a worse risk has a milder outcome than band %(band)s."), values
            )
        if worse.outcome == "decline":
            if worse.rate_addon:
                pattern = gettext_noop("it declines, so that only an exception pays its add-on.")
                yield Problem(place, pattern, is_warning=True)
            continue
        if worse.rate_addon < better.rate_addon:
            yield Problem(
                place,
                gettext_noop("a worse risk pays a smaller add-on than band %(band)s."),
                values,
            )
        if _limits_more(better, worse):
            pattern = gettext_noop("a worse risk has a wider limit than band %(band)s.")
            yield Problem(place, pattern, values, is_warning=True)


def _too_fine(ladder: Ladder, number: int) -> Iterator[Problem]:
    """Find add-ons with more digits than a decided rate keeps."""
    for band_number, band in _numbered(ladder.bands):
        if band.rate_addon != round(band.rate_addon, RATE_DECIMALS):
            yield Problem(
                Place(ladder=number, band=band_number, name=band.name),
                gettext_noop("the add-on has more than %(decimals)s decimals."),
                {"decimals": RATE_DECIMALS},
            )


def _limits_more(better: Band, worse: Band) -> bool:
    """Say whether the better band has a limit that the worse one has wider or not at all."""
    amounts = any(
        currency not in worse.most_amount or worse.most_amount[currency] > most
        for currency, most in better.most_amount.items()
    )
    shorter = better.longest_term_months
    longer = worse.longest_term_months
    return amounts or (shorter is not None and (longer is None or longer > shorter))


def _unknown(policy: Policy, known: set[str]) -> Iterator[Problem]:
    named = [
        *((Place(rule=at, name=one.code), one.products) for at, one in _numbered(policy.rules)),
        *((Place(ladder=at), one.products) for at, one in _numbered(policy.ladders)),
    ]
    for place, codes in named:
        for code in codes:
            if code not in known:
                pattern = gettext_noop("the lender has no product %(product)s.")
                yield Problem(place, pattern, {"product": code})


def _never_asked(policy: Policy, offers: Sequence[Offer]) -> Iterator[Problem]:
    for number, rule in _numbered(policy.rules):
        if not any(
            rule.applies_to(product=offer.code, currency=offer.currency) for offer in offers
        ):
            pattern = gettext_noop("it is never asked: no product has its currency.")
            yield Problem(Place(rule=number, name=rule.code), pattern)


def _never_met(policy: Policy, offers: Sequence[Offer]) -> Iterator[Problem]:
    """Find knock-out rules on amount or term that no request for a product can meet."""
    for number, rule in _numbered(policy.rules):
        if rule.outcome != "decline":
            continue
        for offer in offers:
            reach = offer.range_of(rule.input)
            applies = rule.applies_to(product=offer.code, currency=offer.currency)
            if reach is None or not applies or any(rule.is_met_by(end) for end in reach):
                continue
            yield Problem(
                Place(rule=number, name=rule.code),
                gettext_noop("no request for %(product)s can meet it."),
                {"product": offer.code},
            )


def _limits(policy: Policy, offers: Sequence[Offer]) -> Iterator[Problem]:
    for offer in offers:
        try:
            ladder = policy.ladder_for(offer.code)
        except PolicyGap:
            continue
        number = policy.ladders.index(ladder) + 1
        for band_number, band in enumerate(ladder.bands, start=1):
            yield from _limits_of(
                band, offer, Place(ladder=number, band=band_number, name=band.name)
            )


def _limits_of(band: Band, offer: Offer, place: Place) -> Iterator[Problem]:
    values = {"product": offer.code, "currency": offer.currency}
    most = band.most_amount.get(offer.currency)
    if band.most_amount and most is None:
        pattern = gettext_noop("its largest amount is not given in %(currency)s for %(product)s.")
        yield Problem(place, pattern, values)
    longest = band.longest_term_months
    if (most is not None and most < offer.smallest_amount) or (
        longest is not None and longest < offer.shortest_term_months
    ):
        pattern = gettext_noop("no request for %(product)s is within its limits.")
        yield Problem(place, pattern, values, is_warning=True)


def _numbered(parts: Iterable[Part]) -> Iterator[tuple[int, Part]]:
    return enumerate(parts, start=1)
