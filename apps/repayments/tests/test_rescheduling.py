"""What is ahead of a loan changes; what fell due does not, and no principal is lost."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from apps.repayments import accruing, alterations, prepaying, rescheduling
from apps.repayments.facts import Option
from apps.repayments.rescheduling import Alteration, Keeps, Rescheduled, Standing
from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import (
    Adjustment,
    Calendar,
    CustomRow,
    DayCount,
    Frequency,
    Grace,
    Method,
    Row,
    Step,
    Terms,
    Tranche,
)

D = Decimal
START = date(2026, 1, 15)


def _terms(**changes: Any) -> Terms:
    values: dict[str, Any] = {
        "principal": D(120_000),
        "currency": "INR",
        "annual_rate": D("0.12"),
        "instalments": 12,
        "disbursed_on": START,
        **changes,
    }
    return Terms(**values)


def _standing(terms: Terms, day: date) -> Standing:
    rows = building.build(terms).rows
    spans = accruing.spans(terms, rows)
    earned = accruing.running(spans, day, day_count=terms.day_count, currency=terms.currency)
    return Standing(day=day, terms=terms, rows=rows, earned=earned)


def _sum(rows: tuple[Row, ...], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), D(0))


def _check(standing: Standing, change: Alteration, after: Rescheduled) -> None:
    """Say what holds after any change."""
    smallest = D("0.01")
    assert after.kept == standing.kept
    assert [row.number for row in after.rows] == list(range(1, len(after.rows) + 1))
    due = [row.due_on for row in after.rows]
    assert due == sorted(set(due))
    assert all(row.due_on > standing.day for row in after.new)
    lent = _sum(after.new, "principal") - _sum(after.new, "capitalised")
    assert lent == standing.principal_ahead - change.prepaid
    assert after.new[-1].closing == 0
    for row in after.new:
        assert min(row.principal, row.interest, row.fee, row.closing, row.capitalised) >= 0
        assert row.instalment == row.principal + row.interest + row.fee
        assert row.principal == row.principal.quantize(smallest)
        assert row.interest == row.interest.quantize(smallest)
    asked = _sum(after.new, "interest") + _sum(after.new, "capitalised")
    assert asked == standing.earned + sum((one.interest for one in after.spans), D(0))


def test_overdue_instalments_keep_their_due_dates_and_amounts() -> None:
    standing = _standing(_terms(), date(2026, 5, 20))
    change = Alteration(instalments=20)

    after = rescheduling.reschedule(standing, change)

    assert [row.due_on for row in after.kept] == [date(2026, month, 15) for month in (2, 3, 4, 5)]
    assert after.kept == standing.rows[:4]
    assert len(after.new) == 20
    assert after.new[0].due_on == date(2026, 6, 15)
    assert after.new[-1].due_on == date(2028, 1, 15)
    _check(standing, change, after)


def test_a_prepayment_on_a_due_date_leaves_the_instalment_and_ends_sooner() -> None:
    standing = _standing(_terms(), date(2026, 4, 15))
    # 12 instalments of 10,661.85; after three of them 91,329.65 is not due yet.
    assert standing.principal_ahead == D("91329.65")
    change = alterations.of_prepayment(D(30_000), Option.SHORTER_TERM)

    after = rescheduling.reschedule(standing, change)

    assert [row.instalment for row in after.new[:-1]] == [D("10661.85")] * 5
    assert len(after.new) == 6
    assert after.new[0].interest == D("613.30")
    assert after.new[-1].instalment < D("10661.85")
    assert rescheduling.saved(standing, after) > 0
    _check(standing, change, after)


def test_a_prepayment_leaves_the_term_and_smaller_instalments() -> None:
    standing = _standing(_terms(), date(2026, 4, 15))
    change = alterations.of_prepayment(D(30_000), Option.SMALLER_INSTALMENT)

    after = rescheduling.reschedule(standing, change)

    assert len(after.new) == 9
    # 61,329.65 x 0.01 x 1.01^9 / (1.01^9 - 1), rule book 9.1.
    assert {row.instalment for row in after.new[:-1]} == {D("7159.65")}
    assert [row.due_on for row in after.new] == [row.due_on for row in standing.ahead]
    _check(standing, change, after)


def test_within_a_period_the_interest_of_its_first_days_is_kept() -> None:
    standing = _standing(_terms(), date(2026, 4, 25))
    # Ten of thirty days on 91,329.65 at 1 % a month.
    assert standing.earned == D("304.43")
    change = alterations.of_prepayment(D(30_000), Option.SHORTER_TERM)

    after = rescheduling.reschedule(standing, change)

    # The other twenty days on 61,329.65.
    assert after.new[0].interest == D("304.43") + D("408.86")
    assert after.new[0].instalment == D("10661.85")
    assert after.spans[0].starts_on == date(2026, 4, 25)
    _check(standing, change, after)


def test_the_shorter_term_saves_more_and_both_are_shown_together() -> None:
    standing = _standing(_terms(), date(2026, 4, 15))

    shorter, smaller = prepaying.choices(standing, D(30_000))

    assert (shorter.option, smaller.option) == (Option.SHORTER_TERM, Option.SMALLER_INSTALMENT)
    assert shorter.interest_saved > smaller.interest_saved > 0
    assert (shorter.instalments, smaller.instalments) == (6, 9)
    assert shorter.ends_on == date(2026, 10, 15)
    assert smaller.instalment == D("7159.65")


def test_where_the_terms_stay_the_instalments_do_but_for_the_smallest_unit() -> None:
    standing = _standing(_terms(), date(2026, 4, 15))

    after = rescheduling.reschedule(standing, Alteration(instalments=9))

    assert {row.instalment for row in standing.ahead[:-1]} == {D("10661.85")}
    assert {row.instalment for row in after.new[:-1]} == {D("10661.86")}
    assert [row.due_on for row in after.new] == [row.due_on for row in standing.ahead]
    assert abs(rescheduling.saved(standing, after)) <= D("0.05")


def test_a_higher_rate_makes_instalments_larger_or_more() -> None:
    standing = _standing(_terms(), date(2026, 4, 15))

    larger = rescheduling.reschedule(standing, Alteration(annual_rate=D("0.18")))
    more = rescheduling.reschedule(
        standing, Alteration(annual_rate=D("0.36"), keeps=Keeps.INSTALMENT)
    )

    assert larger.terms.annual_rate == D("0.18")
    assert len(larger.new) == 9
    assert larger.new[0].interest == D("1369.94")
    assert larger.new[0].instalment > D("10661.85")
    assert more.new[0].instalment == D("10661.85")
    assert len(more.new) == 11
    assert more.new[-1].due_on == date(2027, 3, 15)


def test_a_moratorium_on_principal_asks_for_interest_and_adds_the_instalments() -> None:
    standing = _standing(_terms(), date(2026, 4, 15))
    change = alterations.of_change("moratorium", {"principal_free": 3, "extends": True})

    after = rescheduling.reschedule(standing, change)

    assert len(after.new) == 12
    assert [row.principal for row in after.new[:3]] == [0, 0, 0]
    assert [row.interest for row in after.new[:3]] == [D("913.30")] * 3
    assert after.new[3].instalment == D("10661.86")
    _check(standing, change, after)


def test_a_moratorium_on_all_lets_the_interest_wait_without_interest() -> None:
    standing = _standing(_terms(), date(2026, 4, 25))
    change = alterations.of_change("moratorium", {"principal_free": 2, "interest_free": 2})

    after = rescheduling.reschedule(standing, change)

    assert [(row.principal, row.interest) for row in after.new[:2]] == [(0, 0), (0, 0)]
    # What was earned before, twenty days, a month, and the month of the instalment itself.
    assert after.new[2].interest == D("304.43") + D("608.86") + D("913.30") + D("913.30")
    assert [row.capitalised for row in after.new] == [0] * 9
    _check(standing, change, after)


def test_another_day_of_the_month_moves_all_that_is_ahead() -> None:
    standing = _standing(_terms(), date(2026, 4, 20))
    change = Alteration(first_due_on=date(2026, 6, 5))

    after = rescheduling.reschedule(standing, change)

    assert [row.due_on for row in after.new[:3]] == [
        date(2026, 6, 5),
        date(2026, 7, 5),
        date(2026, 8, 5),
    ]
    assert len(after.new) == 9
    # Five days before, 45 days (30/360) after it.
    assert after.new[0].interest == D("152.22") + D("1369.94")
    _check(standing, change, after)


def test_a_loan_of_the_31st_comes_back_to_it_when_it_is_extended() -> None:
    standing = _standing(_terms(disbursed_on=date(2026, 1, 31)), date(2026, 2, 28))

    after = rescheduling.reschedule(standing, Alteration(instalments=14))

    assert after.new[0].due_on == date(2026, 3, 31)
    assert after.new[-1].due_on == date(2027, 4, 30)
    assert {row.fraction for row in after.new} == {building.build(_terms()).rows[0].fraction}


def test_at_a_flat_rate_interest_to_come_falls_as_the_principal_does() -> None:
    standing = _standing(_terms(method=Method.FLAT), date(2026, 4, 15))
    assert (standing.principal_ahead, standing.earned) == (90_000, 0)

    smaller = rescheduling.reschedule(standing, Alteration(prepaid=D(30_000)))
    shorter = rescheduling.reschedule(
        standing, Alteration(prepaid=D(30_000), keeps=Keeps.INSTALMENT)
    )

    assert {row.interest for row in smaller.new} == {D("800.00")}
    assert {row.principal for row in smaller.new} == {D("6666.67"), D("6666.66")}
    assert len(shorter.new) == 6


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Alteration(prepaid=D("91329.65")), "pays_off"),
        (Alteration(prepaid=D(-1)), "amount"),
        (Alteration(prepaid=D("0.001")), "amount"),
        (Alteration(prepaid=D("NaN")), "amount"),
        (Alteration(instalments=0), "count"),
        (Alteration(instalments=100_000), "count"),
        (Alteration(instalments=700), "too_long"),
        (Alteration(annual_rate=D("-0.01")), "rate"),
        (Alteration(annual_rate=D(11)), "rate"),
        (Alteration(annual_rate=D("0.12")), "same_rate"),
        (Alteration(annual_rate=D("1.5"), keeps=Keeps.INSTALMENT), "cannot_amortise"),
        (Alteration(first_due_on=date(2026, 4, 15)), "first_due_on"),
        (Alteration(first_due_on=date(2026, 6, 16)), "first_due_on"),
        (Alteration(principal_free=9), "grace"),
        (Alteration(interest_free=1), "grace"),
        (Alteration(principal_free=-1), "count"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_it_refuses_what_makes_no_schedule(change: Alteration, code: str) -> None:
    standing = _standing(_terms(), date(2026, 4, 15))

    with pytest.raises(TermsRefused) as refusal:
        rescheduling.reschedule(standing, change)

    assert refusal.value.code == code
    assert str(refusal.value.sentence)


def test_it_refuses_a_loan_with_nothing_ahead_and_one_not_paid_out() -> None:
    over = _standing(_terms(), date(2027, 1, 15))
    half = _standing(
        _terms(tranches=(Tranche(START, D(60_000)), Tranche(date(2026, 6, 1), D(60_000)))),
        date(2026, 4, 15),
    )

    for standing, code in ((over, "nothing_ahead"), (half, "not_paid_out")):
        with pytest.raises(TermsRefused) as refusal:
            rescheduling.reschedule(standing, Alteration(instalments=6))
        assert refusal.value.code == code


@pytest.mark.parametrize(
    ("change", "parameters", "field"),
    [
        ("forgive", {}, "change"),
        ("rate_change", {}, "annual_rate"),
        ("rate_change", {"annual_rate": "much"}, "annual_rate"),
        ("rate_change", {"annual_rate": "0.1", "keeps": "both"}, "keeps"),
        ("rate_change", {"annual_rate": "0.1", "benchmark": " "}, "benchmark"),
        ("moratorium", {"principal_free": -1}, "principal_free"),
        ("moratorium", {"principal_free": True}, "principal_free"),
        ("moratorium", {"principal_free": 2, "extends": "yes"}, "extends"),
        ("moratorium", {"principal_free": 2, "prepaid": "100"}, "prepaid"),
        ("reschedule", {"instalments": "12"}, "instalments"),
        ("restructure", {"instalments": 12}, "difficulty"),
        ("restructure", {"instalments": 12, "difficulty": "no"}, "difficulty"),
        ("due_date_change", {"first_due_on": "soon"}, "first_due_on"),
    ],
)
def test_it_refuses_parameters_that_say_nothing(
    change: str, parameters: dict[str, Any], field: str
) -> None:
    with pytest.raises(TermsRefused) as refusal:
        alterations.of_change(change, parameters)

    assert set(refusal.value.fields) == {field}


_BY_METHOD = {
    Method.EQUAL_INSTALMENT: {},
    Method.EQUAL_PRINCIPAL: {},
    Method.FLAT: {},
    Method.INTEREST_ONLY: {},
    Method.BALLOON: {"balloon": D(20_000)},
    Method.STEPPED: {"steps": (Step(5, D("1.2")),)},
}


@st.composite
def _standings(draw: st.DrawFn) -> Standing:
    method = draw(st.sampled_from(list(_BY_METHOD)))
    terms = _terms(
        principal=D(draw(st.integers(5_000_000, 90_000_000))) / 100,
        annual_rate=D(draw(st.integers(0, 48))) / 100,
        instalments=draw(st.integers(8, 36)),
        method=method,
        day_count=draw(st.sampled_from(list(DayCount))),
        frequency=draw(st.sampled_from([Frequency.MONTHLY, Frequency.WEEKLY, Frequency.QUARTERLY])),
        disbursed_on=START + timedelta(days=draw(st.integers(0, 40))),
        rounding_unit=draw(st.sampled_from([None, D(1), D(10)])),
        **_BY_METHOD[method],
    )
    day = terms.disbursed_on + timedelta(days=draw(st.integers(0, 260)))
    try:
        return _standing(terms, day)
    except TermsRefused:
        reject()


@st.composite
def _changes(draw: st.DrawFn) -> Alteration:
    kind = draw(st.sampled_from(["prepay", "rate", "term", "pause", "date"]))
    if kind == "prepay":
        amount = D(draw(st.integers(1, 4_000_000))) / 100
        return Alteration(prepaid=amount, keeps=draw(st.sampled_from(list(Keeps))))
    if kind == "rate":
        rate = D(draw(st.integers(0, 60))) / 100
        return Alteration(annual_rate=rate, keeps=draw(st.sampled_from(list(Keeps))))
    if kind == "term":
        return Alteration(instalments=draw(st.integers(1, 80)))
    if kind == "pause":
        rows = draw(st.integers(1, 6))
        return Alteration(
            principal_free=rows,
            interest_free=draw(st.sampled_from([0, rows])),
            extends=draw(st.booleans()),
        )
    return Alteration(first_due_on=START + timedelta(days=draw(st.integers(1, 300))))


@settings(max_examples=300, deadline=None)
@given(standing=_standings(), change=_changes(), then=_changes(), later=st.integers(0, 90))
def test_it_loses_no_principal_whatever_changes_and_changes_again(
    standing: Standing, change: Alteration, then: Alteration, later: int
) -> None:
    try:
        after = rescheduling.reschedule(standing, change)
    except TermsRefused:
        return
    _check(standing, change, after)

    day = standing.day + timedelta(days=later)
    earned = accruing.running(after.spans, day, day_count=after.terms.day_count, currency="INR")
    if not after.new or day < after.new[0].due_on:
        earned += after.carried
    if any(not row.interest and row.fraction for row in after.new) and later:
        # Interest that waits is earned over several rows; how, the account says.
        return
    again = Standing(day=day, terms=after.terms, rows=after.rows, earned=earned)
    try:
        _check(again, then, rescheduling.reschedule(again, then))
    except TermsRefused:
        return


def test_due_dates_on_days_off_move_as_the_calendar_says() -> None:
    calendar = Calendar(weekend=frozenset({5, 6}), adjustment=Adjustment.NEXT)
    standing = _standing(_terms(calendar=calendar), date(2026, 4, 15))

    after = rescheduling.reschedule(standing, Alteration(instalments=15))

    assert [row.due_on for row in after.new[:9]] == [row.due_on for row in standing.ahead]
    assert all(row.due_on.weekday() < 5 for row in after.new)


def test_grace_that_was_agreed_goes_on() -> None:
    terms = _terms(grace=Grace(principal=5))
    standing = _standing(terms, date(2026, 4, 15))

    after = rescheduling.reschedule(standing, Alteration(prepaid=D(20_000)))

    assert [row.principal for row in after.new[:2]] == [0, 0]
    assert after.new[2].principal > 0


def test_agreed_rows_are_cut_from_the_end_or_made_smaller() -> None:
    rows = tuple(CustomRow(date(2026, month, 1), D(30_000)) for month in (3, 6, 9, 12))
    terms = _terms(method=Method.CUSTOM, instalments=4, rows=rows)
    standing = _standing(terms, date(2026, 3, 1))

    shorter = rescheduling.reschedule(
        standing, Alteration(prepaid=D(40_000), keeps=Keeps.INSTALMENT)
    )
    smaller = rescheduling.reschedule(standing, Alteration(prepaid=D(45_000)))

    assert [row.principal for row in shorter.new] == [30_000, 20_000]
    assert [row.principal for row in smaller.new] == [15_000, 15_000, 15_000]
