"""Hazards and recoveries out of counts: what is believed, and what is not yet."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.impairment import cells, hazards, recoveries, stored
from apps.impairment.hazards import Count
from apps.impairment.measuring import even_hazard
from apps.impairment.recoveries import Case
from apps.impairment.tests.factories import terms

D = Decimal
BANDS = 6
AGES = len(cells.AGES) + 1
CELLS = st.tuples(
    st.integers(0, 3), st.integers(0, BANDS - 1), st.integers(0, AGES - 1), st.integers(1, 5000)
).map(lambda one: Count(1, *one, 0))
RULES = terms(hazards={"credibility": 100, "least_months": 50, "prior_pd_12": "0.06"})


@pytest.mark.parametrize(
    ("pd", "band"), [("0.02", 0), ("0.0201", 1), ("0.2", 3), ("0.9", 4), (None, 5)]
)
def test_a_pd_has_a_band(pd: str | None, band: int) -> None:
    assert cells.band_of(None if pd is None else D(pd), RULES.bands) == band


@pytest.mark.parametrize(("month", "group"), [(1, 0), (3, 0), (4, 1), (60, 7), (61, 8), (400, 8)])
def test_a_month_on_book_has_a_group(month: int, group: int) -> None:
    assert cells.age_of(month) == group


@pytest.mark.parametrize(("days", "late"), [(0, 0), (1, 1), (29, 1), (30, 2), (59, 2), (60, 3)])
def test_days_past_due_have_a_place(days: int, late: int) -> None:
    assert cells.late_of(days) == late


def test_without_history_the_approved_pd_holds() -> None:
    found = hazards.estimate([], bands=BANDS, rules=RULES.hazards)
    prior = even_hazard(D("0.06"))

    assert {one for band in found.hazards for one in band} == {prior}
    assert [late[0] for late in found.multiples] == [1, 2, 5, 10]
    year = hazards.of_loan(found, band=0, age=0, late=None, months=12)
    assert abs(sum(one for one in _marginal(year)) - D("0.06")) < D("1e-9")


def test_a_cell_is_believed_by_its_months() -> None:
    """By hand: 300 months with 9 defaults in one cell, 60 with none in another, K of 100."""
    rows = [Count(1, 0, 0, 0, 300, 9), Count(1, 0, 1, 0, 60, 0), Count(1, 0, 2, 1, 49, 40)]
    found = hazards.estimate(rows, bands=BANDS, rules=RULES.hazards)

    prior = even_hazard(D("0.06"))
    book = ((49 + 100 * prior) / (409 + 100)).quantize(D("1e-9"))
    first = ((9 + 100 * book) / (360 + 100)).quantize(D("1e-9"))
    assert found.book == book
    assert found.hazards[0][0] == ((9 + 100 * first) / 400).quantize(D("1e-9"))
    assert found.hazards[1][0] == ((0 + 100 * first) / 160).quantize(D("1e-9"))
    assert found.hazards[3][0] == first, "without months of its own"
    assert found.hazards[2][1] == book, "fewer than fifty months are not believed"
    assert (found.exposed[0][0], found.defaults[0][0]) == (300, 9)


def test_lateness_multiplies_by_what_was_seen() -> None:
    """So many late months that the approved multiple hardly counts."""
    rows = [Count(1, 0, 0, 0, 900_000, 9_000), Count(1, 3, 0, 0, 100_000, 51_000)]
    found = hazards.estimate(rows, bands=BANDS, rules=RULES.hazards)

    hazard = D("0.06")
    assert abs(found.multiples[3][0] - D("0.51") / hazard) < D("0.05")
    assert abs(found.multiples[0][0] - D("0.01") / hazard) < D("0.01")
    assert found.multiples[3][1] == 10, "nothing was seen two months later"


def test_lateness_fades_and_no_hazard_is_above_one() -> None:
    found = hazards.estimate([], bands=BANDS, rules=terms(
        hazards={"prior_pd_12": "0.9", "prior_lateness": {"1-29": "2", "30-59": "5", "60-89": "10"}}
    ).hazards)  # fmt: skip
    late = hazards.of_loan(found, band=0, age=2, late=3, months=8)
    plain = hazards.of_loan(found, band=0, age=2, late=None, months=8)

    assert late[: cells.LEADS] == [1] * cells.LEADS
    assert late[cells.LEADS :] == plain[cells.LEADS :]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CELLS, max_size=8))
def test_a_hazard_stays_between_none_and_what_is_approved(rows: list[Count]) -> None:
    """Nobody defaulted: every hazard falls from the approved one, and never to nothing."""
    found = hazards.estimate(rows, bands=BANDS, rules=RULES.hazards)

    assert all(0 < one <= even_hazard(D("0.06")) for band in found.hazards for one in band)


def test_an_lgd_is_believed_by_its_cases() -> None:
    rules = terms(recoveries={"credibility": 10, "least_cases": 3})
    cases = [Case("gold", "microloan", D(100), D(60))] * 20 + [
        Case("gold", "sme", D(100), D(0))
    ] * 2
    found = recoveries.estimate([*cases, Case("gold", "sme", D(0), D(0))], rules)

    prior = rules.recoveries.prior_of("gold")
    gold = ((D("0.4") * 20 + 2 + 10 * prior) / 32).quantize(D("1e-6"))
    assert found.kinds["gold"].lgd == gold
    assert found.kinds["gold"].cases == 22
    segment = ((D("0.4") * 20 + 10 * gold) / 30).quantize(D("1e-6"))
    assert found.of("gold", "microloan", rules.recoveries) == segment
    assert found.of("gold", "sme", rules.recoveries) == gold, "two cases are not believed"
    assert found.of("gold", "housing", rules.recoveries) == gold
    assert found.of("vehicle", "sme", rules.recoveries) == rules.recoveries.prior_of("vehicle")


def test_an_lgd_has_its_floor_and_lies_between_nothing_and_all() -> None:
    rules = terms(recoveries={"credibility": 1, "least_cases": 0})
    found = recoveries.estimate([Case("gold", "sme", D(100), D(130))] * 1000, rules)

    assert found.kinds["gold"].lgd < D("0.01")
    assert found.of("gold", "sme", rules.recoveries) == D("0.10")
    assert Case("gold", "sme", D(100), D(-5)).lgd == 1


def test_what_is_stored_reads_as_it_was() -> None:
    structure = hazards.estimate([Count(1, 0, 0, 0, 300, 9)], bands=BANDS, rules=RULES.hazards)
    losses = recoveries.estimate([Case("gold", "sme", D(100), D(30))] * 9, RULES)

    body = stored.written(structure, losses)

    assert stored.read(body) == (structure, losses)
    assert stored.sha256(body) == stored.sha256(dict(reversed(body.items())))
    assert stored.sha256(body) != stored.sha256({**body, "book": "0"})


def _marginal(year: list[Decimal]) -> list[Decimal]:
    alive, found = D(1), []
    for one in year:
        found.append(alive * one)
        alive *= 1 - one
    return found
