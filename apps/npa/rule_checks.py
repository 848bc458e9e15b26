"""What a rule table must keep so that both readings of it are sound. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from apps.npa.regimes import Rules
from apps.products.reading import expect, once

# As the snapshots keep classes, buckets and segments.
LONGEST_CODE = 16


def check(rules: Rules, place: str) -> None:
    """Raise CatalogueRefused, with the place, where a table contradicts itself or leaves a gap."""
    _check_dates(rules, place)
    _check_grades(rules, place)
    _check_counts(rules, place)
    _check_rates(rules, place)
    _check_segments(rules, place)
    _check_disputed(rules, place)


def _check_dates(rules: Rules, place: str) -> None:
    ended = rules.effective_to
    expect(ended is None or ended >= rules.effective_from, place, "It ends before it begins.")
    expect(bool(rules.source), place, "A source must be named.")
    expect(bool(rules.code) and bool(rules.name), place, "A table has a code and a name.")


def _check_grades(rules: Rules, place: str) -> None:
    where = f"{place}.body.grades"
    codes = [grade.code for grade in rules.grades]
    once(codes, where)
    expect(all(0 < len(code) <= LONGEST_CODE for code in codes), where, "A code is too long.")
    performing = [grade.performing for grade in rules.grades]
    expect(
        performing == sorted(performing, reverse=True) and len(set(performing)) == 2,
        where,
        "From the best to the worst: some that perform, then some that do not.",
    )
    for name in ("bands", "ageing", "rates"):
        for row in getattr(rules, name):
            expect(row.grade in codes, f"{place}.body.{name}", f"No class {row.grade!r}.")
    named = [rules.loss]
    if rules.erosion is not None:
        named += [rules.erosion.doubtful, rules.erosion.loss]
    for code in named:
        expect(code in codes, place, f"No class {code!r}.")


def _check_counts(rules: Rules, place: str) -> None:
    bands = rules.bands
    expect(
        bool(bands) and bands[0].grade == rules.best and bands[0].from_days == 0,
        f"{place}.body.bands",
        "The first band is the best class, from day 0.",
    )
    expect(
        rules.first_bad in {band.grade for band in bands},
        f"{place}.body.bands",
        "A band says when a facility stops performing.",
    )
    _rising([rules.ranks[band.grade] for band in bands], f"{place}.body.bands")
    _rising([band.from_days for band in bands], f"{place}.body.bands")
    _rising([step.since for step in rules.glide], f"{place}.body.glide")
    _rising([step.from_months for step in rules.ageing], f"{place}.body.ageing")
    _rising([rules.ranks[step.grade] for step in rules.ageing], f"{place}.body.ageing")
    buckets = rules.buckets
    once([one.code for one in buckets], f"{place}.body.buckets")
    expect(
        bool(buckets)
        and buckets[0].from_days == 0
        and all(len(one.code) <= LONGEST_CODE for one in buckets),
        f"{place}.body.buckets",
        "The first bucket begins at day 0; a code has at most 16 letters.",
    )
    _rising([one.from_days for one in buckets], f"{place}.body.buckets")
    if rules.erosion is not None:
        aged = {step.grade for step in rules.ageing}
        expect(rules.erosion.doubtful in aged, f"{place}.body.erosion", "A class that ages.")


def _check_rates(rules: Rules, place: str) -> None:
    where = f"{place}.body.rates"
    listed = [rate.grade for rate in rules.rates]
    once(listed, where)
    expect(not listed or set(listed) == set(rules.ranks), where, "A rate for every class, or none.")
    for rate in rules.rates:
        both = (rate.secured is None) == (rate.unsecured is None)
        expect(both, where, "Both portions have a rate, or the segment's standard rate counts.")
        _fractions(
            [rate.secured, rate.unsecured, rate.unsecured_from_start, rate.infrastructure], where
        )
    both_bases = bool(rules.rates) and rules.ecl is not None
    expect(
        rules.reserve is None or both_bases,
        f"{place}.body.reserve",
        "A reserve needs rates and an expected loss to be the difference of.",
    )
    expect(
        rules.reserve is not None or not rules.reserve_needs_leave,
        f"{place}.body.reserve_needs_leave",
        "Only of a reserve.",
    )
    expect(bool(rules.rates) or rules.ecl is not None, where, "Nothing would be provided for.")
    counting = rules.counting
    _fractions(
        [counting.stale_haircut, counting.unsecured_up_to, counting.restructured_standard],
        f"{place}.body.counting",
    )


def _check_segments(rules: Rules, place: str) -> None:
    where = f"{place}.body.segments"
    segments = rules.segments
    once([one.code for one in segments], where)
    expect(bool(segments), where, "At least one segment.")
    last = segments[-1]
    expect(
        not (last.by_name_only or last.purposes or last.securities),
        where,
        "The last segment takes what fits no other.",
    )
    schedules = {step.schedule for step in rules.stage_3}
    for one in segments:
        _fractions([one.standard, one.stage_1, one.stage_2, one.lgd], where)
        expect(len(one.code) <= 24, where, "A code has at most 24 letters.")
        expect(not one.stage_3 or one.stage_3 in schedules, where, f"No schedule {one.stage_3!r}.")
        if any(rate.secured is None for rate in rules.rates):
            expect(one.standard is not None, where, f"{one.code} has no standard rate.")
        if not rules.rates:
            whole = one.stage_1 is not None and one.stage_2 is not None and bool(one.stage_3)
            expect(whole, where, f"{one.code} has no floor in every stage.")
    for schedule in schedules:
        steps = [step for step in rules.stage_3 if step.schedule == schedule]
        expect(steps[0].from_years == 0, f"{place}.body.stage_3", "From the first year on.")
        _rising([step.from_years for step in steps], f"{place}.body.stage_3")
        _fractions([each for step in steps for each in (step.secured, step.unsecured)], where)


def _check_disputed(rules: Rules, place: str) -> None:
    where = f"{place}.body.disputed"
    known = {
        f"rates.{rate.grade}.{name}": getattr(rate, name)
        for rate in rules.rates
        for name in ("secured", "unsecured")
    }
    for one in rules.disputed:
        expect(one.what in known, where, f"No such number: {one.what!r}.")
        expect(known[one.what] == one.value, where, f"{one.what} is not what the rates say.")


def _rising(values: Sequence[Any], place: str) -> None:
    in_order = all(one < other for one, other in pairwise(values))
    expect(in_order, place, "Each row begins after the one before it.")


def _fractions(values: Iterable[Decimal | None], place: str) -> None:
    for value in values:
        expect(
            value is None or 0 <= value <= 1, place, "Rates are fractions: 0.15 for 15 per cent."
        )
