"""Reasons of the deciding model beside the typical applicant just above the cut-off."""

import math
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import pytest
from django.utils import translation

from apps.accounts.models import Branch, User
from apps.decisions import explaining, policy, policy_document, sentences
from apps.decisions.policy import Policy, Trace
from apps.decisions.reasons import Beside, Reason
from apps.decisions.tests import factories
from apps.letters import vagueness
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring
from ml.principal import Comparison

pytestmark = pytest.mark.django_db
# The test model rarely goes above 0.6, so that many are declined.
CUTOFF = "0.20"
BAD_RECORD = {
    "delinquencies_24m": 5,
    "months_since_delinquency": 1,
    "enquiries_6m": 9,
    "existing_dti": 0.55,
    "revolving_utilisation": 0.98,
}


@pytest.fixture
def model(rita: User, mark: User) -> ModelVersion:
    return scoring.champion(factories.SEGMENT, rita, mark)


@pytest.fixture
def rules() -> Policy:
    return policy_document.parse(factories.document(bands=(CUTOFF, "0.21")))


def _traced(rules: Policy, pd: float, **known: object) -> Trace:
    sound = {
        "age_years": Decimal(40),
        "foir": Decimal("0.30"),
        "defaults_with_us": Decimal(0),
        "bureau_report_age_days": Decimal(5),
        "amount": Decimal(200_000),
    }
    values = {**sound, **known, "pd": Decimal(repr(pd))}
    return policy.evaluate(rules, values, product="any", currency="INR")  # type: ignore[arg-type]


def _reasons(
    model: ModelVersion, rules: Policy, row: dict[str, object], **known: object
) -> tuple[Reason, ...]:
    scored = champion.scorer_of(model).score_one(row)
    return explaining.of_trace(
        _traced(rules, scored.pd, **known),
        model=model,
        features=row,
        attributions=scored.attributions,
        policy=rules,
        product="any",
    )


def test_a_decline_names_what_sets_the_applicant_apart(model: ModelVersion, rules: Policy) -> None:
    found = _reasons(model, rules, scoring.features(**BAD_RECORD))

    assert 1 <= len(found) <= 4
    assert {one.source for one in found} == {"model"}
    contributions = [one.contribution or 0.0 for one in found]
    assert all(one > 0 for one in contributions)
    assert contributions == sorted(contributions, reverse=True)
    typical = champion.scorer_of(model).reference
    assert typical is not None
    for one in found:
        assert one.contribution is not None
        assert one.contribution > 0
        assert one.beside == Beside(typical.just_above(float(CUTOFF)).values[one.about])
        assert one.beside.value != one.value


def test_rules_leave_the_rest_of_four_to_the_model(model: ModelVersion, rules: Policy) -> None:
    found = _reasons(model, rules, scoring.features(**BAD_RECORD), age_years=Decimal(18))

    assert found[0].code == "rule.age_minimum"
    assert found[0].beside is None
    assert len(found) <= 4


def test_a_model_without_a_reference_says_what_it_said_before(rita: User, rules: Policy) -> None:
    old = scoring.first_format(factories.SEGMENT, rita)
    scored = champion.scorer_of(old).score_one(scoring.FIRST_FORMAT["features"])

    found = explaining.of_trace(
        _traced(rules, 0.9),
        model=old,
        features=scoring.FIRST_FORMAT["features"],
        attributions=scored.attributions,
        policy=rules,
        product="any",
    )

    assert found
    assert all(one.beside is None and "beside" not in one.to_json() for one in found)


@pytest.mark.parametrize("kind", ["lightgbm", "scorecard", "forest", "blend"])
def test_named_factors_raise_the_score_more_than_any_other_so_many(
    rita: User, mark: User, kind: str
) -> None:
    model = scoring.champion(factories.SEGMENT, rita, mark, kind=kind)
    scorer = champion.scorer_of(model)
    frame = scoring.applications()
    rows = scorer.schema.to_rows(frame[list(scorer.schema.names)].head(400))
    declined = [row for row in rows if scorer.score_one(row).pd > float(CUTOFF)][:40]
    best = 0

    for row in declined:
        shares = scorer.score_one(row).attributions
        compared = Comparison(scorer, row, cutoff=float(CUTOFF), shares=shares)
        named, everything = compared.named(4), compared.factors()
        places = tuple(everything.index(one) for one in named)
        others = compared.gains(list(combinations(range(len(everything)), len(named))))
        assert all(gain > 0 for gain in compared.gains([(place,) for place in places]))
        best += compared.gains([places])[0] >= max(others) - 1e-9

    assert len(declined) == 40
    assert best >= 0.95 * len(declined)


@pytest.mark.parametrize("language", ["en", "hi", "sw"])
def test_every_sentence_tells_the_value_and_what_would_be_typical(
    model: ModelVersion, rules: Policy, language: str
) -> None:
    found = _reasons(model, rules, scoring.features(**BAD_RECORD))

    with translation.override(language):
        for one in found:
            said = sentences.reason(one, currency="INR")
            without = sentences.reason(replace(one, beside=None), currency="INR")
            assert said.startswith(without)
            assert len(said) > len(without) + 5
            assert not vagueness.says_nothing(said)
            assert not vagueness.prohibited_basis(said)


@pytest.mark.parametrize(
    ("about", "unit", "value", "typical", "said"),
    [
        (
            "credit_history_months",
            "months",
            8,
            52,
            (
                "Your credit history is 8 months long."
                " Typical of those whom we just approve: 52 months."
            ),
        ),
        (
            "months_since_delinquency",
            "months",
            2,
            None,
            (
                "Your last late payment was 2 months ago."
                " Most of those whom we just approve have nothing of the kind on file."
            ),
        ),
        (
            "purpose",
            "",
            "small_business",
            "medical",
            (
                "The purpose of the loan is small business."
                " Most common among those whom we just approve: medical costs."
            ),
        ),
    ],
)
def test_it_says_what_would_have_been_typical(
    about: str, unit: str, value: object, typical: object, said: str
) -> None:
    one = Reason(
        code="model.x", source="model", about=about, value=value, unit=unit, beside=Beside(typical)
    )

    assert sentences.reason(one, currency="INR") == said
    assert Reason.from_json(one.to_json()) == one


def test_it_says_by_how_much_the_cut_off_was_missed(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    model = factories.stage(pune, rita, mark, bands=("0.01", "0.02"))
    made = factories.assessed(alice)
    scale = champion.scorer_of(model).scale

    found = explaining.missed(made)

    assert made.outcome == "decline"
    assert found is not None
    assert found.pd == Decimal("0.01")
    assert found.points == scale.displayed(0.01)
    assert found.by_points == scale.displayed(0.01) - made.score_run.score
    assert found.by_log_odds == pytest.approx(
        math.log(made.score_run.pd / (1 - made.score_run.pd)) - math.log(0.01 / 0.99)
    )


def test_who_keeps_the_cut_off_has_missed_nothing(
    pune: Branch, alice: User, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark, bands=("0.98", "0.99"))

    assert explaining.missed(factories.assessed(alice)) is None
