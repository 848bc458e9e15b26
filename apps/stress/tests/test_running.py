"""A test of a measured book: the same figures each time, sums that fit, and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.impairment import services as losses
from apps.impairment.models import LoanLoss, Run
from apps.impairment.tests.factories import LAST, now
from apps.npa.models import LoanDay
from apps.stress import services, tasks
from apps.stress.models import Case, Sums, Terms, Test
from apps.stress.reading import Kind
from apps.stress.services import Question, running
from apps.stress.summing import MEASURES
from apps.stress.tests.factories import agreed, asked, body, done, proposed, refused

pytestmark = pytest.mark.django_db
STILL = {"unemployment": "0", "rates": "0", "collateral": "0", "income": "0"}
Agreed = dict[str, Terms]


def whole(test: Test, place: int, year: int, name: str) -> Decimal:
    rows = Sums.objects.filter(test=test, case__place=place, year=year)
    return rows.aggregate(of=Sum(name))["of"] or Decimal(0)


def test_the_day_of_the_base_case_is_the_measurement(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = done(analyst, measured, *presets)

    assert (test.status, test.done_loans, test.years) == ("done", measured.loans, 3)
    rows = LoanLoss.objects.filter(run=measured)
    for stage in (1, 2, 3):
        of_stage = rows.filter(stage=stage).aggregate(loss=Sum("loss"))["loss"] or Decimal(0)
        base = Sums.objects.filter(test=test, case__place=0, year=0, stage=stage)
        found = base.aggregate(ecl=Sum("ecl"))["ecl"] or Decimal(0)
        # Each loan is rounded there, and the sums of groups here.
        assert abs(found - of_stage) <= Decimal("0.005") * (measured.loans + len(base))
    day = LoanDay.objects.filter(day=LAST).exclude(asset_class__in=["closed", "written_off"])
    booked = sum(one.provision + one.reserve for one in day if one.rule_table_id)
    assert whole(test, 0, 0, "regulatory") == booked


def test_presets_are_worse_than_the_base_case(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = done(analyst, measured, *presets)
    base, recession, shock = test.results

    assert [one["name"] for one in test.results] == ["", "Recession", "Rate shock"]
    for one in (recession, shock):
        for year in (1, 2, 3):
            was, now_ = base["years"][year], one["years"][year]
            assert Decimal(now_["npa"]) > Decimal(was["npa"])
            assert Decimal(now_["ecl"]) > Decimal(was["ecl"])
            assert Decimal(now_["capital"]) < Decimal(was["capital"])
    assert base["years"][0]["capital"] == "5000000"


def test_results_are_the_sums_of_segments_and_stages(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = done(analyst, measured, *presets)

    for place, result in enumerate(test.results):
        for year, one in enumerate(result["years"]):
            for name in MEASURES:
                assert Decimal(one[name]) == whole(test, place, year, name)


def test_no_shock_is_the_base_case_to_the_cent(
    measured: Run, agreed_: Agreed, analyst: User, manager: User
) -> None:
    still = agreed(
        measured.entity, analyst, manager, Kind.SCENARIO, name="Still", years=[STILL] * 3
    )

    test = done(analyst, measured, still)

    base, same = test.results
    assert base["years"] == same["years"]
    rows = Sums.objects.filter(test=test).order_by("year", "segment", "security", "stage")
    names = ("year", "segment", "security", "stage", *MEASURES)
    of_case = [list(rows.filter(case__place=place).values_list(*names)) for place in (0, 1)]
    assert of_case[0] == of_case[1] != []


@pytest.fixture
def agreed_(agreed: Agreed) -> Agreed:
    """All that a test rests on; the name is that of a function here."""
    return agreed


def test_run_again_it_comes_to_the_same(measured: Run, presets: list[Terms], analyst: User) -> None:
    first, second = (done(analyst, measured, *presets) for _time in range(2))

    assert first.pk != second.pk
    assert (first.inputs, first.inputs_sha256) == (second.inputs, second.inputs_sha256)
    assert (first.results, first.results_sha256) == (second.results, second.results_sha256)
    assert len(first.results_sha256) == 64


def test_other_terms_are_other_inputs(
    measured: Run, presets: list[Terms], analyst: User, manager: User
) -> None:
    first = done(analyst, measured, *presets)
    harder = {**body(Kind.SENSITIVITIES)["log_odds"], "unemployment": "0.2"}
    agreed(measured.entity, analyst, manager, Kind.SENSITIVITIES, log_odds=harder)

    second = done(analyst, measured, *presets)

    assert first.inputs["rows"] == second.inputs["rows"]
    assert first.inputs_sha256 != second.inputs_sha256
    ecl = [one.results[1]["years"][0]["ecl"] for one in (first, second)]
    assert Decimal(ecl[1]) > Decimal(ecl[0])


def test_it_says_what_was_done(measured: Run, presets: list[Terms], analyst: User) -> None:
    test = done(analyst, measured, *presets)

    asked_, done_ = Event.objects.filter(verb__startswith="stress.test_").order_by("pk")
    assert (asked_.verb, done_.verb) == ("stress.test_asked", "stress.test_done")
    assert asked_.facts["scenarios"] == ["Recession 1", "Rate shock 1"]
    assert done_.facts["results_sha256"] == test.results_sha256


def test_a_second_message_changes_nothing(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = done(analyst, measured, *presets)
    before = (Sums.objects.count(), Event.objects.count())

    tasks.run(str(test.pk))

    assert (Sums.objects.count(), Event.objects.count()) == before


def test_one_that_broke_off_begins_anew(
    measured: Run, presets: list[Terms], analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    test, added = asked(analyst, measured, *presets), running._added
    calls: list[int] = []

    def breaks(*given: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        added(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "_added", breaks)
    with pytest.raises(KeyboardInterrupt):
        services.run(test_id=test.pk, now=now(), batch=3)
    test.refresh_from_db()
    assert (test.status, test.done_loans, Sums.objects.count()) == ("running", 3, 0)

    found = services.run(test_id=test.pk, now=now(), batch=3)

    assert (found.status, found.starts, found.done_loans) == ("done", 2, measured.loans)


def test_one_that_always_breaks_off_fails(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = asked(analyst, measured, *presets)
    Test.objects.filter(pk=test.pk).update(starts=running.MOST_STARTS)

    found = services.run(test_id=test.pk, now=now())

    assert (found.status, Sums.objects.count()) == ("failed", 0)
    assert found.failure
    assert Event.objects.filter(verb="stress.test_failed").count() == 1


def test_what_is_wrong_on_our_side_is_said_and_raised(
    measured: Run, presets: list[Terms], analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = asked(analyst, measured, *presets)

    def wrong(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(running, "_added", wrong)
    with pytest.raises(ZeroDivisionError):
        services.run(test_id=test.pk, now=now())
    test.refresh_from_db()
    assert (test.status, Sums.objects.count()) == ("failed", 0)


def test_a_lost_message_is_sent_again(
    measured: Run, presets: list[Terms], analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    test, sent = asked(analyst, measured, *presets), []
    monkeypatch.setattr(running, "enqueue", lambda task, **given: sent.append((task, given)))

    assert services.sweep(now=test.updated_at) == 0
    assert services.sweep(now=test.updated_at + timedelta(minutes=5)) == 1
    assert sent == [("stress.run", {"test_id": str(test.pk)})]


def test_a_day_that_was_measured_anew_meanwhile_fails_the_test(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = asked(analyst, measured, *presets)
    losses.measure(actor="tests", entity=measured.entity, day=LAST, now=now(), again=True)

    found = services.run(test_id=test.pk, now=now())

    assert (found.status, Sums.objects.count()) == ("failed", 0)
    assert "anew" in found.failure


# --- Refused --------------------------------------------------------------------------------------
def test_a_day_without_a_measurement_is_refused(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    question = Question(title="None", measured=None, scenarios=presets)
    entity = measured.entity

    refusal = refused(
        lambda: services.ask(actor=analyst, entity=entity, question=question, now=now())
    )

    assert (refusal.code, list(refusal.fields)) == ("no_measurement", ["measured"])
    Run.objects.filter(pk=measured.pk).update(status="running", finished_at=None)
    measured.refresh_from_db()
    assert refused(lambda: asked(analyst, measured, *presets)).code == "no_measurement"


def test_who_may_not_run_tests_is_refused(
    measured: Run, presets: list[Terms], manager: User
) -> None:
    assert refused(lambda: asked(manager, measured, *presets)).status == 403


def test_scenarios_must_be_approved_once_and_some(
    measured: Run, agreed_: Agreed, presets: list[Terms], analyst: User
) -> None:
    waits = proposed(measured.entity, analyst, Kind.SCENARIO, name="Waits")

    codes = [
        refused(lambda: asked(analyst, measured, *chosen)).code  # noqa: B023 - called at once
        for chosen in ([waits], [agreed_["figures"]], [], [presets[0], presets[0]])
    ]

    assert codes == ["scenario_not_approved"] * 2 + ["scenarios_number"] * 2
    assert refused(lambda: asked(analyst, measured, *presets, title=" ")).code == "title_missing"


def test_a_plan_shorter_than_the_scenarios_is_refused(
    measured: Run, presets: list[Terms], analyst: User, manager: User
) -> None:
    agreed(measured.entity, analyst, manager, Kind.FIGURES, profit=["1"])

    assert refused(lambda: asked(analyst, measured, *presets)).code == "plan_too_short"


def test_without_figures_or_sensitivities_there_is_no_test(
    measured: Run, analyst: User, manager: User
) -> None:
    one = agreed(measured.entity, analyst, manager, Kind.SCENARIO)
    assert refused(lambda: asked(analyst, measured, one)).code == "terms_missing"
    agreed(measured.entity, analyst, manager, Kind.SENSITIVITIES)
    assert refused(lambda: asked(analyst, measured, one)).code == "terms_missing"


def test_the_database_keeps_what_was_found(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = done(analyst, measured, *presets)
    some = Sums.objects.filter(test=test).first()
    assert some is not None
    acts = (
        lambda: Test.objects.filter(pk=test.pk).update(results=[]),
        lambda: Test.objects.filter(pk=test.pk).delete(),
        lambda: Sums.objects.filter(pk=some.pk).update(ecl=0),
        lambda: Sums.objects.filter(pk=some.pk).delete(),
        lambda: Sums.objects.create(
            test=test,
            case=some.case,
            **dict.fromkeys(MEASURES, 0),
            year=9,
            segment="x",
            security="x",
            stage=1,
        ),
        lambda: Case.objects.create(test=test, place=9, scenario=presets[0]),
    )

    for act in acts:
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_lender_out_of_reach_has_no_tests(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    other = Entity.objects.create(
        code="other", name="Other", country="IN", currency="INR", time_zone="Asia/Kolkata"
    )
    question = Question(title="Other", measured=measured, scenarios=presets)

    assert (
        refused(
            lambda: services.ask(actor=analyst, entity=other, question=question, now=now())
        ).status
        == 404
    )
