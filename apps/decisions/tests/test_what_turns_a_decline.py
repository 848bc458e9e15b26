"""What would have turned a decline: found by the table, verified, stored, told, replayed."""

import copy
import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from apps.accounts.models import Branch, User
from apps.applications.tests import factories as applications
from apps.decisions import recourse_words, services, trying
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.decisions.tests.replays import tamper

pytestmark = pytest.mark.django_db
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
DEBT = {"monthly_payment": Decimal(12_000)}


def _document(**limits: str) -> dict[str, Any]:
    written = copy.deepcopy(factories.document())
    for rule in written["rules"]:
        rule["threshold"] = limits.get(rule["code"], rule["threshold"])
    return {**written, "changes": TABLE}


@pytest.fixture
def declined(pune: Branch, alice: User, rita: User, mark: User) -> Decision:
    """A loan whose instalment, beside 12,000 owed elsewhere, takes more than 35 % of 60,000."""
    factories.stage(pune, rita, mark, document=_document(foir_cap="0.35"))
    made = factories.assessed(alice, borrower={"obligations": (DEBT,)})
    assert made.outcome == "decline"
    return made


def _sets(decision: Decision) -> list[set[str]]:
    assert decision.recourse is not None
    return [{one["what"] for one in each["changes"]} for each in decision.recourse["suggestions"]]


def test_it_finds_up_to_three_different_changes(declined: Decision) -> None:
    found = _sets(declined)

    assert found == [{"amount"}, {"term_months"}, {"obligations_monthly"}]
    assert {one["outcome"] for one in declined.recourse["suggestions"]} == {"approve"}
    assert "furthest" not in declined.recourse


def test_every_change_turns_the_decision_when_somebody_makes_it(
    declined: Decision, alice: User
) -> None:
    for one in declined.recourse["suggestions"]:
        moved = {each["what"]: each["to"] for each in one["changes"]}
        debt = Decimal(moved.get("obligations_monthly", "12000"))

        made = factories.assessed(
            alice,
            borrower={"obligations": ({"monthly_payment": debt},)},
            amount=Decimal(moved.get("amount", "200000")),
            term_months=moved.get("term_months", 24),
        )

        assert made.outcome == "approve"
        assert made.annual_rate == Decimal(one["annual_rate"])
        assert made.score_run is not None
        changed = {**declined.score_run.features, **one["features"]}
        assert made.score_run.features == changed


def test_an_earlier_score_is_asked_without_features_that_came_later(declined: Decision) -> None:
    trial = trying.of_decision(declined)
    point = {"amount": Decimal(100_000)}
    moved = trial.tried(point).features
    later = next(name for name in trial.scored if name not in moved)
    scored = {name: value for name, value in trial.scored.items() if name != later}

    earlier = dataclasses.replace(trial, scored=scored).tried(point)

    assert earlier.features == moved
    assert earlier.judged == trial.tried(point).judged


def test_a_smaller_change_would_not_do(declined: Decision, alice: User) -> None:
    [amount] = [
        Decimal(one["changes"][0]["to"])
        for one in declined.recourse["suggestions"]
        if one["changes"][0]["what"] == "amount"
    ]

    made = factories.assessed(alice, borrower={"obligations": (DEBT,)}, amount=amount + 1000)

    assert made.outcome == "decline"


def test_to_show_the_income_by_documents_is_to_show_all_of_it(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    written = _document(foir_cap="0.35")
    shown = {"code": "shown", "sentence": "Shown.", "input": "income_verification"}
    gap = {"code": "gap", "sentence": "No gap.", "input": "income_gap", "threshold": "0.1"}
    written["rules"] += [
        {**shown, "test": "is", "threshold": "documents", "outcome": "decline"},
        {**gap, "test": "at_most", "outcome": "refer"},
    ]
    factories.stage(pune, rita, mark, document=written)
    told = {"verification": "declared", "documented_net_monthly_income": None, "documented_by": ""}
    made = factories.assessed(alice, borrower={"employment": told})

    [change] = made.recourse["suggestions"][0]["changes"]

    assert (change["what"], change["to"]) == ("income_verification", "documents")
    assert made.recourse["suggestions"][0]["inputs"]["income_gap"] == "0"
    assert factories.assessed(alice).outcome == "approve"


def test_it_says_so_when_nothing_realistic_would_do(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, document=_document(age_minimum="60"))

    made = factories.assessed(alice)

    assert made.recourse["suggestions"] == []
    assert made.recourse["furthest"]["outcome"] == "decline"
    assert made.letter is not None
    assert made.letter.facts["could_change"] == []
    assert made.letter.facts["no_change"] == recourse_words.no_change()


def test_a_policy_without_a_table_looks_at_amount_and_term_alone(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    written = _document(foir_cap="0.35")
    del written["changes"]
    factories.stage(pune, rita, mark, document=written)

    made = factories.assessed(alice, borrower={"obligations": (DEBT,)})

    assert made.outcome == "decline"
    assert made.recourse is None
    assert made.letter.facts["could_change"]


def test_the_letter_says_it_in_plain_words(declined: Decision) -> None:
    told = declined.letter.facts["could_change"]

    assert told == list(recourse_words.sentences(declined.recourse))
    assert told[0].startswith("With an amount of ₹")
    assert "instead of ₹2,00,000" in told[0]
    assert "the application would have been approved" in told[0]


def test_what_is_paid_to_us_stays_and_is_told_apart(
    pune: Branch, alice: User, rita: User, mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications.paying_us(monkeypatch, 9_000)
    document = {**_document(foir_cap="0.35"), "changes": TABLE[2:3]}
    factories.stage(pune, rita, mark, document=document)
    elsewhere = {"monthly_payment": Decimal(9_000)}

    made = factories.assessed(alice, borrower={"obligations": (elsewhere,)})

    assert (made.outcome, made.application.own_obligations_monthly) == ("decline", 9_000)
    # Half of what is paid elsewhere is as far as the table goes, and that is not enough.
    assert made.recourse["suggestions"] == []
    [furthest] = made.recourse["furthest"]["changes"]
    assert furthest == {
        "what": "obligations_monthly",
        "from": "18000.00",
        "to": "14000.00",
        "own": "9000.00",
    }
    ours = "Of what you pay a month already, ₹9,000.00 are for other loans with us."
    told = [one["sentence"] for one in made.letter.facts["reasons"]]
    assert [one for one in told if one.endswith(ours)] == [
        one for one in told if "obligations" in one
    ]
    assert any(ours in one for one in told)
    assert services.replay(actor="system:test", decision=made, now=factories.NOW).identical


def test_a_letter_says_what_of_the_obligations_stays(
    pune: Branch, alice: User, rita: User, mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications.paying_us(monkeypatch, 4_000)
    document = {**_document(foir_cap="0.35"), "changes": TABLE[2:3]}
    factories.stage(pune, rita, mark, document=document)
    elsewhere = {"monthly_payment": Decimal(8_000)}

    made = factories.assessed(alice, borrower={"obligations": (elsewhere,)})

    [told] = made.letter.facts["could_change"]
    assert "instead of ₹12,000.00, ₹4,000.00 of them still for your other loans with us" in told
    assert services.replay(actor="system:test", decision=made, now=factories.NOW).identical


@pytest.mark.parametrize("language", ["hi", "sw"])
def test_every_change_has_words(declined: Decision, language: str) -> None:
    with translation.override(language):
        for what in recourse_words.NAMES:
            value = 12 if what in ("term_months", "employment_months") else "12"
            change = {"what": what, "from": value, "to": value}
            assert recourse_words.phrase(change, currency="INR")


def test_a_replay_finds_it_again(declined: Decision) -> None:
    result = services.replay(actor="system:test", decision=declined, now=factories.NOW)

    assert result.differences == ()


def test_a_replay_tells_that_somebody_altered_it(declined: Decision) -> None:
    tamper(
        "UPDATE decisions_decision SET recourse ="
        " jsonb_set(recourse, '{suggestions,0,annual_rate}', '\"0.01\"')"
    )

    result = services.replay(
        actor="system:test", decision=Decision.objects.get(pk=declined.pk), now=factories.NOW
    )

    assert {(one.source, one.what) for one in result.differences} == {
        ("data", "decision"),
        ("data", "recourse"),
    }
