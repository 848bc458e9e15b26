"""The pure part: worth, rank by rank, who answers for what, and the rules with their days."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.applications.affordability import Security
from apps.collateral import liability, rules, waterfall, worth
from apps.collateral.liability import Amount, Role
from apps.collateral.models import Kind
from apps.collateral.waterfall import Charge
from apps.collateral.worth import Part

ON = date(2026, 11, 20)
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)
RULES = rules.read(json.loads((settings.BASE_DIR / "fixtures/collateral_rules.json").read_text()))


def _cap(rule: str, loan: int, on: date = ON) -> Decimal | None:
    return RULES.cap(rule, loan=Decimal(loan), country="IN", currency="INR", on=on)


@pytest.mark.parametrize(
    ("value", "loan", "allowed"),
    [
        pytest.param(300_000, 250_000, True, id="rule-book-6.11-T3"),
        pytest.param(600_000, 500_000, False, id="rule-book-6.11-T4"),
    ],
)
def test_it_keeps_the_caps_on_gold(value: int, loan: int, *, allowed: bool) -> None:
    ltv = worth.ltv(Decimal(loan), Decimal(value))

    assert ltv is not None
    assert round(ltv, 6) == Decimal("0.833333")
    assert worth.within_caps(Decimal(loan), [Part(Decimal(value), _cap("gold", loan))]) is allowed


@pytest.mark.parametrize(
    ("rule", "loan", "cap"),
    [
        ("gold", 250_000, "0.85"),
        ("gold", 250_001, "0.80"),
        ("gold", 500_000, "0.80"),
        ("gold", 500_001, "0.75"),
        ("housing", 3_000_000, "0.90"),
        ("housing", 3_000_001, "0.80"),
        ("housing", 7_500_000, "0.80"),
        ("housing", 7_500_001, "0.75"),
    ],
)
def test_it_knows_the_cap_by_the_size_of_the_loan(rule: str, loan: int, cap: str) -> None:
    assert _cap(rule, loan) == Decimal(cap)


def test_it_judges_a_past_day_by_the_caps_of_that_day() -> None:
    assert _cap("gold", 100_000, on=date(2026, 3, 31)) is None
    assert _cap("gold", 100_000, on=date(2026, 4, 1)) == Decimal("0.85")


def test_it_caps_nothing_in_another_country() -> None:
    assert RULES.cap("gold", loan=Decimal(1), country="KE", currency="KES", on=ON) is None


def test_it_takes_the_lower_of_price_and_valuation() -> None:
    """Rule book 9.2 T2."""
    value = Security(Decimal(3_200_000), Decimal(3_000_000)).value

    assert worth.ltv(Decimal(2_400_000), value) == Decimal("0.8")


def test_it_has_no_ratio_to_nothing() -> None:
    assert worth.ltv(Decimal(1), Decimal(0)) is None


@pytest.mark.parametrize(
    ("realisable", "unsecured"),
    [
        pytest.param(100_000, True, id="rule-book-1.9-T1"),
        pytest.param(0, True, id="rule-book-1.9-T3"),
        pytest.param(100_001, False, id="just-above-a-tenth"),
    ],
)
def test_it_says_what_counts_as_unsecured(realisable: int, *, unsecured: bool) -> None:
    assert worth.is_unsecured(Decimal(1_000_000), Decimal(realisable)) is unsecured


@pytest.mark.parametrize(
    ("value", "standard"),
    [
        pytest.param(1_000_000, True, id="rule-book-1.15-T1"),
        pytest.param(850_000, False, id="rule-book-1.15-T2"),
    ],
)
def test_it_says_whether_the_margin_on_a_deposit_is_adequate(value: int, *, standard: bool) -> None:
    assert worth.keeps_standard(Decimal(value), Decimal(880_000)) is standard


def test_it_realises_the_less_of_haircut_and_valuer() -> None:
    value, haircut = Decimal(300_000), Decimal("0.30")

    assert worth.realisable(value, haircut=haircut) == Decimal(210_000)
    assert worth.realisable(value, haircut=haircut, stated=Decimal(250_000)) == Decimal(210_000)
    assert worth.realisable(value, haircut=haircut, stated=Decimal(150_000)) == Decimal(150_000)


def test_it_serves_liens_by_rank() -> None:
    third, first = Charge(3, Decimal(50), "c"), Charge(1, Decimal(60), "a")
    found = waterfall.shares(Decimal(100), [third, first])

    assert [(one.charge.key, one.before, one.gets, one.short) for one in found] == [
        ("a", Decimal(100), Decimal(60), Decimal(0)),
        ("c", Decimal(40), Decimal(40), Decimal(10)),
    ]
    assert waterfall.left_over(Decimal(100), [first]) == Decimal(40)
    assert waterfall.shortfall(Decimal(100), [first, third]) == Decimal(10)


@given(value=AMOUNTS, secured=st.lists(AMOUNTS, max_size=8))
def test_it_never_hands_out_more_than_the_value(value: Decimal, secured: list[Decimal]) -> None:
    charges = [Charge(rank, amount, rank) for rank, amount in enumerate(secured, start=1)]
    found = waterfall.shares(value, charges)
    together = sum((one.gets for one in found), Decimal(0))

    assert together == min(value, sum(secured, Decimal(0)))
    assert all(0 <= one.gets <= one.charge.secured for one in found)
    assert together + waterfall.left_over(value, charges) == value
    assert together + waterfall.shortfall(value, charges) == sum(secured, Decimal(0))


@given(value=AMOUNTS, secured=st.lists(AMOUNTS, min_size=2, max_size=6), later=AMOUNTS)
def test_it_takes_nothing_from_an_earlier_rank_for_a_later_one(
    value: Decimal, secured: list[Decimal], later: Decimal
) -> None:
    charges = [Charge(rank, amount, rank) for rank, amount in enumerate(secured, start=1)]
    more = [*charges, Charge(len(charges) + 1, later, "later")]

    before, after = waterfall.shares(value, charges), waterfall.shares(value, more)

    assert after[:-1] == before


@pytest.mark.parametrize(
    ("value", "charges"),
    [
        (Decimal(-1), []),
        (Decimal(1), [Charge(1, Decimal(-1), "a")]),
        (Decimal(1), [Charge(1, Decimal(1), "a"), Charge(1, Decimal(1), "b")]),
    ],
    ids=["negative value", "negative lien", "one rank twice"],
)
def test_it_refuses_a_waterfall_that_cannot_be(value: Decimal, charges: list[Charge]) -> None:
    with pytest.raises(ValueError, match="can"):
        waterfall.shares(value, charges)


def test_it_knows_what_each_answers_for() -> None:
    owed = Decimal("100000.01")

    assert liability.answers_for(owed, currency="INR") == owed
    half = liability.answers_for(owed, currency="INR", share=Decimal("0.5"))
    assert half == Decimal("50000.01")
    capped = liability.answers_for(owed, currency="INR", ceiling=Decimal(30_000))
    assert capped == Decimal(30_000)


@given(owed=AMOUNTS, share=st.decimals(min_value="0.0001", max_value="0.9999", places=4))
def test_it_never_asks_for_more_than_is_owed(owed: Decimal, share: Decimal) -> None:
    assert 0 <= liability.answers_for(owed, currency="INR", share=share) <= owed


def test_it_adds_up_by_currency_without_what_is_only_asked_for() -> None:
    lines = [
        Amount(Role.BORROWER, "KES", Decimal(5)),
        Amount(Role.BORROWER, "INR", Decimal(100)),
        Amount(Role.BORROWER, "INR", Decimal(900), is_owed=False),
        Amount(Role.CO_BORROWER, "INR", Decimal(20)),
        Amount(Role.GUARANTOR, "INR", Decimal(3)),
    ]

    rupees, shillings = liability.totals(lines)

    assert (rupees.currency, rupees.together, rupees.asked) == ("INR", Decimal(123), Decimal(900))
    assert (rupees.as_borrower, rupees.as_co_borrower, rupees.as_guarantor) == (100, 20, 3)
    assert (shillings.currency, shillings.together) == ("KES", Decimal(5))


def test_it_leaves_no_room_beyond_the_whole_debt() -> None:
    assert liability.leaves_room([Decimal("0.6")], Decimal("0.4"))
    assert not liability.leaves_room([Decimal("0.6")], Decimal("0.4001"))


def test_it_judges_every_kind_since_the_first_day() -> None:
    for kind in Kind.values:
        assert RULES.terms(kind, date(2015, 1, 1)).source
    assert not RULES.terms("other", ON).counts
    assert {row.kind for row in RULES.kinds if row.keeps_standard} == {"deposit", "life_policy"}
    with pytest.raises(LookupError):
        RULES.terms("gold", date(2014, 12, 31))


def _document(**changes: Any) -> dict[str, Any]:
    kind = {
        "kind": "gold",
        "effective_from": "2020-01-01",
        "haircut": "0.1",
        "valuation_days": 90,
        "needs_insurance": False,
        "counts": True,
        "keeps_standard": False,
        "cap": "gold",
        "source": "test",
    }
    cap = {
        "rule": "gold",
        "country": "IN",
        "currency": "INR",
        "effective_from": "2020-01-01",
        "up_to": None,
        "share": "0.75",
        "source": "test",
    }
    return {
        "kinds": [{**kind, **changes.get("kind", {})}, *changes.get("more", [])],
        "caps": [{**cap, **changes.get("cap", {})}],
    }


def test_it_takes_a_later_row_from_its_day_on() -> None:
    [first] = _document()["kinds"]
    later = {**first, "effective_from": "2026-06-01", "haircut": "0.25"}
    found = rules.read(_document(more=[later]))

    assert found.terms("gold", date(2026, 5, 31)).haircut == Decimal("0.1")
    assert found.terms("gold", date(2026, 6, 1)).haircut == Decimal("0.25")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"kind": {"haircut": 0.1}}, "kinds[0].haircut"),
        ({"kind": {"haircut": "1"}}, "kinds[0]"),
        ({"kind": {"haircut": "much"}}, "kinds[0].haircut"),
        ({"kind": {"valuation_days": 0}}, "kinds[0]"),
        ({"kind": {"counts": "yes"}}, "kinds[0].counts"),
        ({"kind": {"colour": "red"}}, "kinds[0]"),
        ({"kind": {"effective_from": "2020-13-01"}}, "kinds[0].effective_from"),
        ({"cap": {"share": "1.1"}}, "caps[0]"),
        ({"cap": {"up_to": "1000"}}, "caps"),
        ({"more": [_document()["kinds"][0]]}, "kinds"),
    ],
    ids=[
        "a float",
        "a whole haircut",
        "no number",
        "no life",
        "no yes or no",
        "a name too many",
        "no day",
        "more than the value",
        "no row without a bound",
        "two rows of one day",
    ],
)
def test_it_refuses_rules_with_the_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(rules.RulesRefused) as refusal:
        rules.read(_document(**changes))

    assert refusal.value.place == place


def test_it_lends_on_several_items_as_each_allows() -> None:
    parts = [Part(Decimal(100), Decimal("0.75")), Part(Decimal(100))]

    assert worth.most_lent(parts) == Decimal(175)
    assert worth.within_caps(Decimal(175), parts)
    assert not worth.within_caps(Decimal(176), parts)
