"""What holds of any borrower under any table."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.npa import classification, provisioning
from apps.npa.classification import Classified
from apps.npa.facility import Borrower, Facility
from apps.npa.regimes import Rules
from apps.npa.rule_parts import Upgrade
from apps.npa.tests.rule_book import (
    A_DAY,
    BANK,
    BANK_ECL,
    BASE,
    CBK,
    IFRS,
    LONG_AGO,
    SASRA,
    after,
    facility,
    installed,
)

CODES = [BANK, BANK_ECL, BASE, SASRA, CBK, IFRS]
STICKY = [code for code in CODES if installed()[code].upgrade == Upgrade.ALL_CLEARED]
DAYS = st.one_of(st.none(), st.integers(0, 500))


def late_by(difference: int | None, key: str = "A") -> Facility:
    """Return a facility whose oldest demand fell due so many days ago; None: nothing is unpaid."""
    due = None if difference is None else A_DAY - timedelta(days=difference)
    return facility(key, oldest_due=due)


def judge(rules: Rules, facilities: Sequence[Facility]) -> tuple[Classified, ...]:
    """Return what becomes of them tonight."""
    return classification.classify(Borrower(facilities=tuple(facilities)), rules, A_DAY)


@pytest.mark.parametrize("code", CODES)
@given(fewer=st.integers(0, 500), more=st.integers(0, 500))
@settings(max_examples=40)
def test_it_never_classes_better_for_being_later(code: str, fewer: int, more: int) -> None:
    rules = installed()[code]
    fewer, more = sorted((fewer, more))

    (early,) = judge(rules, [late_by(fewer)])
    (late,) = judge(rules, [late_by(more)])

    assert rules.ranks[early.asset_class] <= rules.ranks[late.asset_class]
    assert early.stage <= late.stage


@pytest.mark.parametrize("code", CODES)
@given(days=st.lists(DAYS, min_size=1, max_size=4), data=st.data())
@settings(max_examples=40)
def test_it_judges_facilities_alike_in_any_order(
    code: str, days: list[int | None], data: st.DataObject
) -> None:
    rules = installed()[code]
    facilities = [late_by(one, str(place)) for place, one in enumerate(days)]

    found = {one.key: one for one in judge(rules, facilities)}
    again = {one.key: one for one in judge(rules, data.draw(st.permutations(facilities)))}

    assert found == again


@pytest.mark.parametrize("code", [code for code in CODES if installed()[code].contagion])
@given(days=st.lists(DAYS, min_size=2, max_size=4))
@settings(max_examples=40)
def test_it_lets_all_facilities_perform_or_none(code: str, days: list[int | None]) -> None:
    rules = installed()[code]

    found = judge(rules, [late_by(one, str(place)) for place, one in enumerate(days)])

    assert len({rules.performs(one.asset_class) for one in found}) == 1
    assert len({one.npa_date for one in found}) == 1


@pytest.mark.parametrize("code", STICKY)
@given(days=st.lists(DAYS, min_size=1, max_size=3), age=st.integers(0, 2_000))
@settings(max_examples=40)
def test_it_upgrades_only_when_nothing_is_in_arrears(
    code: str, days: list[int | None], age: int
) -> None:
    rules, since = installed()[code], A_DAY - timedelta(days=age)
    before = [
        replace(
            late_by(one, str(place)),
            was_class=rules.first_bad,
            was_class_since=since,
            was_npa_date=since,
            was_aged_from=since,
        )
        for place, one in enumerate(days)
    ]

    found = judge(rules, before)

    upgraded = all(rules.performs(one.asset_class) for one in found)
    assert upgraded is all(one is None for one in days)


@pytest.mark.parametrize("code", CODES)
@given(days=st.lists(DAYS, min_size=1, max_size=3))
@settings(max_examples=40)
def test_it_finds_the_same_when_a_night_is_repeated(code: str, days: list[int | None]) -> None:
    rules = installed()[code]
    facilities = [late_by(one, str(place)) for place, one in enumerate(days)]
    first = judge(rules, facilities)

    again = judge(rules, after(facilities, first))

    said = [(one.asset_class, one.npa_date, one.aged_from, one.stage) for one in first]
    assert said == [(one.asset_class, one.npa_date, one.aged_from, one.stage) for one in again]
    assert all(LONG_AGO <= one.class_since <= A_DAY for one in first)


@pytest.mark.parametrize("code", CODES)
@given(
    days=DAYS,
    outstanding=st.decimals(0, 10_000_000, places=2),
    security=st.decimals(0, 10_000_000, places=2),
    stale=st.decimals(0, 1_000_000, places=2),
)
@settings(max_examples=40)
def test_it_never_sets_aside_more_than_is_outstanding(
    code: str, days: int | None, outstanding: Decimal, security: Decimal, stale: Decimal
) -> None:
    rules = installed()[code]
    one = replace(late_by(days), outstanding=outstanding, security=security, security_stale=stale)
    (found,) = judge(rules, [one])

    given_ = provisioning.provide(one, found, rules, A_DAY)

    assert 0 <= given_.amount + given_.reserve <= outstanding
    assert given_.secured + given_.unsecured == given_.base
