"""A model is measured on loans it has not seen; what was found is frozen with its hash."""

import json
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import AppendOnly, Event
from apps.core.errors import Conflict, NotPermitted
from apps.customers.models import Customer, ProtectedAttributes
from apps.governance import services
from apps.governance.errors import ReportImpossible
from apps.governance.models import ReportRequest, TrainingRun, ValidationReport
from apps.governance.services import reporting
from apps.governance.tests import factories
from apps.loans.models import Outcome
from apps.scoring.models import ModelVersion
from ml import metrics

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(train: Any, rita: User) -> ValidationReport:
    return services.make_report(actor=rita, model=train(rita).model, now=factories.NOW)


def test_it_measures_everything_a_validator_asks_for(train: Any, rita: User) -> None:
    run: TrainingRun = train(rita)
    report = services.make_report(actor=rita, model=run.model, now=factories.NOW)

    facts = report.facts
    assert facts["ranking"]["n"] == run.figures["holdout"]["n"]
    assert facts["ranking"]["auc"]["value"] == pytest.approx(run.figures["holdout"]["auc"])
    low, high = facts["ranking"]["auc"]["lower"], facts["ranking"]["auc"]["upper"]
    assert low < facts["ranking"]["auc"]["value"] < high
    assert facts["calibration"]["hosmer_lemeshow"]["degrees_of_freedom"] == 10
    assert {one["light"] for one in facts["calibration"]["bands"]} <= {"green", "amber", "red"}
    months = facts["steadiness"]["months"]["parts"]
    assert months[0]["label"] == "2024-01"
    assert set(facts["steadiness"]["segments"]) == {"purpose", "employment_type", "home_ownership"}
    assert facts["population"]["score"]["noise_limit"] > 0
    assert facts["champion"] is None
    assert facts["scorecard"]["delong"]["p_value"] is not None
    assert facts["explanation"]["additivity_error"] <= facts["explanation"]["tolerance"]
    assert facts["robustness"]["extremes"]["broken"] == []
    assert facts["speed"]["slow_ms"] > 0
    assert facts["cut_off"]["whose"] == "median"


def test_it_drops_the_auc_from_unseen_development_to_later_loans(report: ValidationReport) -> None:
    steady = report.facts["steadiness"]
    run = TrainingRun.objects.get()

    assert steady["development_auc"] == run.figures["development"]["auc"]
    assert steady["auc_drop"] == pytest.approx(
        run.figures["development"]["auc"] - run.figures["holdout"]["auc"]
    )


def test_it_measures_the_newest_loans_where_training_held_them_out(train: Any, rita: User) -> None:
    run = train(rita, to_date=date(2025, 1, 1), holdout_to_date=None)

    facts = services.make_report(actor=rita, model=run.model, now=factories.NOW).facts

    split = run.figures["holdout"]["split"]
    assert facts["data"]["held_out"] is True
    assert facts["data"]["later_from"] == split["first_test_day"]
    assert facts["data"]["to"] == split["last_train_day"]
    assert facts["ranking"]["auc"]["value"] == pytest.approx(run.figures["holdout"]["auc"])


def test_it_proves_the_model_by_training_it_again(
    trains_anew: None, train: Any, rita: User
) -> None:
    run = train(rita)

    proof = services.make_report(actor=rita, model=run.model, now=factories.NOW).facts["proof"]

    assert (proof["way"], proof["same"]) == ("trained_again", True)
    assert proof["found_sha256"] == run.model.sha256
    assert proof["largest_difference"] == 0


def test_it_says_that_it_only_scored_again_where_the_loans_have_changed(
    train: Any, rita: User
) -> None:
    run = train(rita)
    Outcome.objects.filter(pk=Outcome.objects.filter(loan__number="L-5-00000").get().pk).delete()

    facts = services.make_report(actor=rita, model=run.model, now=factories.NOW).facts

    assert (facts["proof"]["way"], facts["proof"]["why"]) == ("scored_again", "data_changed")
    assert facts["proof"]["same"] is True
    assert facts["data"]["as_trained"] is False


def test_it_compares_with_the_champion_on_the_same_loans(
    train: Any, rita: User, mark: User
) -> None:
    from apps.scoring import services as scoring  # noqa: PLC0415

    first, second = train(rita), train(rita, seed=7)
    scoring.promote(model=first.model, approved_by=mark, now=factories.NOW)

    facts = services.make_report(actor=rita, model=second.model, now=factories.NOW).facts

    champion = facts["champion"]
    assert champion["name"] == str(first.model)
    assert champion["has_learned_from_them"] is False
    assert champion["auc"] == pytest.approx(first.figures["holdout"]["auc"])
    assert champion["delong"]["difference"] == pytest.approx(
        facts["ranking"]["auc"]["value"] - champion["auc"]
    )


def test_it_counts_protected_groups_and_judges_no_small_one(train: Any, rita: User) -> None:
    run = train(rita)
    customers = list(Customer.objects.order_by("number"))
    later = set(
        Application.objects.filter(loan__disbursed_date__gte=date(2024, 1, 1)).values_list(
            "customer", flat=True
        )
    )
    for place, customer in enumerate(customers):
        gender = "other" if place % 40 == 0 else ("female", "male")[place % 2]
        ProtectedAttributes.objects.create(customer=customer, values={"gender": gender})

    facts = services.make_report(actor=rita, model=run.model, now=factories.NOW).facts

    (gender,) = facts["treatment"]
    assert gender["attribute"] == "gender"
    assert gender["n"] == len(later)
    few = {group["name"]: group for group in gender["groups"]}["other"]
    assert few["comparison"]["verdict"] == "insufficient sample"
    assert "C-5-" not in json.dumps(facts)
    assert not any(str(customer.pk) in json.dumps(facts) for customer in customers[:50])


def test_it_keeps_a_hash_of_what_the_database_holds(report: ValidationReport) -> None:
    stored = ValidationReport.objects.get()

    assert reporting.fingerprint(stored.facts) == stored.sha256 == report.sha256
    event = Event.objects.get(verb="governance.report_made")
    assert event.facts["sha256"] == report.sha256


def test_it_lets_nobody_change_a_report(report: ValidationReport) -> None:
    with pytest.raises(AppendOnly):
        ValidationReport.objects.update(sha256="0" * 64)
    for sql in (
        "UPDATE governance_validationreport SET sha256 = repeat('0', 64)",
        "DELETE FROM governance_validationreport",
        "TRUNCATE governance_validationreport CASCADE",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    assert ValidationReport.objects.get().sha256 == report.sha256


def test_it_refuses_who_may_not_and_what_was_not_trained_here(
    train: Any, rita: User, vera: User, bob: User
) -> None:
    model = train(rita).model
    foreign = ModelVersion.objects.create(
        segment="other",
        number=1,
        name="Foreign",
        body="",
        manifest={},
        sha256="a" * 64,
        signature="b",
        schema_hash="c" * 64,
    )

    with pytest.raises(NotPermitted):
        services.request_report(actor=bob, model=model, now=factories.NOW)
    with pytest.raises(ReportImpossible):
        services.request_report(actor=vera, model=foreign, now=factories.NOW)

    assert not ReportRequest.objects.exists()


def test_it_has_a_worker_measure_once(train: Any, rita: User, vera: User) -> None:
    model = train(rita).model
    request = services.request_report(actor=vera, model=model, now=factories.NOW)
    with pytest.raises(Conflict):
        services.request_report(actor=rita, model=model, now=factories.NOW)

    done = services.fulfil_report(request_id=request.pk, now=factories.NOW)
    again = services.fulfil_report(request_id=request.pk, now=factories.NOW)

    assert (done.status, again.status) == ("completed", "completed")
    assert done.report == ValidationReport.objects.get()
    assert done.report.asked_by == vera


def test_it_says_why_there_is_nothing_to_measure_on(train: Any, rita: User) -> None:
    run = train(rita, to_date=date(2025, 1, 1), holdout_to_date=date(2025, 6, 1))
    request = services.request_report(actor=rita, model=run.model, now=factories.NOW)

    done = services.fulfil_report(request_id=request.pk, now=factories.NOW)

    assert done.status == "failed"
    assert "no later loans" in done.failure
    assert not ValidationReport.objects.exists()


def test_it_goes_on_after_a_worker_was_killed(
    train: Any, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = services.request_report(actor=rita, model=train(rita).model, now=factories.NOW)

    def killed(*_given: Any, **_named: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(reporting.held_out, "measure", killed)
        with pytest.raises(SystemExit):
            services.fulfil_report(request_id=request.pk, now=factories.NOW)
    request.refresh_from_db()
    assert request.status == "running"

    done = services.fulfil_report(request_id=request.pk, now=factories.NOW)

    assert done.status == "completed"
    assert ValidationReport.objects.count() == 1


def test_it_leaves_auc_unknown_where_one_outcome_alone_occurred(train: Any, rita: User) -> None:
    run = train(rita)
    Outcome.objects.filter(loan__disbursed_date__gte=date(2024, 1, 1)).update(defaulted=False)

    facts = services.make_report(actor=rita, model=run.model, now=factories.NOW).facts

    assert facts["ranking"]["auc"] is None
    assert facts["ranking"]["ks"] is None
    assert facts["scorecard"]["delong"] is None
    assert facts["steadiness"]["auc_drop"] is None
    assert metrics.auc([0.1, 0.2], [0, 0]) is None
