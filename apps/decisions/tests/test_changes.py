"""The table of what may change, and the search within it: pure, many cases."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import (
    changes,
    policy_changes,
    policy_difference,
    policy_document,
    policy_sentences,
)
from apps.decisions.changes import REACHES, Allowed, Lever, Standing
from apps.decisions.policy_problems import PolicyRefused
from apps.decisions.tests import factories

NOW = Standing(
    amount=Decimal(200_000),
    least_amount=Decimal(25_000),
    term_months=24,
    terms=(18, 30, 12, 36),
    obligations_monthly=Decimal(12_000),
    revolving_balance=Decimal(40_000),
    security_value=None,
    employment_months=7,
    income_verification="declared",
    guarantor_exposure=Decimal(0),
)


def _row(what: str, most: str | None = None, weight: str = "1") -> Allowed:
    return Allowed(what, None if most is None else Decimal(most), Decimal(weight))


def _lever(what: str, most: str | None = None) -> Lever | None:
    return next(iter(changes.levers([_row(what, most)], NOW)), None)


@pytest.mark.parametrize(
    ("what", "most", "first", "last", "count"),
    [
        ("amount", "0.5", Decimal(199_000), Decimal(100_000), 100),
        ("amount", "0.95", Decimal(199_000), Decimal(25_000), 175),
        ("obligations_monthly", "0.5", Decimal(11_000), Decimal(6_000), 6),
        ("revolving_balance", "1", Decimal(39_000), Decimal(0), 40),
        ("security_value", "0.5", Decimal(10_000), Decimal(100_000), 10),
        ("employment_months", "24", 8, 31, 24),
        ("term_months", "6", 18, 30, 2),
        ("income_verification", None, "documents", "documents", 1),
    ],
)
def test_it_moves_by_round_figures_as_far_as_the_table_allows(
    what: str, most: str | None, first: object, last: object, count: int
) -> None:
    found = _lever(what, most)

    assert found is not None
    assert (found.levels[0], found.levels[-1], len(found.levels)) == (first, last, count)
    assert max(found.costs) <= 1
    assert list(found.costs) == sorted(found.costs)


@pytest.mark.parametrize(
    ("most", "own", "last", "count"),
    [
        ("1", 4_000, 4_000, 8),
        ("0.5", 4_000, 8_000, 4),
        ("1", 11_500, None, 0),
        ("1", 12_000, None, 0),
    ],
)
def test_what_is_paid_to_us_is_no_way_to_pay_less(
    most: str, own: int, last: int | None, count: int
) -> None:
    now = replace(NOW, own_monthly=Decimal(own))
    found = changes.levers([_row("obligations_monthly", most)], now)

    assert [(one.levels[-1], len(one.levels)) for one in found] == (
        [(last, count)] if count else []
    )
    assert all(cost <= 1 for one in found for cost in one.costs)


@pytest.mark.parametrize(
    ("what", "most", "has"),
    [
        ("obligations_monthly", "1", {"obligations_monthly": None}),
        ("obligations_monthly", "1", {"obligations_monthly": Decimal(0)}),
        ("employment_months", "24", {"employment_months": None}),
        ("income_verification", None, {"income_verification": "documents"}),
        ("income_verification", None, {"income_verification": ""}),
        ("guarantor", None, {"guarantor_exposure": Decimal(0)}),
        ("amount", "0.5", {"amount": Decimal(25_000)}),
        ("term_months", "2", {}),
    ],
)
def test_what_is_not_there_cannot_change(
    what: str, most: str | None, has: dict[str, object]
) -> None:
    assert changes.levers([_row(what, most)], replace(NOW, **has)) == ()  # type: ignore[arg-type]


def test_it_prefers_one_change_then_the_cheapest() -> None:
    table = [_row("amount", "0.5", "1"), _row("obligations_monthly", "0.5", "9")]
    found = changes.levers([*table, _row("employment_months", "24", "2")], NOW)

    def passes(point: changes.Point) -> bool:
        saved = Decimal(200_000) - Decimal(point.get("amount", 200_000))
        repaid = Decimal(12_000) - Decimal(point.get("obligations_monthly", 12_000))
        return saved + repaid * 10 >= 50_000

    answer = changes.search(found, passes)

    assert answer.suggestions == (
        {"amount": Decimal(150_000)},
        {"obligations_monthly": Decimal(7_000)},
    )


def test_two_are_moved_where_one_is_not_enough() -> None:
    found = changes.levers([_row("amount", "0.1"), _row("employment_months", "6")], NOW)

    def passes(point: changes.Point) -> bool:
        return point.get("amount", NOW.amount) <= 190_000 and point.get("employment_months", 7) >= 9  # type: ignore[operator]

    answer = changes.search(found, passes)

    assert answer.suggestions == ({"amount": Decimal(190_000), "employment_months": 9},)


def test_nothing_is_said_where_nothing_does() -> None:
    found = changes.levers([_row("amount", "0.5"), _row("term_months", "36")], NOW)

    answer = changes.search(found, lambda point: False)

    assert answer.suggestions == ()
    assert answer.furthest == {"amount": Decimal(100_000)}
    assert changes.search((), lambda point: False).furthest == {}


numbers = st.lists(st.integers(1, 6), min_size=1, max_size=4)


@given(
    sizes=numbers,
    gains=st.lists(st.integers(0, 5), min_size=4, max_size=4),
    need=st.integers(1, 30),
)
def test_every_answer_passes_and_none_can_be_taken_back(
    sizes: list[int], gains: list[int], need: int
) -> None:
    levers = tuple(
        Lever(f"x{place}", tuple(range(1, size + 1)), tuple(Decimal(n) for n in range(1, size + 1)))
        for place, size in enumerate(sizes)
    )

    def passes(point: changes.Point) -> bool:
        return sum(gains[int(what[1:])] * int(level) for what, level in point.items()) >= need

    answer = changes.search(levers, passes)

    for point in answer.suggestions:
        assert passes(point)
        for what, level in point.items():
            less = {**point, what: int(level) - 1}
            assert not passes({name: at for name, at in less.items() if at})
    sets = [frozenset(point) for point in answer.suggestions]
    assert all(not one < other for one, other in product(sets, sets))
    possible = any(
        passes({f"x{place}": sizes[place] for place in chosen})
        for chosen in _up_to_three(len(sizes))
    )
    assert bool(answer.suggestions) == possible


def _up_to_three(count: int) -> list[tuple[int, ...]]:
    return [
        chosen
        for flags in product((0, 1), repeat=count)
        if 0 < len(chosen := tuple(n for n, on in enumerate(flags) if on)) <= 3
    ]


def _refusal(*rows: object) -> str:
    with pytest.raises(PolicyRefused) as refusal:
        policy_document.parse({**factories.document(), "changes": list(rows)})
    return str(refusal.value)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("amount", "not an object"),
        ({"what": "age_years", "most": "1", "weight": "1"}, "names nothing"),
        ({"what": "gender", "weight": "1"}, "names nothing"),
        ({"what": "amount", "most": "0", "weight": "1"}, "above 0 and not above 1"),
        ({"what": "amount", "most": "1.2", "weight": "1"}, "above 0 and not above 1"),
        ({"what": "term_months", "most": "1.5", "weight": "1"}, "above 0 and not above 480"),
        ({"what": "amount", "most": "0.5"}, "“weight” must be digits"),
        ({"what": "amount", "most": 0.5, "weight": "1"}, "“most” must be digits"),
        ({"what": "amount", "most": "0.5", "weight": "0"}, "cost must lie above 0"),
        ({"what": "guarantor", "most": "1", "weight": "1"}, "has no reach"),
        ({"what": "amount", "most": "0.5", "weight": "1", "why": "so"}, "“why” means nothing"),
    ],
)
def test_a_table_that_is_not_sound_is_refused(row: object, why: str) -> None:
    assert why in _refusal(row)


def test_a_table_names_everything_once() -> None:
    row = {"what": "amount", "most": "0.5", "weight": "1"}

    assert "Change amount: it is in the table twice." in _refusal(row, row)
    assert "the table of changes is empty" in _refusal()


def test_every_change_has_a_reach_in_words_and_differences_are_told() -> None:
    table = [
        {"what": what, "weight": "2", **({} if kind == "switch" else {"most": "1"})}
        for what, kind in REACHES.items()
    ]
    bare = policy_document.parse(factories.document())
    whole = policy_document.parse({**factories.document(), "changes": table})
    dearer = replace(whole, changes=tuple(replace(one, weight=Decimal(3)) for one in whole.changes))

    told = [
        [
            policy_sentences.difference(one, names={}, currency="INR")
            for one in policy_difference.differences(*pair, [])
        ]
        for pair in ((bare, whole), (whole, bare), (whole, dearer))
    ]

    assert [len(one) for one in told] == [len(REACHES)] * 3
    assert told[0][0] == "Applicants may now be told to change: Amount, down by at most 100\u202f%."
    assert "no longer" in told[1][0]
    assert told[2][0] == "A change of “Amount” now counts 3, before 2."
    assert policy_changes.allowed(table[0], 1) == whole.changes[0]
