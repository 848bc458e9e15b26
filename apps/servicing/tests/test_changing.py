"""Another schedule for what is ahead: what fell due keeps its date, and its days past due."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, transaction
from django.urls import reverse

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.loans import selectors as loans
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.offers.tests import factories as offering
from apps.products.tests import factories as products
from apps.repayments import capping
from apps.repayments import services as repayments
from apps.repayments.facts import Change
from apps.repayments.models import AccountEvent
from apps.repayments.services import reminding
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors, services
from apps.servicing.models import BenchmarkRate
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at

D = Decimal


def _changed(
    actor: User,
    loan: Loan,
    day: date,
    kind: str,
    *,
    reason: str = "Lost his job",
    **parameters: Any,
) -> AccountEvent:
    return services.change(
        actor=actor, loan=loan, kind=kind, parameters=parameters, reason=reason, now=at(day)
    )


def test_a_rescheduling_never_hides_days_past_due(lent: Loan, charlie: User) -> None:
    day = factories.late(lent, 40)
    before = loans.position(lent, day)
    assert (before.arrears.instalments, before.arrears.days) == (2, 40)

    event = _changed(
        charlie, lent, day, "reschedule", instalments=36, difficulty=True, reason="Lost his job"
    )

    after = loans.position(lent, day)
    assert after.arrears == before.arrears
    assert after.principal == 200_000
    assert len([row for row in after.rows if row.due_date > day]) == 36
    versions = lent.schedules.order_by("number")
    assert [one.reason for one in versions] == ["opened", "reschedule"]
    assert [one.in_force for one in versions] == [False, True]
    assert event.parameters["parameters"]["difficulty"] is True
    assert event.reason == "Lost his job"
    assert "reason" not in event.parameters
    assert repaid.offenders() == []


def test_a_moratorium_asks_for_interest_only_and_a_payment_fits_it(
    lent: Loan, alice: User, charlie: User
) -> None:
    day = TODAY + timedelta(days=3)

    _changed(charlie, lent, day, "moratorium", principal_free=3, extends=True, difficulty=False)

    rows = list(lent.instalments.filter(in_force=True).order_by("number"))
    assert [row.principal for row in rows[:3]] == [0, 0, 0]
    assert len(rows) == 27
    repaid.pay(alice, lent, rows[0].due_date, rows[0].due)
    rows[0].refresh_from_db()
    assert rows[0].unpaid == 0
    assert repaid.offenders() == []


def test_another_due_date_and_then_another_rate(lent: Loan, charlie: User) -> None:
    day = TODAY + timedelta(days=3)
    first = repaid.due_dates(lent)[0]

    _changed(
        charlie,
        lent,
        day,
        "due_date_change",
        first_due_on=(first + timedelta(days=10)).isoformat(),
    )
    _changed(charlie, lent, day, "rate_change", annual_rate="0.14", keeps="term")

    rows = lent.instalments.filter(in_force=True).order_by("number")
    assert rows[0].due_date == first + timedelta(days=10)
    assert rows.count() == 24
    assert [one.reason for one in lent.schedules.order_by("number")] == [
        "opened",
        "due_date_change",
        "rate_change",
    ]
    assert selectors.standing(lent, day).terms.annual_rate == D("0.14")
    assert repaid.offenders() == []


def test_taken_back_the_schedule_before_is_in_force_again(lent: Loan, charlie: User) -> None:
    day = TODAY + timedelta(days=3)
    before = list(lent.instalments.filter(in_force=True).order_by("number"))
    event = _changed(charlie, lent, day, "restructure", instalments=36, difficulty=True)

    services.undo(actor=charlie, event=event, reason="Not agreed after all", now=at(day))

    assert list(lent.instalments.filter(in_force=True).order_by("number")) == before
    assert lent.schedules.get(in_force=True).number == 1
    assert repaid.offenders() == []


def test_what_law_or_class_made_of_the_history_is_not_taken_back_by_hand(
    lent: Loan, charlie: User
) -> None:
    day = factories.late(lent, 1)
    capped = Change(
        day=day, change=capping.CAPPED, parameters={"as_agreed": True, "room": "1000.00"}
    )
    event = repayments.enter(
        actor="system:tests", loan=lent, fact=capped, reference="capped", now=at(day)
    )

    found = factories.refused(
        lambda: services.undo(actor=charlie, event=event, reason="Too soon", now=at(day))
    )

    assert found.code == "made_by_itself"


def test_a_change_below_a_cap_is_previewed_as_it_comes(lent: Loan, charlie: User) -> None:
    day = factories.late(lent, 1)
    capped = Change(
        day=day, change=capping.CAPPED, parameters={"as_agreed": True, "room": "1000.00"}
    )
    repayments.enter(actor="system:tests", loan=lent, fact=capped, reference="cap", now=at(day))
    asked: dict[str, Any] = {"instalments": 40}

    _before, after = selectors.preview(lent, day, "reschedule", asked)
    _changed(charlie, lent, day, "reschedule", **asked)

    ahead = lent.instalments.filter(in_force=True, due_date__gt=day)
    assert {row.due_on: row.interest for row in after.new} == {
        row.due_date: row.interest for row in ahead
    }
    assert sum(row.interest for row in after.new) - after.carried == 1000


def test_a_preview_writes_nothing(lent: Loan) -> None:
    before = factories.state()

    standing, after = selectors.preview(
        lent, TODAY + timedelta(days=3), "reschedule", {"instalments": 12}
    )

    assert (len(standing.ahead), len(after.new)) == (24, 12)
    assert factories.state() == before


def test_what_makes_no_schedule_is_refused(lent: Loan, charlie: User) -> None:
    day = TODAY + timedelta(days=3)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("reschedule", {"instalments": 0}, "count"),
        ("reschedule", {"instalments": 100_000}, "count"),
        ("reschedule", {"instalments": "many"}, "unreadable"),
        ("restructure", {"instalments": 12}, "unreadable"),
        ("rate_change", {"annual_rate": "-0.1"}, "rate"),
        ("rate_change", {"annual_rate": "0.16"}, "same_rate"),
        ("rate_change", {"annual_rate": "2.5", "keeps": "instalment"}, "cannot_amortise"),
        ("due_date_change", {"first_due_on": TODAY.isoformat()}, "first_due_on"),
        ("moratorium", {"principal_free": 24}, "grace"),
        ("forgiveness", {}, "unknown_change"),
    ]

    for kind, parameters, code in cases:
        refusal = factories.refused(
            lambda kind=kind, parameters=parameters: _changed(
                charlie, lent, day, kind, **parameters
            )
        )
        assert refusal.code == code, kind


def test_reason_day_state_and_person_are_asked_for(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    def change(actor: User, **changes: Any) -> AccountEvent:
        values = {"kind": "reschedule", "reason": "Lost his job", "day": TODAY, **changes}
        return services.change(
            actor=actor, loan=lent, parameters={"instalments": 30}, now=at(TODAY), **values
        )

    cases = [
        (alice, {}, "not_permitted"),
        (bob, {"kind": "restructure"}, "not_permitted"),
        (bob, {"reason": " "}, "reason_missing"),
        (bob, {"day": TODAY + timedelta(days=1)}, "day_refused"),
        (bob, {"day": TODAY - timedelta(days=1)}, "day_refused"),
    ]
    for actor, changes, code in cases:
        refusal = factories.refused(lambda actor=actor, changes=changes: change(actor, **changes))
        assert refusal.code == code
    Loan.objects.filter(pk=lent.pk).update(status="closed")
    assert factories.refused(lambda: change(bob)).code == "loan_not_running"


def test_the_same_reference_changes_once(lent: Loan, bob: User) -> None:
    def change(instalments: int) -> AccountEvent:
        return services.change(
            actor=bob,
            loan=lent,
            kind="reschedule",
            parameters={"instalments": instalments},
            reason="Lost his job",
            reference="CH-1",
            now=at(TODAY),
        )

    first = change(30)

    assert change(30) == first
    assert Event.objects.filter(verb="servicing.schedule_changed").count() == 1
    assert factories.refused(lambda: change(31)).code == "reference_used"


# --- rates --------------------------------------------------------------------------------------
def _rate(charlie: User, loan: Loan, day: date, rate: str, **changes: Any) -> BenchmarkRate:
    values: dict[str, Any] = {
        "entity": loan.branch.entity,
        "benchmark": "Repo rate",
        "effective_date": day,
        "annual_rate": D(rate),
        "source": "Central bank, press release",
        **changes,
    }
    return services.set_rate(actor=charlie, now=at(TODAY), **values)


def test_the_rate_in_force_on_a_day_is_the_last_one_before_it(lent: Loan, charlie: User) -> None:
    loan = lent
    assert loan.offer is not None
    loan.offer.key_facts["floating"] = {"benchmark": "Repo rate", "spread": "0.095"}
    _rate(charlie, loan, TODAY - timedelta(days=60), "0.065")
    _rate(charlie, loan, TODAY + timedelta(days=5), "0.055")

    now, later = (
        selectors.following(loan, TODAY),
        selectors.following(loan, TODAY + timedelta(days=5)),
    )

    assert now is not None
    assert later is not None
    assert (now.annual_rate, later.annual_rate) == (D("0.160000"), D("0.150000"))
    assert selectors.following(loan, TODAY - timedelta(days=61)).annual_rate is None  # type: ignore[union-attr]


def test_a_floating_loan_follows_its_benchmark_and_prepays_free(
    stage: None, alice: User, bob: User, charlie: User
) -> None:
    """Rule book 6.11 T2: floating, to a person for own needs, sanctioned in 2026."""
    application = offering.approved(alice)
    products.floating(application.product)
    opened = lending.opened(alice, application=application)
    loan = Loan.objects.get(pk=lending.paid(alice, bob, opened).loan_id)
    missing = factories.refused(
        lambda: services.follow_rate(
            actor=charlie, loan=loan, keeps="term", reason="Half-yearly reset", now=at(TODAY)
        )
    )
    _rate(charlie, loan, TODAY, "0.088", benchmark="Reference rate")

    event, again = (
        services.follow_rate(
            actor=charlie,
            loan=loan,
            keeps="term",
            reason="Half-yearly reset",
            now=at(TODAY),
            reference="reset-1",
        )
        for _time in range(2)
    )
    other = factories.refused(
        lambda: services.follow_rate(
            actor=charlie,
            loan=loan,
            keeps="instalment",
            reason="Half-yearly reset",
            now=at(TODAY),
            reference="reset-1",
        )
    )

    assert (again.pk, other.code) == (event.pk, "reference_used")
    assert missing.code == "no_rate"
    assert event.parameters["parameters"] == {
        "annual_rate": "0.150000",
        "keeps": "term",
        "benchmark": "Reference rate",
    }
    assert selectors.standing(loan, TODAY).terms.annual_rate == D("0.15")
    assert services.choices(loan, TODAY, D(50_000)).charge == 0
    assert repaid.offenders() == []


def test_a_fixed_rate_follows_nothing(lent: Loan, charlie: User) -> None:
    refusal = factories.refused(
        lambda: services.follow_rate(
            actor=charlie, loan=lent, keeps="term", reason="Reset", now=at(TODAY)
        )
    )

    assert refusal.code == "rate_is_fixed"


def test_the_table_of_rates_takes_a_day_once_and_no_absurd_rate(
    lent: Loan, alice: User, charlie: User
) -> None:
    _rate(charlie, lent, TODAY, "0.065")
    cases: list[tuple[User, dict[str, Any], str]] = [
        (charlie, {"rate": "0.07"}, "rate_known"),
        (charlie, {"rate": "1", "day": TODAY + timedelta(days=1)}, "rate_refused"),
        (charlie, {"rate": "-0.01", "day": TODAY + timedelta(days=1)}, "rate_refused"),
        (charlie, {"rate": "NaN", "day": TODAY + timedelta(days=1)}, "rate_refused"),
        (charlie, {"rate": "0.07", "day": TODAY - timedelta(days=800)}, "day_refused"),
        (charlie, {"rate": "0.07", "day": TODAY + timedelta(days=800)}, "day_refused"),
        (charlie, {"rate": "0.07", "benchmark": " "}, "benchmark_refused"),
        (charlie, {"rate": "0.07", "source": " "}, "source_missing"),
        (alice, {"rate": "0.07"}, "not_permitted"),
    ]

    for actor, given, code in cases:
        changes = {"day": TODAY, **given}
        refusal = factories.refused(
            lambda actor=actor, changes=changes: _rate(
                actor, lent, changes.pop("day"), changes.pop("rate"), **changes
            )
        )
        assert refusal.code == code


def _follow(actor: User, loan: Loan, *, reference: str = "") -> AccountEvent:
    return services.follow_rate(
        actor=actor,
        loan=loan,
        keeps="term",
        reason="Half-yearly reset",
        now=at(TODAY),
        reference=reference,
    )


def _back(actor: User, rate: BenchmarkRate, reason: str = "Mistyped") -> BenchmarkRate:
    return services.take_rate_back(actor=actor, rate=rate, reason=reason, now=at(TODAY))


def test_a_wrong_rate_nobody_follows_is_taken_back_and_its_day_has_another(
    floating: Loan, charlie: User
) -> None:
    right = _rate(charlie, floating, TODAY - timedelta(days=9), "0.08", benchmark="Reference rate")
    wrong = _rate(charlie, floating, TODAY, "0.88", benchmark="Reference rate")

    back = _back(charlie, wrong)

    assert (back.taken_back_by, back.taken_back_at) == (charlie, at(TODAY))
    assert selectors.following(floating, TODAY).benchmark_rate == D("0.08")  # type: ignore[union-attr]
    assert _back(charlie, wrong) == back
    said = Event.objects.get(verb="servicing.rate_taken_back").facts
    assert (said["benchmark"], said["annual_rate"]) == ("Reference rate", "0.880000")
    assert factories.refused(lambda: _back(charlie, wrong, "Once more")).code == (
        "taken_back_already"
    )
    again = _rate(charlie, floating, TODAY, "0.088", benchmark="Reference rate")
    assert selectors.following(floating, TODAY).benchmark_rate == D("0.088")  # type: ignore[union-attr]
    assert set(selectors.rates(charlie)) == {right, wrong, again}


def test_a_rate_that_a_loan_follows_is_taken_back_after_the_change_is(
    floating: Loan, charlie: User
) -> None:
    before = repaid.standing(floating)
    early = _rate(charlie, floating, TODAY - timedelta(days=9), "0.08", benchmark="Reference rate")
    wrong = _rate(charlie, floating, TODAY, "0.088", benchmark="Reference rate")
    event = _follow(charlie, floating)

    refusal = factories.refused(lambda: _back(charlie, wrong))

    assert refusal.code == "rate_in_use"
    assert floating.number in str(refusal.sentence)
    # The row before it is followed by nobody.
    assert _back(charlie, early).taken_back_at is not None
    services.undo(actor=charlie, event=event, reason="Wrong rate", now=at(TODAY))
    _back(charlie, wrong)
    after = repaid.standing(floating)
    # An account begins with the first thing that happens.
    assert not before.pop("account")
    assert after.pop("account")["moved_on"] is None
    assert after == before
    assert factories.refused(lambda: _follow(charlie, floating, reference="2")).code == "no_rate"
    _rate(charlie, floating, TODAY, "0.068", benchmark="Reference rate")
    assert _follow(charlie, floating, reference="3").parameters["parameters"]["annual_rate"] == (
        "0.130000"
    )
    assert repaid.offenders() == []


def test_a_row_entered_later_does_not_free_the_one_that_was_followed(
    floating: Loan, charlie: User
) -> None:
    wrong = _rate(charlie, floating, TODAY - timedelta(days=9), "0.08", benchmark="Reference rate")
    _follow(charlie, floating)
    values = {
        "entity": floating.branch.entity,
        "benchmark": "Reference rate",
        "effective_date": TODAY - timedelta(days=1),
        "annual_rate": D("0.09"),
        "source": "Central bank",
    }
    late = services.set_rate(actor=charlie, now=at(TODAY) + timedelta(hours=1), **values)

    assert factories.refused(lambda: _back(charlie, wrong)).code == "rate_in_use"
    assert _back(charlie, late).taken_back_at is not None


def test_a_rate_is_taken_back_with_a_reason_by_who_keeps_the_table_of_its_lender(
    lent: Loan, alice: User, charlie: User, make_person: Any
) -> None:
    other = Entity.objects.create(
        code="kilima", name="Kilima", country="KE", currency="KES", time_zone="Africa/Nairobi"
    )
    eve = make_person("Eve")
    eve.user_permissions.add(Permission.objects.get(codename="manage_rates"))
    rate, theirs = (
        BenchmarkRate.objects.create(
            entity=entity,
            benchmark="Repo rate",
            effective_date=TODAY,
            annual_rate=D("0.065"),
            source="Central bank",
            set_by=charlie,
            set_at=at(TODAY),
        )
        for entity in (lent.branch.entity, other)
    )

    for actor, one, reason, code in (
        (alice, rate, "Mistyped", "not_permitted"),
        (eve, theirs, "Mistyped", "not_found"),
        (charlie, rate, " x ", "reason_missing"),
    ):
        act: Any = lambda actor=actor, one=one, reason=reason: _back(actor, one, reason)  # noqa: E731
        assert factories.refused(act).code == code
    assert not BenchmarkRate.objects.exclude(taken_back_at=None).exists()


def test_the_database_keeps_a_rate_as_it_was_entered(lent: Loan, charlie: User) -> None:
    rows = BenchmarkRate.objects.filter(pk=_rate(charlie, lent, TODAY, "0.065").pk)
    for changes in (
        {"annual_rate": D("0.07")},
        {"taken_back_at": at(TODAY)},
        {"taken_back_at": at(TODAY), "taken_back_by": charlie},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**changes)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    _back(charlie, rows.get())
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(taken_back_at=None, taken_back_by=None, taken_back_reason="")


def test_nobody_keeps_the_rates_of_another_lender(
    lent: Loan, make_person: Any, signed_in: Any
) -> None:
    eve = make_person("Eve")
    eve.user_permissions.add(Permission.objects.get(codename="manage_rates"))
    other = Entity.objects.create(
        code="kilima", name="Kilima", country="KE", currency="KES", time_zone="Africa/Nairobi"
    )

    refusal = factories.refused(lambda: _rate(eve, lent, TODAY, "0.07", entity=other))
    page = signed_in(eve).get(reverse("servicing:rates")).content.decode()

    assert refusal.code == "not_found"
    assert other.name not in page
    assert lent.branch.entity.name in page
    assert _rate(eve, lent, TODAY, "0.07").entity == lent.branch.entity


# --- hardship -----------------------------------------------------------------------------------
def test_a_pause_for_hardship_changes_no_date_and_no_day_past_due(lent: Loan, bob: User) -> None:
    day = factories.late(lent, 40)
    before = loans.position(lent, day)

    pause = services.pause(
        actor=bob,
        loan=lent,
        starts_on=day,
        ends_on=day + timedelta(days=60),
        reason="Flood in the village",
        now=at(day),
    )

    after = loans.position(lent, day)
    assert (after.arrears, after.rows) == (before.arrears, before.rows)
    assert after.arrears.days == 40
    second = factories.refused(
        lambda: services.pause(
            actor=bob,
            loan=lent,
            starts_on=day,
            ends_on=day,
            reason="Flood in the village",
            now=at(day),
        )
    )
    ended = services.end_pause(actor=bob, pause=pause, reason="He earns again", now=at(day))
    assert second.code == "pause_runs"
    assert (ended.status, ended.ended_reason) == ("ended", "He earns again")


def test_nobody_is_reminded_while_a_borrower_is_left_alone(lent: Loan, bob: User) -> None:
    day = factories.late(lent, 3)
    rows = lent.instalments.filter(in_force=True, number=1)
    assert reminding.not_silenced(rows, day).exists()

    services.pause(
        actor=bob,
        loan=lent,
        starts_on=day,
        ends_on=day + timedelta(days=10),
        reason="Flood in the village",
        now=at(day),
    )

    assert not reminding.not_silenced(rows, day).exists()
    assert reminding.not_silenced(rows, day + timedelta(days=11)).exists()


def test_a_pause_has_days_and_a_reason(lent: Loan, alice: User, bob: User) -> None:
    def pause(actor: User, **changes: Any) -> object:
        values: dict[str, Any] = {
            "starts_on": TODAY,
            "ends_on": TODAY + timedelta(days=30),
            "reason": "Flood in the village",
            **changes,
        }
        return services.pause(actor=actor, loan=lent, now=at(TODAY), **values)

    cases = [
        (alice, {}, "not_permitted"),
        (bob, {"starts_on": TODAY - timedelta(days=1)}, "day_refused"),
        (bob, {"ends_on": TODAY - timedelta(days=1)}, "day_refused"),
        (bob, {"ends_on": TODAY + timedelta(days=800)}, "day_refused"),
        (bob, {"reason": ""}, "reason_missing"),
    ]
    for actor, changes, code in cases:
        refusal = factories.refused(lambda actor=actor, changes=changes: pause(actor, **changes))
        assert refusal.code == code
