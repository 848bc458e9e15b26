import math
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import AppendOnly, Event
from apps.scoring import champion, explanation, fingerprint, services
from apps.scoring.errors import FeaturesRefused, ModelUnusable, NoChampion
from apps.scoring.models import ModelVersion, ScoreRun
from apps.scoring.tests import factories
from ml.application_schema import SCHEMA


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    champion.forget()
    yield
    champion.forget()


def _score(alice: User, **changes: object) -> ScoreRun:
    return services.score(
        actor=alice,
        subject=alice,
        segment="retail",
        features=factories.features(**changes),
        now=factories.PROMOTED_AT,
    )


def test_it_stores_what_it_saw_and_why(alice: User, rita: User, mark: User) -> None:
    model = factories.champion("retail", rita, mark)

    run = _score(alice)

    stored = ScoreRun.objects.get()
    assert (stored.model, stored.model_sha256) == (model, model.sha256)
    assert stored.features == factories.features()
    assert stored.features_sha256 == fingerprint.of_features(stored.features)
    assert list(stored.attributions.keys() ^ set(SCHEMA.names)) == []
    total = stored.base + sum(stored.attributions.values())
    assert math.isclose(total, stored.log_odds, rel_tol=1e-9)
    assert (stored.pd, stored.score) == (run.pd, run.score)
    assert services.rescore(run=stored).pd == run.pd
    assert Event.objects.get(verb="scoring.scored").facts["content_sha256"] == fingerprint.of_run(
        stored
    )


def test_it_takes_three_queries(
    alice: User, rita: User, mark: User, django_assert_num_queries: object
) -> None:
    factories.champion("retail", rita, mark)
    _score(alice)

    with django_assert_num_queries(3):  # type: ignore[operator]
        _score(alice)


def test_it_refuses_without_a_champion(alice: User) -> None:
    with pytest.raises(NoChampion):
        _score(alice)

    assert not ScoreRun.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": -1.0}, "features.amount"),
        ({"amount": float("nan")}, "features.amount"),
        ({"annual_income": "a lot"}, "features.annual_income"),
        ({"term_months": None}, "features.term_months"),
    ],
)
def test_it_refuses_values_outside_the_contract(
    alice: User, rita: User, mark: User, changes: dict[str, object], field: str
) -> None:
    factories.champion("retail", rita, mark)

    with pytest.raises(FeaturesRefused) as refusal:
        _score(alice, **changes)

    assert list(refusal.value.fields) == [field]
    assert not ScoreRun.objects.exists()


@pytest.mark.parametrize("column", ["body", "signature", "schema_hash"])
def test_it_does_not_score_with_a_changed_model(
    alice: User, rita: User, mark: User, column: str
) -> None:
    model = factories.champion("retail", rita, mark)
    champion.forget()
    changed = "ab" * 32 if column != "body" else model.body.replace("tree", "free", 1)
    ModelVersion.objects.filter(pk=model.pk).update(**{column: changed})

    with pytest.raises(ModelUnusable):
        _score(alice)

    assert not ScoreRun.objects.exists()


def test_a_promotion_takes_effect_with_the_next_score(alice: User, rita: User, mark: User) -> None:
    first = factories.champion("retail", rita, mark)
    before = _score(alice)

    second = factories.champion("retail", rita, mark, seed=7)

    assert (before.model, _score(alice).model) == (first, second)


def test_a_score_cannot_be_changed_or_deleted(alice: User, rita: User, mark: User) -> None:
    factories.champion("retail", rita, mark)
    run = _score(alice)

    with pytest.raises(AppendOnly):
        run.save()
    with pytest.raises(AppendOnly):
        ScoreRun.objects.update(pd=0.5)
    for statement in ("UPDATE scoring_scorerun SET pd = 0.5", "DELETE FROM scoring_scorerun"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert ScoreRun.objects.get().pd == run.pd


def test_it_explains_with_groups_and_units_the_strongest_first(
    alice: User, rita: User, mark: User
) -> None:
    factories.champion("retail", rita, mark)
    run = _score(alice, delinquencies_24m=6, enquiries_6m=9, revolving_utilisation=0.99)

    found = explanation.attributions(run)

    sizes = [abs(one.contribution) for one in found]
    assert sizes == sorted(sizes, reverse=True)
    late = next(one for one in found if one.feature == "delinquencies_24m")
    assert (late.group, late.unit, late.value, late.direction) == ("payment_history", "count", 6, 1)


def test_it_rescores_many_runs_as_each_alone(alice: User, rita: User, mark: User) -> None:
    factories.champion("retail", rita, mark)
    old = [_score(alice, amount=amount) for amount in (50_000.0, 200_000.0, 900_000.0)]
    factories.champion("retail", rita, mark, seed=7)
    runs = [old[0], _score(alice), *old[1:]]

    found = services.rescore_all(runs=runs)

    assert found == [services.rescore(run=run) for run in runs]
    assert services.rescore_all(runs=[]) == []
    asked = {"model": runs[0].model, "rows": [run.features for run in old]}
    assert services.probabilities(**asked) == [run.pd for run in old]


def test_it_says_for_each_run_why_it_cannot_be_rescored(
    alice: User, rita: User, mark: User
) -> None:
    model = factories.champion("retail", rita, mark)
    strange, sound = _score(alice), _score(alice)
    champion.forget()
    factories.champion("retail", rita, mark, seed=7)
    by_other = _score(alice)
    strange.features["amount"] = -1.0
    broken = ModelVersion.objects.get(pk=model.pk)
    broken.signature = "ab" * 32

    first, second, third = services.rescore_all(runs=[strange, sound, by_other])
    strange.model = sound.model = broken
    unusable = services.rescore_all(runs=[sound, by_other])

    assert isinstance(first, FeaturesRefused)
    assert [second.pd, third.pd] == [sound.pd, by_other.pd]
    assert isinstance(unusable[0], ModelUnusable)
    assert unusable[1] == third


def test_it_answers_what_if_as_it_would_alone(alice: User, rita: User, mark: User) -> None:
    model = factories.champion("retail", rita, mark)
    ask = services.probability_when(model=model, features=factories.features())

    found = [ask({"amount": amount}) for amount in (50_000.0, 900_000.0)]

    alone = [
        services.probability(model=model, features=factories.features(amount=amount))
        for amount in (50_000.0, 900_000.0)
    ]
    assert found == alone
    assert found[0] != found[1]
    with pytest.raises(FeaturesRefused):
        ask({"amount": -1.0})
    with pytest.raises(FeaturesRefused):
        services.probability_when(model=model, features={"amount": 1.0})
    assert not ScoreRun.objects.exists()
