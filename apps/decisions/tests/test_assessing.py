from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.decisions import services, sources
from apps.decisions.errors import NothingToAssess
from apps.decisions.models import Decision, PolicyVersion, ReviewCase
from apps.decisions.policy import PolicyGap
from apps.decisions.services import assessing
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion, ScoreRun

Queries = Callable[..., Any]


def _assess(application: Application) -> Decision:
    return services.assess(application_id=application.pk, actor="system:test", now=factories.NOW)


def test_it_approves_with_score_trace_and_letter(alice: User, stage: ModelVersion) -> None:
    application = factories.submitted(alice)

    decision = _assess(application)

    application.refresh_from_db()
    assert (application.status, decision.outcome, decision.number) == ("approved", "approve", 1)
    assert decision.score_run is not None
    assert application.score_run == decision.score_run
    assert decision.score_run.model == stage
    assert [one["result"] for one in decision.trace["results"]] == ["passed"] * 5
    assert decision.reasons == []
    assert decision.submitted_by == alice
    assert decision.letter is not None
    assert decision.letter.kind == "approved"
    assert decision.letter.facts["approval"]["instalment"] == "9792.62"
    verbs = Event.objects.filter(case=f"applications.application:{application.pk}")
    assert {"scoring.scored", "decisions.approved", "letters.issued"} <= set(
        verbs.values_list("verb", flat=True)
    )
    assert not ReviewCase.objects.exists()


def test_it_declines_with_the_rules_that_failed_and_own_values(
    alice: User, stage: ModelVersion
) -> None:
    application = factories.submitted(
        alice,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )

    decision = _assess(application)

    application.refresh_from_db()
    assert (application.status, decision.outcome) == ("declined", "decline")
    assert [reason["code"] for reason in decision.reasons] == ["rule.foir_cap"]
    assert decision.letter is not None
    facts = decision.letter.facts
    assert facts["reasons"] == [
        {
            "code": "rule.foir_cap",
            "sentence": "Your fixed obligations with the new instalment would take 77.4\u202f% of"
            " your net income; the limit is 60.0\u202f%.",
        }
    ]
    assert facts["automated"] is True
    assert facts["could_change"] == [
        "An application for ₹6,12,000.00 over 24 months would have been approved.",
        "The same amount over 36 months would have been approved.",
    ]


def test_it_says_plainly_that_no_amount_would_change_a_knock_out(
    alice: User, stage: ModelVersion
) -> None:
    decision = factories.assessed(alice, borrower={"date_of_birth": date(2007, 1, 1)})

    assert decision.outcome == "decline"
    assert decision.letter is not None
    assert decision.letter.facts["reasons"][0]["sentence"] == (
        "You are 19 years old; we lend from the age of 21 years."
    )
    assert decision.letter.facts["could_change"] == []
    assert decision.letter.facts["no_change"] == (
        "A smaller amount or another term alone would not have changed this decision."
    )


def test_it_declines_by_pd_with_factors_that_raised_this_risk(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, bands=("0.01", "0.02"))
    late = {
        "delinquencies_24m": 5,
        "months_since_delinquency": 2,
        "enquiries_6m": 8,
        "revolving_utilisation": Decimal("0.9900"),
    }

    decision = factories.assessed(alice, borrower={"bureau": late})

    assert decision.outcome == "decline"
    assert 1 <= len(decision.reasons) <= 4
    assert decision.score_run is not None
    contributions = decision.score_run.attributions
    for reason in decision.reasons:
        assert reason["code"].startswith("model.")
        assert contributions[reason["about"]] > 0
        assert reason["contribution"] > 0
    strengths = [reason["contribution"] for reason in decision.reasons]
    assert strengths == sorted(strengths, reverse=True)


def test_it_refers_with_the_rules_as_causes(alice: User, stage: ModelVersion) -> None:
    application = factories.submitted(alice, amount=Decimal(900_000), term_months=60)

    decision = _assess(application)

    case = ReviewCase.objects.get()
    application.refresh_from_db()
    assert (application.status, decision.outcome) == ("in_review", "refer")
    assert (case.application, case.referral, case.status) == (application, decision, "open")
    assert case.causes == ["amount_authority"]
    assert decision.letter is None
    assert not Letter.objects.exists()


def test_a_missing_value_refers_and_never_passes(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_sources", {})

    decision = factories.assessed(alice)

    assert decision.outcome == "refer"
    results = {one["code"]: one["result"] for one in decision.trace["results"]}
    assert results["default_with_us"] == "missing"
    assert ReviewCase.objects.get().causes == ["default_with_us"]


def _break_champion(monkeypatch: pytest.MonkeyPatch) -> None:
    ModelVersion.objects.update(status="retired")


def _break_model(monkeypatch: pytest.MonkeyPatch) -> None:
    ModelVersion.objects.update(signature="00" * 64)


def _break_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.applications.features.build", lambda facts: {"amount": -1.0})


def _break_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = assessing._IN_FORCE
    without = SimpleNamespace(first=lambda **values: (None, *asked.first(**values)[1:]))
    monkeypatch.setattr(assessing, "_IN_FORCE", without)


def _break_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.decisions.policy.Policy.ladder_for", _no_ladder)


def _no_ladder(self: object, product: str) -> object:
    raise PolicyGap(f"The policy has no PD bands for {product}.")


def _break_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.decisions.services.lettering.address", lambda application: "")


def _break_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(application: Application, **known: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("apps.decisions.inputs.gather", explode)


@pytest.mark.parametrize(
    ("breaking", "cause"),
    [
        (_break_champion, "no_champion"),
        (_break_model, "model_unusable"),
        (_break_features, "features_refused"),
        (_break_policy, "no_policy"),
        (_break_bands, "policy_unusable"),
        (_break_letter, "letter_refused"),
        (_break_anything, "unexpected_error"),
    ],
)
def test_whatever_fails_goes_to_review_with_its_cause_and_nothing_else(
    alice: User,
    stage: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
    breaking: Callable[[pytest.MonkeyPatch], None],
    cause: str,
) -> None:
    application = factories.submitted(alice)
    breaking(monkeypatch)

    decision = _assess(application)

    application.refresh_from_db()
    case = ReviewCase.objects.get()
    assert (application.status, application.score_run) == ("in_review", None)
    assert (decision.outcome, decision.failure, decision.score_run) == ("refer", cause, None)
    assert (case.causes, case.referral) == ([cause], decision)
    assert not ScoreRun.objects.exists()
    assert not Letter.objects.exists()
    assert Decision.objects.count() == 1
    assert not Event.objects.filter(verb__in=["scoring.scored", "letters.issued"]).exists()
    failed = Event.objects.get(verb="scoring.failed")
    assert failed.facts == {"cause": cause}


def test_a_decline_nothing_specific_speaks_for_goes_to_review(
    alice: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    PolicyVersion.objects.get()
    monkeypatch.setattr("apps.decisions.reasons.of_model", lambda attributions: [])
    monkeypatch.setattr("apps.decisions.policy.Trace.outcome", property(lambda self: "decline"))

    decision = factories.assessed(alice)

    assert (decision.outcome, decision.failure) == ("refer", "no_specific_reason")


def test_a_second_delivery_changes_nothing(alice: User, stage: ModelVersion) -> None:
    application = factories.submitted(alice)
    first = _assess(application)

    second = _assess(application)

    assert second == first
    assert (Decision.objects.count(), ScoreRun.objects.count(), Letter.objects.count()) == (1, 1, 1)


def test_a_draft_is_not_assessed(alice: User, stage: ModelVersion) -> None:
    draft = applications.application(alice, applications.borrower(alice.branch))

    with pytest.raises(NothingToAssess):
        _assess(draft)

    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not Decision.objects.exists()


def test_it_stays_within_its_queries(
    alice: User, stage: ModelVersion, django_assert_max_num_queries: Queries
) -> None:
    _assess(factories.submitted(alice))
    application = factories.submitted(alice)

    with django_assert_max_num_queries(8):
        _assess(application)


def test_a_decline_with_recourse_stays_within_its_queries(
    alice: User, stage: ModelVersion, django_assert_max_num_queries: Queries
) -> None:
    _assess(factories.submitted(alice))
    application = factories.submitted(
        alice,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )

    with django_assert_max_num_queries(8):
        assert _assess(application).outcome == "decline"


def test_the_policy_of_the_day_decides(alice: User, stage: ModelVersion, pune: Branch) -> None:
    before = PolicyVersion.objects.get()
    later = factories.policy(
        pune.entity, bands=("0.00001", "0.99"), effective_from=date(2026, 11, 21)
    )

    today = _assess(factories.submitted(alice))
    # Half past midnight in Pune is still the day before in UTC.
    midnight = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    tomorrow = services.assess(
        application_id=factories.submitted(alice).pk, actor="system:test", now=midnight
    )

    assert (today.policy, today.outcome) == (before, "approve")
    assert (tomorrow.policy, tomorrow.outcome) == (later, "refer")


def test_the_longest_code_of_a_rule_is_kept_whole(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    written = factories.document()
    longest = "f" * 40
    written["rules"][1]["code"] = longest
    factories.stage(pune, rita, mark, document=written)
    poor = {"employment": {"net_monthly_income": Decimal(50_000)}}

    decision = factories.assessed(alice, amount=Decimal(790_000), borrower=poor)

    decision.refresh_from_db()
    assert decision.reason_codes == [f"rule.{longest}"]
    assert services.replay(actor="system:test", decision=decision, now=factories.NOW).identical
