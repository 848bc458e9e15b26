"""What need not be tried, because it could not turn the outcome."""

import copy
import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.decisions import changes, policy, policy_document, turning
from apps.decisions.changes import MOVES, REACHES, Lever
from apps.decisions.models import Decision
from apps.decisions.policy_inputs import MOVED_BY_REQUEST
from apps.decisions.tests import factories
from apps.decisions.trying import Trial, of_decision

TABLE = [
    {"what": "amount", "most": "0.6", "weight": "1"},
    {"what": "term_months", "most": "36", "weight": "1"},
    {"what": "obligations_monthly", "most": "0.5", "weight": "2"},
    {"what": "revolving_balance", "most": "0.5", "weight": "2"},
    {"what": "employment_months", "most": "24", "weight": "4"},
    {"what": "income_verification", "weight": "1"},
    {"what": "security_value", "most": "1", "weight": "3"},
    {"what": "guarantor", "weight": "3"},
]
# Every input at its worst that a test below does not move, and the facts that go with it.
DECLINED = {
    "pd": Decimal("0.5"),
    "amount": Decimal(100_000),
    "foir": Decimal("0.9"),
    "ltv": Decimal("0.5"),
    "age_years": Decimal(40),
    "income_verification": "declared",
    "guarantor_exposure": Decimal(5),
}


def _rule(name: str, test: str, threshold: Any) -> policy.Rule:
    return policy.Rule(f"about_{name}", "", name, test, threshold, "decline")  # type: ignore[arg-type]


def _asked(*rules: policy.Rule) -> policy.Trace:
    written = policy_document.parse(factories.document()).with_rules(rules)
    return policy.evaluate(written, DECLINED, product="in-personal", currency="INR")


def _levers(*names: str) -> tuple[Lever, ...]:
    return tuple(Lever(name, (1,), (Decimal(1),)) for name in names)


def _able(names: tuple[str, ...], *rules: policy.Rule) -> list[str]:
    return [one.what for one in turning.able(_levers(*names), _asked(*rules))]


AGE = _rule("age_years", "at_least", Decimal(60))
BURDEN = _rule("foir", "at_most", Decimal("0.5"))
SHOWN = _rule("income_verification", "one_of", ("documents",))
SECURED = _rule("ltv", "at_most", Decimal("0.8"))
GUARANTEED = _rule("guarantor_exposure", "at_most", Decimal(10))


def test_nothing_is_able_against_a_rule_that_nothing_moves() -> None:
    assert _able(tuple(REACHES), AGE, BURDEN) == []
    assert _able(("security_value",), SHOWN) == []


def test_what_no_rule_looks_at_is_left_out() -> None:
    names = ("amount", "security_value", "guarantor")

    assert _able(names, BURDEN) == ["amount"]
    assert _able(names, BURDEN, SECURED) == ["amount", "security_value"]


def test_what_passes_as_it_is_and_nothing_else_moves_is_left_out() -> None:
    stricter = dataclasses.replace(GUARANTEED, threshold=Decimal(1))

    assert _able(("amount", "guarantor"), GUARANTEED) == ["amount"]
    assert _able(("amount", "guarantor"), stricter) == ["amount", "guarantor"]


def test_what_alone_moves_a_rule_against_it_is_needed() -> None:
    levers = _levers("amount", "obligations_monthly", "income_verification")

    assert turning.needed(levers, _asked(BURDEN, SHOWN)) == {"income_verification"}
    assert turning.needed(levers, _asked(BURDEN)) == frozenset()


def test_a_search_asks_nothing_of_changes_without_what_is_needed() -> None:
    asked: list[set[str]] = []

    def passes(point: changes.Point) -> bool:
        asked.append(set(point))
        return "b" in point

    found = changes.search(_levers("a", "b", "c"), passes, needed=frozenset({"b"}))

    assert found.suggestions == ({"b": 1},)
    assert all("b" in one for one in asked)


def test_only_rules_that_something_moves_are_asked_while_searching() -> None:
    whole = policy_document.parse(factories.document())

    few = turning.moved_rules(whole, _levers("security_value", "guarantor"))
    more = turning.moved_rules(whole, _levers("security_value", "employment_months"))

    assert {rule.input for rule in few.rules} <= {"ltv", "guarantor_exposure"}
    assert {rule.input for rule in more.rules} - {"ltv", "pd", "employment_months"} == {"foir"}
    assert few.ladders == more.ladders == whole.ladders


def test_everything_that_may_change_says_what_it_moves() -> None:
    assert MOVES.keys() == REACHES.keys()
    assert MOVES["amount"] == MOVES["term_months"] == MOVED_BY_REQUEST


@pytest.fixture
def declined(pune: Branch, alice: User, rita: User, mark: User) -> Decision:
    return _declined(pune, alice, rita, mark, foir_cap="0.35")


def _declined(pune: Branch, alice: User, rita: User, mark: User, **limits: str) -> Decision:
    written = copy.deepcopy(factories.document())
    for rule in written["rules"]:
        rule["threshold"] = limits.get(rule["code"], rule["threshold"])
    factories.stage(pune, rita, mark, document={**written, "changes": TABLE})
    told = {"verification": "declared", "documented_net_monthly_income": None, "documented_by": ""}
    borrower = {"obligations": ({"monthly_payment": Decimal(12_000)},), "employment": told}
    made = factories.assessed(alice, borrower=borrower)
    assert made.outcome == "decline"
    return made


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("what", "to"),
    [
        ("amount", Decimal(150_000)),
        ("term_months", 36),
        ("obligations_monthly", Decimal(6_000)),
        ("revolving_balance", Decimal(0)),
        ("employment_months", 90),
        ("income_verification", "documents"),
        ("security_value", Decimal(400_000)),
        ("guarantor", "other"),
    ],
)
def test_a_change_moves_no_more_inputs_than_it_says(
    declined: Decision, what: str, to: changes.Value
) -> None:
    trial = of_decision(declined)

    before, after = (trial.tried(point).judged.values for point in ({}, {what: to}))

    moved = {name for name in after if after[name] != before.get(name)}
    assert moved
    assert moved <= MOVES[what]


@pytest.mark.django_db
def test_a_lower_risk_lowers_the_price_and_with_it_the_burden(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    written = factories.document(bands=("0.065", "0.80"))
    written["ladders"][0]["bands"][1]["rate_addon"] = "0.06"
    for rule in written["rules"]:
        rule["threshold"] = "0.368" if rule["code"] == "foir_cap" else rule["threshold"]
    table = [{"what": "employment_months", "most": "24", "weight": "1"}]
    factories.stage(pune, rita, mark, document={**written, "changes": table})

    made = factories.assessed(
        alice,
        borrower={
            "obligations": ({"monthly_payment": Decimal(12_000)},),
            "employment": {"months_employed": 2},
        },
    )

    assert (made.outcome, made.trace["band"]["name"]) == ("decline", "B")
    [told] = made.recourse["suggestions"]
    assert [one["what"] for one in told["changes"]] == ["employment_months"]
    assert (told["outcome"], told["annual_rate"]) == ("approve", "0.160000")
    trial = of_decision(made)
    moved = trial.tried({"employment_months": told["changes"][0]["to"]}).judged.values
    assert {one for one in moved if moved[one] != trial.as_asked.judged.values[one]} == MOVES[
        "employment_months"
    ] - {"pay_committed"}


@pytest.mark.django_db
def test_it_finds_what_a_search_without_any_knowledge_finds(declined: Decision) -> None:
    trial = of_decision(declined)

    def passes(point: changes.Point) -> bool:
        tried = trial.found_at(point)
        return tried is not None and tried.judged.trace.outcome == "approve"

    levers = changes.levers(trial.policy.changes, trial.standing)
    plain = changes.search(levers, passes).suggestions

    told = declined.recourse["suggestions"]
    assert [[one["what"] for one in each["changes"]] for each in told] == [
        list(one) for one in plain
    ]
    assert len(told) == 3


@pytest.mark.django_db
def test_a_hopeless_decline_is_tried_at_two_points_only(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    made = _declined(pune, alice, rita, mark, age_minimum="60")
    trial = of_decision(made)

    again = trial.search()
    assert again["furthest"]["changes"] == made.recourse["furthest"]["changes"]
    assert made.recourse["suggestions"] == []
    assert len(trial.memory) == 2


@pytest.mark.django_db
def test_who_is_not_declined_pays_for_no_search(
    pune: Branch, alice: User, rita: User, mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {**factories.document(), "changes": TABLE}
    factories.stage(pune, rita, mark, document=written)
    searched: list[Trial] = []
    monkeypatch.setattr(Trial, "search", searched.append)

    made = [factories.assessed(alice), factories.assessed(alice, amount=Decimal(400_000))]

    assert {one.outcome for one in made} <= {"approve", "refer"}
    assert searched == []
    assert [one.recourse for one in made] == [None, None]
