"""Grace on principal, on paying interest, on being charged it; inside the term or extending it."""

from decimal import Decimal

import pytest

from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Grace, GraceTerm, Method, Row
from apps.schedules.tests.factories import make


def _rows(grace: Grace, **changed: object) -> tuple[Row, ...]:
    return building.build(make(grace=grace, **changed)).rows


def _amounts(rows: tuple[Row, ...], name: str) -> list[str]:
    return [str(getattr(row, name)) for row in rows]


def test_it_pays_interest_only_while_principal_rests() -> None:
    rows = _rows(Grace(principal=3))

    # 120,000 over the nine months that are left.
    assert _amounts(rows[:3], "instalment") == ["1200.00"] * 3
    assert set(_amounts(rows[3:-1], "instalment")) == {"14008.84"}
    assert len(rows) == 12


def test_it_extends_the_term_by_the_grace() -> None:
    rows = _rows(Grace(principal=3, term=GraceTerm.EXTENDING))

    assert len(rows) == 15
    assert set(_amounts(rows[3:-1], "instalment")) == {"10661.85"}
    assert str(rows[-1].instalment) == "10661.91"


def test_it_adds_unpaid_interest_to_the_balance_where_it_is_capitalised() -> None:
    schedule = building.build(make(grace=Grace(principal=2, interest=2, capitalised=True)))
    rows = schedule.rows

    assert _amounts(rows[:2], "instalment") == ["0.00", "0.00"]
    assert _amounts(rows[:2], "capitalised") == ["1200.00", "1212.00"]
    assert str(rows[2].opening) == "122412.00"
    # 122,412 over ten months at 1 %.
    assert set(_amounts(rows[2:-1], "instalment")) == {"12924.51"}
    assert schedule.total_capitalised == Decimal("2412.00")
    assert schedule.total_principal == Decimal(120_000)
    assert sum(row.principal for row in rows) == Decimal(122_412)


def test_it_collects_unpaid_interest_after_the_grace_without_interest_on_it() -> None:
    rows = _rows(Grace(principal=2, interest=2))

    # 120,000 over ten months, and twice 1,200 with the first of them.
    assert _amounts(rows[:2], "instalment") == ["0.00", "0.00"]
    assert str(rows[2].interest) == "3600.00"
    assert str(rows[2].instalment) == "15069.85"
    assert set(_amounts(rows[3:-1], "instalment")) == {"12669.85"}


def test_it_pays_no_interest_and_then_some_while_principal_rests() -> None:
    rows = _rows(Grace(principal=3, interest=1))

    assert _amounts(rows[:3], "instalment") == ["0.00", "2400.00", "1200.00"]


def test_it_charges_nothing_for_free_instalments() -> None:
    schedule = building.build(make(grace=Grace(interest_free=3)))
    rows = schedule.rows

    # 120,000 = A x (3 + (1 - 1.01^-9) / 0.01); A = 10,375.22
    assert _amounts(rows[:3], "interest") == ["0.00"] * 3
    assert set(_amounts(rows[:-1], "instalment")) == {"10375.22"}
    assert [row.fraction for row in rows[:3]] == [0, 0, 0]


def test_it_rests_equal_principal() -> None:
    rows = _rows(Grace(principal=2), method=Method.EQUAL_PRINCIPAL)

    assert _amounts(rows[:3], "principal") == ["0.00", "0.00", "12000.00"]
    assert _amounts(rows[:4], "interest") == ["1200.00", "1200.00", "1200.00", "1080.00"]


def test_it_capitalises_the_interest_of_a_bullet() -> None:
    rows = _rows(Grace(interest=2, capitalised=True), method=Method.INTEREST_ONLY, instalments=3)

    assert _amounts(rows, "instalment") == ["0.00", "0.00", "123636.12"]
    assert _amounts(rows, "closing") == ["121200.00", "122412.00", "0.00"]


def test_it_rests_a_flat_loan() -> None:
    rows = _rows(Grace(principal=2, interest=1), method=Method.FLAT)

    assert _amounts(rows[:4], "principal") == ["0.00", "0.00", "12000.00", "12000.00"]
    assert _amounts(rows[:4], "interest") == ["0.00", "2400.00", "1200.00", "1200.00"]


def test_it_frees_flat_instalments_of_interest() -> None:
    rows = _rows(Grace(interest_free=2), method=Method.FLAT)

    assert _amounts(rows[:3], "interest") == ["0.00", "0.00", "1200.00"]
    assert sum(row.interest for row in rows) == Decimal(12_000)


@pytest.mark.parametrize(
    ("method", "grace", "field"),
    [
        (Method.EQUAL_INSTALMENT, Grace(principal=12), "grace.principal"),
        (Method.EQUAL_INSTALMENT, Grace(interest_free=12), "grace.interest_free"),
        (Method.EQUAL_INSTALMENT, Grace(principal=1, interest=2), "grace.interest"),
        (Method.EQUAL_INSTALMENT, Grace(principal=-1), "grace.principal"),
        (Method.INTEREST_ONLY, Grace(principal=2), "grace.principal"),
        (Method.INTEREST_ONLY, Grace(interest=12), "grace.interest"),
        (Method.SINGLE, Grace(principal=1), "grace.principal"),
        (Method.FLAT, Grace(principal=1, interest=1, capitalised=True), "grace.capitalised"),
    ],
)
def test_it_refuses_grace_that_does_not_go_with_the_loan(
    method: Method, grace: Grace, field: str
) -> None:
    with pytest.raises(TermsRefused) as refusal:
        building.build(make(method=method, grace=grace))

    assert set(refusal.value.fields) == {field}


def test_it_leaves_room_for_any_grace_that_extends_the_term() -> None:
    rows = _rows(Grace(principal=24, term=GraceTerm.EXTENDING))

    assert len(rows) == 36
