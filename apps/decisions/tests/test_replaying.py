import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import NotPermitted
from apps.decisions import (
    fingerprint,
    policy,
    policy_document,
    reasons,
    rulebook,
    selectors,
    services,
    tracing,
)
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.tests import factories, replays
from apps.letters import rendering
from apps.letters import services as letters
from apps.scoring import champion
from apps.scoring import services as scoring_services
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring

Found = list[tuple[str, str]]


def _replay(decision: Decision) -> services.ReplayResult:
    stored = selectors.decisions(decision.application).get(pk=decision.pk)
    return services.replay(actor="system:test", decision=stored, now=factories.NOW)


def _found(decision: Decision) -> Found:
    return [(one.source, one.what) for one in _replay(decision).differences]


def _found_after(statement: str, decision: Decision) -> tuple[str, Found]:
    """Return what a replay finds after a row was altered; the row is as it was again then."""
    with transaction.atomic():
        champion.forget()
        rulebook.forget()
        replays.tamper(statement)
        found = _found(decision)
        transaction.set_rollback(True)
    return statement, found


def _with_letter(alice: User, **changes: Any) -> Decision:
    decision = factories.assessed(alice, **changes)
    letters.render(letter_id=decision.letter_id, now=factories.NOW)
    return decision


def _forget_what_was_noted() -> None:
    """Make the trail one of before it noted hashes."""
    replays.tamper("UPDATE audit_event SET facts = facts - 'content_sha256' - 'policy_sha256'")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "approve"),
        ({"amount": Decimal(790_000), "term_months": 12}, "decline"),
        ({"amount": Decimal(850_000), "term_months": 60}, "refer"),
    ],
)
def test_it_comes_out_the_same(
    alice: User, stage: ModelVersion, changes: dict[str, Any], outcome: str
) -> None:
    decision = factories.assessed(alice, **changes)

    result = _replay(decision)

    assert (decision.outcome, result.differences, result.identical) == (outcome, (), True)
    noted = Event.objects.get(verb="decisions.replayed")
    assert noted.subject == f"decisions.decision:{decision.pk}"
    assert (noted.facts["identical"], noted.facts["differences"]) == (True, [])


def test_a_decision_in_a_currency_without_fractions_comes_out_the_same(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    for entity in (pune.entity, alice.branch.entity):
        entity.currency = "UGX"
        entity.save(update_fields=["currency"])
    factories.stage(pune, rita, mark)

    in_shillings = {"currency": "UGX"}

    made = factories.assessed(alice, borrower={"employment": in_shillings, "bureau": in_shillings})

    stored = selectors.decisions(made.application).get(pk=made.pk)
    assert made.application.currency == "UGX"
    # As it was reckoned, and as its column gives it back.
    assert (made.instalment, str(made.instalment)) != (stored.instalment, str(stored.instalment))
    assert fingerprint.of_decision(made) == fingerprint.of_decision(stored)
    assert _replay(made).differences == ()


def test_what_people_decided_comes_out_the_same(
    alice: User, bob: User, stage: ModelVersion
) -> None:
    decision = replays.declined_by(bob, alice)

    assert (decision.kind, decision.number) == ("human", 2)
    assert _replay(decision).differences == ()


def test_a_failed_assessment_comes_out_the_same(alice: User, pune: Branch) -> None:
    factories.policy(pune.entity)

    decision = factories.assessed(alice)

    assert decision.failure == "no_champion"
    assert _replay(decision).differences == ()


def test_a_letter_is_set_again(alice: User, stage: ModelVersion) -> None:
    assert _replay(_with_letter(alice)).differences == ()


def test_a_later_champion_and_policy_do_not_matter(
    alice: User, stage: ModelVersion, pune: Branch, rita: User, mark: User
) -> None:
    decision = factories.assessed(alice)
    scoring.champion(factories.SEGMENT, rita, mark, seed=7)
    factories.policy(pune.entity, bands=("0.001", "0.002"), effective_from=factories.NOW.date())

    assert _replay(decision).differences == ()


ALTERED_ROWS = {
    "UPDATE scoring_scorerun SET features = jsonb_set(features, '{annual_income}', '1')": [
        *("features", "PD", "points", "log-odds", "attributions", "recommendation"),
    ],
    "UPDATE scoring_scorerun SET features = '[1, 2]'": ["replay", "features", "replay"],
    "UPDATE scoring_scorerun SET features = features - 'amount'": ["features", "features"],
    "UPDATE scoring_scorerun SET pd = pd + 0.01": ["score", "PD", "judged PD"],
    "UPDATE scoring_scorerun SET attributions = jsonb_set(attributions, '{amount}', '0.5')": [
        *("score", "attributions"),
    ],
    "UPDATE decisions_decision SET inputs = jsonb_set(inputs, '{foir}', '\"0.99\"')": [
        *("decision", "trace", "outcome", "reasons"),
    ],
    "UPDATE decisions_decision SET inputs = jsonb_set(inputs, '{foir}', '0.99')": [
        *("decision", "policy inputs"),
    ],
    "UPDATE decisions_decision SET inputs = jsonb_set(inputs, '{foir}', '\"much\"')": [
        *("decision", "policy inputs"),
    ],
    "UPDATE decisions_decision SET inputs = '7'": ["decision", "policy inputs"],
    "UPDATE decisions_decision SET trace = jsonb_set(trace, '{outcome}', '\"refer\"')": [
        *("decision", "trace"),
    ],
    'UPDATE decisions_decision SET reasons = \'[{"code": "x"}]\'': ["decision", "reasons"],
    "UPDATE decisions_decision SET outcome = 'decline', is_counter_offer = NULL": [
        "decision",
        "outcome",
        "letter",
    ],
    "UPDATE decisions_decision SET amount = amount + 1": ["decision"],
    "UPDATE decisions_decision SET recommendation = '[{}]'": ["decision", "replay"],
    "UPDATE decisions_decision"
    " SET recommendation = jsonb_set(recommendation, '{0,inputs,pd}', '\"0.5\"')": [
        *("decision", "recommendation"),
    ],
}


def test_an_altered_row_is_put_down_to_the_data(alice: User, stage: ModelVersion) -> None:
    decision = factories.assessed(alice)

    for statement, differing in ALTERED_ROWS.items():
        found = _found_after(statement, decision)
        assert found == (statement, [("data", what) for what in differing])
    assert _replay(decision).differences == ()


def test_an_altered_product_or_currency_is_put_down_to_the_data(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    """By these the policy chooses its rules, and no row of the decision holds them."""
    written = factories.document()
    for rule in written["rules"]:
        rule["currencies"] = ["INR"]
    factories.stage(pune, rita, mark, document=written)
    decision = factories.assessed(alice, amount=Decimal(790_000), term_months=12)
    others = ("trace", "outcome", "reasons", "recommendation")

    _statement, found = _found_after(
        "UPDATE applications_application SET currency = 'KES'", decision
    )
    assert found[0] == ("data", "request")
    assert {source for source, _what in found} == {"data"}
    assert {what for _source, what in found} - {"request"} <= set(others)
    assert len(found) > 1
    renamed = "UPDATE products_product SET code = 'another'"
    assert _found_after(renamed, decision) == (renamed, [("data", "request")])


def test_an_altered_verdict_of_a_person_is_put_down_to_the_data(
    alice: User, bob: User, stage: ModelVersion
) -> None:
    decision = replays.declined_by(bob, alice)

    replays.tamper("UPDATE decisions_decision SET note = 'Another note.' WHERE number = 2")

    assert _found(decision) == [("data", "decision")]


ALTERED_LETTERS = [
    "UPDATE letters_letter SET html_sha256 = repeat('0', 64)",
    "UPDATE letters_letter SET facts_sha256 = repeat('0', 64)",
    "UPDATE letters_letter SET html = pdf",
    "UPDATE letters_letter SET pdf = html",
    r"UPDATE letters_letter SET html = html || '\x00'::bytea",
    "UPDATE letters_letter SET kind = 'declined'",
]


def test_an_altered_letter_is_put_down_to_the_data(alice: User, stage: ModelVersion) -> None:
    decision = _with_letter(alice)

    for statement in ALTERED_LETTERS:
        _statement, found = _found_after(statement, decision)
        assert (statement, set(found)) == (statement, {("data", "letter")})


def test_an_altered_letter_that_waits_is_found(alice: User, stage: ModelVersion) -> None:
    decision = factories.assessed(alice)
    assert decision.letter is not None
    assert decision.letter.rendered_at is None

    replays.tamper("UPDATE letters_letter SET facts_sha256 = repeat('0', 64)")

    assert _found(decision) == [("data", "letter")]


ALTERED_MODELS = {
    "UPDATE scoring_modelversion SET body = replace(body, 'leaf', 'loaf')": 2 * ["stored model"],
    "UPDATE scoring_modelversion SET signature = repeat('ab', 64)": 2 * ["stored model"],
    "UPDATE scoring_modelversion SET sha256 = repeat('ab', 32)": [
        *("model hash", "stored model", "stored model"),
    ],
    "UPDATE scoring_modelversion SET schema_hash = repeat('ab', 32)": [
        *("schema hash", "stored model"),
    ],
}


def test_an_altered_model_is_put_down_to_the_model(alice: User, stage: ModelVersion) -> None:
    decision = factories.assessed(alice)

    for statement, differing in ALTERED_MODELS.items():
        found = _found_after(statement, decision)
        assert found == (statement, [("model", what) for what in differing])


def test_an_altered_model_is_found_where_the_true_one_is_still_loaded(
    alice: User, stage: ModelVersion
) -> None:
    decision = factories.assessed(alice)

    replays.tamper("UPDATE scoring_modelversion SET body = replace(body, 'leaf', 'loaf')")

    assert _found(decision) == [("model", "stored model")]


def test_another_model_in_the_row_is_put_down_to_the_model(
    alice: User, stage: ModelVersion, rita: User
) -> None:
    """Even one that is whole and signed: the decision names another."""
    decision = factories.assessed(alice, amount=Decimal(850_000), term_months=60)
    other = scoring.registered("elsewhere", rita, seed=7)

    with pgtrigger.ignore():
        ModelVersion.objects.filter(pk=stage.pk).update(
            body=other.body,
            manifest=other.manifest,
            sha256=other.sha256,
            signature=other.signature,
        )

    found = _found(decision)
    assert found[0] == ("model", "model hash")
    assert {source for source, _what in found} == {"model"}
    assert {"PD", "attributions"} <= {what for _source, what in found}


ALTERED_POLICIES = [
    "UPDATE decisions_policyversion SET document = jsonb_set(document, '{name}', '\"x\"')",
    "UPDATE decisions_policyversion SET document = document - 'rules'",
]


def test_an_altered_policy_is_put_down_to_the_policy(alice: User, stage: ModelVersion) -> None:
    decision = factories.assessed(alice)

    for statement in ALTERED_POLICIES:
        assert _found_after(statement, decision) == (statement, [("policy", "policy hash")])


def test_another_policy_in_the_row_is_put_down_to_the_policy(
    alice: User, stage: ModelVersion, pune: Branch
) -> None:
    """Even one that is sound and has its own hash: the decision was made by another."""
    decision = factories.assessed(alice)
    changed = factories.document(bands=("0.001", "0.002"))
    with pgtrigger.ignore():
        PolicyVersion.objects.update(document=changed, sha256=policy_document.fingerprint(changed))

    differing = ("policy hash", "trace", "outcome", "reasons", "recommendation")
    assert _found(decision) == [("policy", what) for what in differing]


def test_another_score_of_the_same_rows_is_put_down_to_the_program(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = factories.assessed(alice)
    true = scoring_services.rescore_all

    def otherwise(*, runs: Any) -> list[Any]:
        return [dataclasses.replace(one, pd=one.pd + 1e-15) for one in true(runs=runs)]  # type: ignore[type-var]  # every one is a score

    monkeypatch.setattr(scoring_services, "rescore_all", otherwise)

    [difference] = _replay(decision).differences

    assert (difference.source, difference.what) == ("code", "PD")
    assert float(difference.found) - float(difference.stored) == pytest.approx(1e-15, rel=0.1)


def test_another_judgement_of_the_same_rows_is_put_down_to_the_program(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = factories.assessed(alice)
    monkeypatch.setattr(policy.Rule, "is_met_by", lambda self, value: self.code != "age_minimum")

    differing = ("trace", "outcome", "reasons", "recommendation")
    assert _found(decision) == [("code", what) for what in differing]


def test_other_reasons_of_the_same_rows_are_put_down_to_the_program(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = factories.assessed(alice, amount=Decimal(790_000), term_months=12)
    monkeypatch.setattr(reasons, "MOST_REASONS", 0)

    [(source, _what)] = _found(decision)

    assert source == "code"


def test_another_pd_of_a_recommended_amount_is_put_down_to_the_program(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = factories.assessed(alice)
    monkeypatch.setattr(
        scoring_services, "probabilities", lambda *, model, rows: [0.5 for _ in rows]
    )

    assert decision.recommendation
    assert _found(decision) == [("code", "recommendation")]


def test_another_letter_of_the_same_facts_is_put_down_to_the_program(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = _with_letter(alice)
    true = rendering.render
    monkeypatch.setattr(
        rendering, "render", lambda *a, **k: dataclasses.replace(true(*a, **k), html=b"<p>Hello")
    )

    assert _found(decision) == [("code", "letter")]


def test_a_derivation_that_breaks_is_a_difference_and_no_crash(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = factories.assessed(alice)

    def broken(*_arguments: Any) -> Any:
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr(tracing, "to_json", broken)

    [difference] = _replay(decision).differences

    assert (difference.source, difference.what) == ("code", "replay")
    assert difference.found == "ZeroDivisionError: nobody expected this"


def test_without_a_witness_an_altered_result_is_still_found(
    alice: User, stage: ModelVersion
) -> None:
    decision = factories.assessed(alice)
    _forget_what_was_noted()
    assert _replay(decision).differences == ()

    replays.tamper("UPDATE scoring_scorerun SET pd = pd + 0.01")

    assert _found(decision) == [("code", "PD"), ("code", "judged PD")]


def test_only_some_people_may_replay(alice: User, amir: User, stage: ModelVersion) -> None:
    decision = factories.assessed(alice)

    with pytest.raises(NotPermitted):
        services.replay(actor=alice, decision=decision, now=factories.NOW)
    assert not Event.objects.filter(verb="decisions.replayed").exists()

    assert services.replay(actor=amir, decision=decision, now=factories.NOW).identical


def test_the_page_is_for_auditors_and_names_what_differs(
    alice: User, amir: User, stage: ModelVersion, signed_in: Callable[[User], Client]
) -> None:
    decision = factories.assessed(alice)
    address = reverse("decisions:replay", args=[decision.pk])
    case = reverse("decisions:application_panel", args=[decision.application_id])
    replays.tamper("UPDATE scoring_scorerun SET attributions = attributions || '{\"amount\": 0.5}'")

    assert signed_in(alice).post(address).status_code == 403
    assert address not in signed_in(alice).get(case).content.decode()
    assert not Event.objects.filter(verb="decisions.replayed").exists()
    assert address in signed_in(amir).get(case).content.decode()
    page = signed_in(amir).post(address).content.decode()

    assert "Not identical" in page
    assert "<li>score as recorded (stored data)" in page
    assert "<li>attributions (stored data)" in page
    assert Event.objects.get(verb="decisions.replayed").actor == amir.audit_reference
