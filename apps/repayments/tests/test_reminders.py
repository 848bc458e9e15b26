"""Borrowers are reminded once for a step, within hours, and never of what needs no reminder."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, InternalError, transaction
from django.test import override_settings

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.customers import services as customers
from apps.letters.tests import mail_server
from apps.loans.models import Instalment, Loan
from apps.loans.tests import factories as loans
from apps.products.tests import factories as products
from apps.repayments import hooks, services
from apps.repayments.models import LoanAccount, Reminder, ReminderPlan, ReminderStop
from apps.repayments.services import PlanEntry, reminding, sending_reminders
from apps.repayments.tests import contact_factories as factories
from tests.kept import kept

at = factories.at
# A Sunday. Three days before is a Thursday; the day itself moves to the Friday.
DUE = date(2026, 12, 20)
BEFORE, ON_THE_DAY = date(2026, 12, 17), date(2026, 12, 18)
AFTER, LONG_AFTER = date(2026, 12, 23), date(2026, 12, 30)


@pytest.fixture
@kept
def loan(alice: User, bob: User, stage: None) -> Loan:
    """A running loan of 200,000 whose borrower agreed to be reached by e-mail."""
    found = loans.paid(alice, bob).loan
    agree(alice, found)
    return found


@pytest.fixture
def planned(charlie: User) -> ReminderPlan:
    """Three days before, the day itself, 3 and 10 days after."""
    return factories.plan(charlie)


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of a portal."""
    monkeypatch.setattr(
        hooks, "_own_links", [lambda key, _until: f"https://lender.example/my/{key}/"]
    )
    monkeypatch.setattr(hooks, "_stop_links", [lambda one: f"https://lender.example/stop/{one}/"])


def agree(alice: User, loan: Loan) -> None:
    customers.give_consent(
        actor=alice,
        customer=loan.customer,
        purpose="contact",
        wording_version="2026-11",
        channel="paper",
        now=loans.LATER,
    )


def states() -> list[tuple[date, int, str, str]]:
    rows = Reminder.objects.order_by("due_date", "step")
    return list(rows.values_list("due_date", "step", "status", "obstacle"))


def run(now: datetime) -> tuple[int, int]:
    return services.remind_due(now=now), services.send_reminders(now=now)


def test_a_borrower_is_reminded_once_for_a_step(loan: Loan, planned: ReminderPlan) -> None:
    first, again = run(at(BEFORE)), run(at(BEFORE, "11:00"))

    assert (first, again) == ((1, 1), (0, 0))
    assert states() == [(DUE, -3, "sent", "")]
    [message] = mail.outbox
    assert message.to == [loan.customer.email]
    event = Event.objects.get(verb="repayments.reminded")
    assert event.subject == f"loans.loan:{loan.pk}"
    assert event.case == f"applications.application:{loan.application_id}"
    assert "@" not in str(event.facts)


def test_every_step_goes_out_on_its_day(loan: Loan, planned: ReminderPlan) -> None:
    day = BEFORE - timedelta(days=3)
    sent: dict[date, list[int]] = {}

    while day < date(2027, 1, 5):
        run(at(day))
        run(at(day, "18:59"))
        steps = Reminder.objects.filter(sent_at__gte=at(day, "00:00"), due_date=DUE)
        if found := list(steps.values_list("step", flat=True)):
            sent[day] = found
        day += timedelta(days=1)

    assert sent == {BEFORE: [-3], ON_THE_DAY: [0], AFTER: [3], LONG_AFTER: [10]}
    assert len(mail.outbox) == 4


def test_rule_6_11_nothing_goes_out_beyond_contact_hours(loan: Loan, planned: ReminderPlan) -> None:
    closed = [run(at(BEFORE, clock)) for clock in ("00:00", "07:59", "19:00", "23:30")]
    at_eight = run(at(BEFORE, "08:00"))

    assert closed == [(0, 0)] * 4
    assert at_eight == (1, 1)
    assert len(mail.outbox) == 1


def test_what_was_put_down_in_time_waits_for_the_morning(loan: Loan, planned: ReminderPlan) -> None:
    services.remind_due(now=at(BEFORE, "18:59"))

    night = services.send_reminders(now=at(BEFORE, "19:00"))
    morning = services.send_reminders(now=at(ON_THE_DAY, "08:00"))

    assert (night, morning) == (0, 1)
    assert states() == [(DUE, -3, "sent", "")]


def test_the_hours_are_those_of_the_lenders_clock(
    loan: Loan, planned: ReminderPlan, india: Any
) -> None:
    india.time_zone = "America/Chicago"
    india.save(update_fields=["time_zone"])

    # Ten in the morning in India is half past ten in the evening of the day before in Chicago.
    assert services.remind_due(now=at(BEFORE, "10:00")) == 0
    assert services.remind_due(now=at(BEFORE, "10:00", "America/Chicago")) == 1


def test_nobody_is_reminded_on_a_day_off(loan: Loan, charlie: User, india: Any) -> None:
    factories.plan(charlie, steps=(5,))

    assert services.remind_due(now=at(date(2026, 12, 25))) == 0
    assert services.remind_due(now=at(date(2026, 12, 26))) == 0
    # The Monday after the holiday and its weekend.
    assert services.remind_due(now=at(date(2026, 12, 28))) == 1


def test_what_is_paid_is_not_reminded_of(loan: Loan, planned: ReminderPlan) -> None:
    factories.pay(factories.first_due(loan))

    assert run(at(BEFORE)) == (0, 0)


def test_what_is_paid_in_part_is(loan: Loan, planned: ReminderPlan) -> None:
    factories.pay(factories.first_due(loan), "100.00")

    assert run(at(BEFORE)) == (1, 1)


def test_what_was_paid_ahead_is_not_reminded_of(loan: Loan, planned: ReminderPlan) -> None:
    account, _new = LoanAccount.objects.get_or_create(loan=loan, defaults={"through": DUE})
    account.advances = factories.first_due(loan).due
    account.save()

    assert run(at(BEFORE)) == (0, 0)

    account.advances -= 1
    account.save()
    assert run(at(BEFORE)) == (1, 1)


def test_what_is_paid_before_it_goes_out_is_dropped(loan: Loan, planned: ReminderPlan) -> None:
    services.remind_due(now=at(BEFORE))
    factories.pay(factories.first_due(loan))

    services.send_reminders(now=at(BEFORE, "10:01"))

    assert states() == [(DUE, -3, "dropped", "paid")]
    assert mail.outbox == []


def test_what_could_not_go_out_in_time_is_dropped(loan: Loan, planned: ReminderPlan) -> None:
    services.remind_due(now=at(ON_THE_DAY))

    services.send_reminders(now=at(date(2026, 12, 21)))

    assert states() == [(DUE, 0, "dropped", "too_late")]


def test_who_has_promised_is_left_alone_until_the_day_is_over(
    loan: Loan, alice: User, planned: ReminderPlan
) -> None:
    factories.promise(alice, loan, on=BEFORE, promised_date=date(2026, 12, 29))

    kept_off = [run(at(day)) for day in (BEFORE, ON_THE_DAY, AFTER)]
    after = run(at(LONG_AFTER))

    assert kept_off == [(0, 0)] * 3
    assert after == (1, 1)


def test_a_promise_taken_meanwhile_stops_what_waits(
    loan: Loan, alice: User, planned: ReminderPlan
) -> None:
    services.remind_due(now=at(BEFORE))
    factories.promise(alice, loan, on=BEFORE)

    services.send_reminders(now=at(BEFORE, "10:01"))

    assert states() == [(DUE, -3, "dropped", "promised")]


def test_whom_an_app_above_leaves_alone_is_not_reminded(
    loan: Loan, planned: ReminderPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.remind_due(now=at(BEFORE))
    alone = [lambda _day: Loan.objects.filter(pk=loan.pk).values("pk")]
    monkeypatch.setattr(hooks, "_left_alone", alone)

    services.send_reminders(now=at(BEFORE, "10:01"))

    assert states() == [(DUE, -3, "dropped", "left_alone")]
    assert run(at(ON_THE_DAY)) == (0, 0)


def test_a_loan_that_is_not_running_is_not_reminded_of(
    alice: User, stage: None, planned: ReminderPlan
) -> None:
    loans.opened(alice)

    assert run(at(BEFORE)) == (0, 0)


def test_of_two_instalments_the_older_speaks_for_both(loan: Loan, charlie: User) -> None:
    # 31 days after 20 December is the due date of the next instalment.
    factories.plan(charlie, steps=(0, 31))

    assert run(at(date(2027, 1, 20))) == (2, 1)

    assert states() == [(DUE, 31, "sent", ""), (date(2027, 1, 20), 0, "joined", "")]
    assert len(mail.outbox) == 1


def test_a_products_own_plan_goes_before_the_lenders(
    loan: Loan, charlie: User, planned: ReminderPlan
) -> None:
    factories.plan(charlie, product=loan.product, steps=())

    assert run(at(BEFORE)) == (0, 0)


def test_a_plan_for_another_product_counts_for_that_one_alone(
    loan: Loan, charlie: User, planned: ReminderPlan
) -> None:
    other = products.personal_loan(charlie.branch.entity, code="other-loan")
    factories.plan(charlie, product=other, steps=())

    assert run(at(BEFORE)) == (1, 1)


def test_a_plan_counts_from_its_day_on(loan: Loan, charlie: User, planned: ReminderPlan) -> None:
    factories.plan(charlie, steps=(-20,), from_date=ON_THE_DAY)

    assert run(at(BEFORE)) == (1, 1)
    assert run(at(ON_THE_DAY)) == (0, 0)


def test_another_schedule_with_the_same_day_reminds_of_it_once(
    loan: Loan, planned: ReminderPlan
) -> None:
    run(at(BEFORE))
    first = factories.first_due(loan)
    other = Instalment.objects.filter(loan=loan).exclude(pk=first.pk).first()

    with pytest.raises(IntegrityError, match="repayments_reminder_once"), transaction.atomic():
        Reminder.objects.create(
            loan=loan,
            instalment=other,
            due_date=DUE,
            step=-3,
            last_date=BEFORE,
            next_try_at=at(BEFORE),
        )


# --- killed, and set going again ------------------------------------------------------------
def test_a_run_that_is_killed_goes_on_where_it_was(
    loan: Loan,
    alice: User,
    bob: User,
    planned: ReminderPlan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _number in range(2):
        loans.paid(alice, bob)
    monkeypatch.setattr(reminding, "CHUNK", 2)
    written = reminding._put_down
    calls: list[int] = []

    def killed(*args: Any) -> int:
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(1)
        return written(*args)

    monkeypatch.setattr(reminding, "_put_down", killed)
    with pytest.raises(KeyboardInterrupt):
        services.remind_due(now=at(BEFORE))
    there = Reminder.objects.count()
    monkeypatch.setattr(reminding, "_put_down", written)

    rest = services.remind_due(now=at(BEFORE))

    assert (there, rest, Reminder.objects.count()) == (1, 2, 3)


def test_a_worker_that_is_lost_leaves_a_reminder_nobody_sends_again(
    loan: Loan, planned: ReminderPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.remind_due(now=at(BEFORE))

    def lost(*args: Any, **options: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending_reminders.mailing, "hand_over", lost)
    with pytest.raises(KeyboardInterrupt):
        services.send_reminders(now=at(BEFORE))
    assert states() == [(DUE, -3, "sending", "")]

    too_soon = services.send_reminders(now=at(BEFORE, "10:09"))
    settled = services.send_reminders(now=at(BEFORE, "10:11"))

    assert (too_soon, settled) == (0, 1)
    assert states() == [(DUE, -3, "unknown", "unknown")]


@pytest.mark.parametrize(
    ("answers", "status", "obstacle", "retried"),
    [
        ({"RCPT": "450 later"}, "queued", "server_down", "sent"),
        ({"RCPT": "550 no such box"}, "failed", "refused", "failed"),
        ({"END": ""}, "unknown", "unknown", "unknown"),
    ],
)
def test_what_the_mail_server_says_counts(
    loan: Loan,
    planned: ReminderPlan,
    caplog: pytest.LogCaptureFixture,
    answers: dict[str, str],
    status: str,
    obstacle: str,
    retried: str,
) -> None:
    services.remind_due(now=at(BEFORE))

    with (
        mail_server.listening() as box,
        override_settings(**mail_server.settings_for(box.port)),
    ):
        box.answers.update(answers)
        services.send_reminders(now=at(BEFORE))
        assert states() == [(DUE, -3, status, obstacle)]
        box.answers.clear()
        services.send_reminders(now=at(BEFORE, "10:06"))

    assert states()[0][2] == retried
    assert str(loan.customer.email) not in caplog.text
    assert str(loan.customer.full_name) not in caplog.text


def test_without_a_way_to_reach_the_borrower_it_says_why(
    alice: User, bob: User, stage: None, planned: ReminderPlan
) -> None:
    loans.paid(alice, bob)

    run(at(BEFORE))

    assert states() == [(DUE, -3, "dropped", "no_consent")]
    assert mail.outbox == []


@override_settings(LETTERS_BY_EMAIL=False)
def test_without_a_mail_server_it_says_so(loan: Loan, planned: ReminderPlan) -> None:
    run(at(BEFORE))

    assert states() == [(DUE, -3, "dropped", "not_configured")]


# --- what it says ---------------------------------------------------------------------------
@pytest.mark.usefixtures("links")
def test_it_tells_no_name_number_or_amount_and_how_to_end_it(
    loan: Loan, planned: ReminderPlan
) -> None:
    run(at(BEFORE))

    [message] = mail.outbox
    assert message.subject == "A reminder from Sahyadri Finance Ltd"
    assert "falls due on 20 December 2026" in message.body
    assert f"https://lender.example/my/{loan.application_id}/" in message.body
    stop = message.extra_headers["List-Unsubscribe"]
    assert stop.strip("<>") in message.body
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for told in (loan.number, loan.customer.number, loan.customer.full_name):
        assert str(told) not in message.subject + message.body
    assert str(factories.first_due(loan).due) not in message.body


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (ON_THE_DAY, "falls due on 20 December 2026"),
        (AFTER, "fell due on 20 December 2026, and it has not reached us in full."),
    ],
)
def test_it_says_how_the_day_stands_to_the_due_date(
    loan: Loan, planned: ReminderPlan, day: date, says: str
) -> None:
    run(at(day))

    [message] = mail.outbox
    assert says in message.body
    assert ("The next one falls due on 20 January 2027." in message.body) is (day == AFTER)


# --- who wants none -------------------------------------------------------------------------
def test_who_wants_none_gets_none_until_asked_again(
    loan: Loan, alice: User, planned: ReminderPlan
) -> None:
    services.stop_reminders(actor=alice, customer=loan.customer, channel="phone", now=at(BEFORE))

    silent = run(at(BEFORE))
    services.resume_reminders(actor=alice, customer=loan.customer, now=at(ON_THE_DAY, "09:00"))
    wanted = run(at(ON_THE_DAY))

    assert (silent, wanted) == ((0, 0), (1, 1))
    verbs = Event.objects.filter(verb__startswith="repayments.reminders").order_by("id")
    assert list(verbs.values_list("verb", "actor")) == [
        ("repayments.reminders_stopped", alice.audit_reference),
        ("repayments.reminders_resumed", alice.audit_reference),
    ]


def test_a_link_ends_what_waits_and_once_is_enough(loan: Loan, planned: ReminderPlan) -> None:
    services.remind_due(now=at(BEFORE))

    first = services.stop_by_link(customer=loan.customer, now=at(BEFORE))
    again = services.stop_by_link(customer=loan.customer, now=at(BEFORE))
    services.send_reminders(now=at(BEFORE, "10:01"))

    assert (first, again) == (True, False)
    assert states() == [(DUE, -3, "dropped", "stopped")]
    assert ReminderStop.objects.count() == 1


def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = (ReminderStop.objects.count(), ReminderPlan.objects.count(), Event.objects.count())
    with pytest.raises(DomainError) as refusal:
        act()
    after = (ReminderStop.objects.count(), ReminderPlan.objects.count(), Event.objects.count())
    assert (after, bool(str(refusal.value.sentence))) == (before, True)
    return refusal.value


def test_stopping_and_resuming_is_refused_where_it_makes_no_sense(
    loan: Loan, alice: User, amir: User, make_person: Any, nashik: Any
) -> None:
    far = make_person("Farah", "loan_officer", branch=nashik)
    now = at(BEFORE)

    def stop(actor: User, channel: str = "phone") -> object:
        return services.stop_reminders(
            actor=actor, customer=loan.customer, channel=channel, now=now
        )

    assert isinstance(refused(lambda: stop(amir)), NotPermitted)
    assert isinstance(refused(lambda: stop(far)), NotVisible)
    assert list(refused(lambda: stop(alice, "link")).fields) == ["channel"]
    assert isinstance(
        refused(lambda: services.resume_reminders(actor=alice, customer=loan.customer, now=now)),
        Conflict,
    )
    stop(alice)
    assert isinstance(refused(lambda: stop(alice)), Conflict)


# --- plans ----------------------------------------------------------------------------------
def test_a_plan_is_never_changed_but_another_takes_its_place(
    charlie: User, planned: ReminderPlan
) -> None:
    other = factories.plan(charlie, steps=(7, -7))

    planned.refresh_from_db()
    assert (planned.ended_by, other.steps) == (charlie, [-7, 7])
    with pytest.raises(InternalError), transaction.atomic():
        ReminderPlan.objects.filter(pk=other.pk).update(steps=[1])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": (1, 1)}, "steps"),
        ({"steps": (91,)}, "steps"),
        ({"steps": tuple(range(13))}, "steps"),
        ({"from_date": date(2026, 11, 19)}, "from_date"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    charlie: User, changes: dict[str, Any], field: str
) -> None:
    values = {"entity": charlie.branch.entity, "steps": (1,), "from_date": factories.PAID_OUT}
    entry = PlanEntry(**{**values, **changes})

    refusal = refused(
        lambda: services.enter_plan(actor=charlie, entry=entry, now=at(factories.PAID_OUT))
    )

    assert list(refusal.fields) == [field]


def test_only_who_may_sets_and_ends_plans(alice: User, planned: ReminderPlan) -> None:
    entry = PlanEntry(entity=alice.branch.entity, steps=(1,), from_date=factories.PAID_OUT)
    now = at(factories.PAID_OUT)

    for act in (
        lambda: services.enter_plan(actor=alice, entry=entry, now=now),
        lambda: services.end_plan(actor=alice, plan=planned, now=now),
    ):
        assert isinstance(refused(act), NotPermitted)


def test_a_plan_is_ended_once(charlie: User, planned: ReminderPlan, loan: Loan) -> None:
    services.end_plan(actor=charlie, plan=planned, now=at(BEFORE))

    assert isinstance(
        refused(lambda: services.end_plan(actor=charlie, plan=planned, now=at(BEFORE))), Conflict
    )
    assert run(at(BEFORE)) == (0, 0)
