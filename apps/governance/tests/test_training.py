"""A training registers a model with its data and figures, or says why it cannot."""

from datetime import date
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import DomainError, NotPermitted
from apps.governance import datasets, services
from apps.governance.errors import TrainingImpossible
from apps.governance.models import Promotion, TrainingRun
from apps.governance.tests import factories
from apps.loans.models import Loan, Outcome
from apps.scoring import services as scoring_services
from apps.scoring.errors import ModelRefused
from apps.scoring.models import ModelVersion
from ml import training

pytestmark = pytest.mark.django_db
anew = pytest.mark.usefixtures("trains_anew")


def trained_by(actor: User) -> TrainingRun:
    """Train on everything there is, with nothing set apart by hand."""
    return services.train(
        actor=actor,
        segment=factories.SEGMENT,
        from_date=factories.START,
        to_date=date(2025, 1, 1),
        config=factories.quick(),
        now=factories.NOW,
    )


def test_it_registers_a_model_with_its_data_and_figures(train: Any, rita: User) -> None:
    run = train(rita)

    in_2023 = datasets.build(
        segment=factories.SEGMENT, from_date=date(2023, 1, 1), to_date=date(2024, 1, 1)
    )
    assert (run.rows, run.defaults) == (in_2023.rows, in_2023.defaults)
    assert run.dataset_sha256 == in_2023.sha256
    assert run.model.status == "registered"
    assert run.model.developed_by == rita
    assert run.figures["development"]["n"] == run.rows
    assert run.figures["champion"] is None
    event = Event.objects.get(verb="governance.trained")
    assert event.facts["dataset_sha256"] == run.dataset_sha256


def test_it_says_how_the_model_was_made_and_checked(train: Any, rita: User) -> None:
    run = train(rita)

    manifest, figures = run.model.manifest, run.figures
    assert run.model.name == "Monotone trees, loans of Jan 2023 to Dec 2023"
    assert figures["model"] == {"kind": "lightgbm", **figures["model"]}
    assert figures["calibration"]["method"] == "platt"
    assert figures["calibration_choice"]["reason"] == "too few rows for a curve"
    assert figures["leakage"]["findings"] == list(manifest["leakage"]["findings"])
    assert figures["warnings"] == manifest["warnings"]
    assert figures["holdout"]["warning"] is None


@anew
def test_it_keeps_the_warning_of_later_loans(
    train: Any, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.leakage.reversed_labels_warning", lambda pd, bad: "Mixed up?")

    run = train(rita)

    assert run.figures["warnings"][-1] == run.figures["holdout"]["warning"] == "Mixed up?"


@anew
def test_it_stops_where_a_feature_knows_the_outcome(
    train: Any, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = datasets.build

    def leaking(**window: Any) -> datasets.Sample:
        sample = real(**window)
        sample.frame["enquiries_6m"] = sample.bad.astype(int)
        return sample

    monkeypatch.setattr(datasets, "build", leaking)
    with pytest.raises(TrainingImpossible) as refusal:
        train(rita)

    assert refusal.value.code == "leakage_found"
    assert "applied: Credit enquiries in six months, all features" in refusal.value.sentence
    assert ModelVersion.objects.count() == TrainingRun.objects.count() == 0


def test_it_tests_on_later_loans_the_model_has_not_seen(train: Any, rita: User) -> None:
    run = train(rita)

    holdout = run.figures["holdout"]
    in_2024 = Loan.objects.filter(disbursed_date__gte=date(2024, 1, 1)).count()
    assert holdout["n"] == in_2024
    assert 0.6 < holdout["auc"] < 0.9
    assert 0 < holdout["ks"] < 1
    assert 0 < holdout["brier"] < 0.2
    assert sum(band["n"] for band in holdout["bands"]) == in_2024


@anew
def test_it_trains_the_same_model_from_the_same_data(train: Any, rita: User) -> None:
    first = train(rita)

    with pytest.raises(ModelRefused) as refusal:
        train(rita)

    assert refusal.value.code == "model_registered_before"
    assert TrainingRun.objects.get() == first
    assert ModelVersion.objects.count() == 1


def test_it_measures_the_champion_on_the_same_later_loans(
    train: Any, rita: User, mark: User
) -> None:
    first = train(rita)
    scoring_services.promote(model=first.model, approved_by=mark, now=factories.NOW)

    second = train(rita, seed=7)

    champion = second.figures["champion"]
    assert champion["model"] == str(first.model)
    assert champion["auc"] == pytest.approx(first.figures["holdout"]["auc"], abs=1e-12)


def test_it_holds_out_the_newest_loans_where_no_test_window_is_named(
    train: Any, rita: User
) -> None:
    run = train(rita, to_date=date(2025, 1, 1), holdout_to_date=None)

    holdout = run.figures["holdout"]
    first = date.fromisoformat(holdout["split"]["first_test_day"])
    newest = Outcome.objects.filter(loan__disbursed_date__gte=first)
    assert holdout["n"] == newest.count() == pytest.approx(900 / 5, abs=3)
    assert holdout["bads"] == newest.filter(defaulted=True).count()
    assert holdout["split"]["rule"] == "out_of_time"
    # What is held out teaches nothing, and is not counted as if it did.
    older = Outcome.objects.filter(loan__disbursed_date__lt=first)
    assert run.rows == run.figures["development"]["n"] == older.count()
    assert run.defaults == run.figures["development"]["bads"]
    assert run.defaults == older.filter(defaulted=True).count()
    assert run.rows == run.model.manifest["rows"]
    assert run.last_learned_day == older.latest("loan__disbursed_date").loan.disbursed_date
    assert run.model.name.endswith(f"loans of Jan 2023 to {run.last_learned_day:%b %Y}")


def test_it_learns_from_the_whole_window_where_later_loans_are_named(
    train: Any, rita: User
) -> None:
    run = train(rita)

    assert "split" not in run.figures["holdout"]
    assert run.model.manifest["out_of_time"] is None
    assert run.last_learned_day == date(2023, 12, 31)


def test_it_measures_the_champion_on_the_held_out_loans_and_says_whether_it_knew_them(
    train: Any, rita: User, mark: User
) -> None:
    first = train(rita)
    scoring_services.promote(model=first.model, approved_by=mark, now=factories.NOW)

    later = train(rita, to_date=date(2025, 1, 1), holdout_to_date=None)
    same = train(rita, seed=7, to_date=date(2024, 1, 1), holdout_to_date=None)

    assert later.figures["champion"]["n"] == later.figures["holdout"]["n"]
    assert later.figures["champion"]["has_learned_from_them"] is False
    assert same.figures["champion"]["has_learned_from_them"] is True


def test_it_tells_the_library_whose_loans_they_are_only_where_somebody_has_several(
    pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def noted(*arguments: Any, **named: Any) -> Any:
        given.append(named["groups"])
        raise training.TrainingRefused("Seen enough.")

    monkeypatch.setattr(training, "train", noted)
    factories.portfolio(pune, rows=12, borrowers=4)
    with pytest.raises(TrainingImpossible, match="Seen enough"):
        trained_by(rita)
    Outcome.objects.exclude(loan__number__in=Loan.objects.values("number")[:1]).delete()
    with pytest.raises(TrainingImpossible, match="Seen enough"):
        trained_by(rita)

    borrowers, alone = given
    assert len(borrowers) == 12
    assert len(set(borrowers)) == 4
    assert alone is None


def test_it_never_judges_a_borrower_by_the_same_borrowers_other_loans(
    pune: Branch, rita: User
) -> None:
    factories.portfolio(pune, borrowers=600)

    run = trained_by(rita)

    split = run.figures["holdout"]["split"]
    assert split["rows_of_tested_group"] > 0
    assert run.rows == split["train_rows"]
    assert run.rows + run.figures["holdout"]["n"] + split["rows_of_tested_group"] == 900


def test_it_refuses_loans_that_cannot_carry_a_model(train: Any, rita: User) -> None:
    with pytest.raises(TrainingImpossible) as refusal:
        train(rita, from_date=date(2023, 1, 1), to_date=date(2023, 2, 1), holdout_to_date=None)
    with pytest.raises(TrainingImpossible) as nothing:
        train(rita, from_date=date(2001, 1, 1), to_date=date(2002, 1, 1), holdout_to_date=None)

    assert "at least 200 rows" in str(refusal.value)
    assert nothing.value.code == "no_finished_loans"
    assert ModelVersion.objects.count() == 0
    assert not Event.objects.filter(verb="governance.trained").exists()


def test_it_refuses_dates_that_make_no_window(train: Any, rita: User) -> None:
    with pytest.raises(DomainError) as refusal:
        train(rita, to_date=date(2022, 1, 1))
    with pytest.raises(DomainError) as backwards:
        train(rita, holdout_to_date=date(2023, 6, 1))
    with pytest.raises(DomainError) as unknown:
        train(rita, segment="mars")
    with pytest.raises(DomainError) as no_such_kind:
        train(rita, kind="oracle")

    assert list(refusal.value.fields) == ["to_date"]
    assert list(backwards.value.fields) == ["holdout_to_date"]
    assert list(unknown.value.fields) == ["segment"]
    assert list(no_such_kind.value.fields) == ["kind"]
    assert ModelVersion.objects.count() == 0


def test_it_lets_only_analysts_train(train: Any, alice: User, mark: User) -> None:
    for actor in (alice, mark):
        with pytest.raises(NotPermitted):
            train(actor)

    assert ModelVersion.objects.count() == 0


def test_it_keeps_the_record_of_a_training_as_it_was(train: Any, rita: User, pune: Branch) -> None:
    run = train(rita)

    with pytest.raises(DomainError):
        TrainingRun.objects.filter(pk=run.pk).update(rows=1)
    with pytest.raises(DomainError):
        run.delete()

    assert TrainingRun.objects.get().rows == run.rows
    assert Promotion.objects.count() == 0
