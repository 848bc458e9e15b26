"""Alerts: raised at the end of a day, told once, acknowledged by a person, over when it is over."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.core import jobs
from apps.core.errors import Conflict
from apps.customers.models import Customer
from apps.loans.models import Loan
from apps.npa import services, watch_rows, webhook_sending, webhook_signing
from apps.npa.models import Alert, AlertDelivery, DayFigures, PortfolioDay, Threshold
from apps.npa.services import delivering
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import NOW, TODAY, night, npa, snapshot

DAY = timedelta(days=1)
SECRET = "s" * 40
HOOK = "https://hooks.example.org/alerts"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Keep what would be given to a worker."""
    given: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "_carry", lambda task, said: given.append((task, said)))
    return given


@pytest.fixture
def watched(india: Entity, charlie: User) -> Threshold:
    """The NPA ratio of Sahyadri must not exceed 5 %; Charlie answers for it."""
    return factories.threshold(charlie, india, "npa_ratio", "0.05")


def test_it_raises_one_alert_for_a_breach_until_it_is_over(
    lent: Loan, india: Entity, watched: Threshold
) -> None:
    npa(lent, TODAY)
    assert night(india, TODAY) == 1
    alert = Alert.objects.get()
    assert (alert.measure, alert.value, alert.bound, alert.day, alert.status) == (
        "npa_ratio",
        Decimal(1),
        Decimal("0.05"),
        TODAY,
        "open",
    )

    npa(lent, TODAY + DAY, principal=Decimal(90_000))
    assert night(india, TODAY + DAY) == 0
    alert.refresh_from_db()
    assert (alert.last_day, alert.status) == (TODAY + DAY, "open")

    snapshot(lent, TODAY + 2 * DAY)
    assert night(india, TODAY + 2 * DAY) == 0
    alert.refresh_from_db()
    assert (alert.status, alert.cleared_day, alert.last_value) == ("over", TODAY + 2 * DAY, 0)

    npa(lent, TODAY + 3 * DAY)
    assert night(india, TODAY + 3 * DAY) == 1
    assert Alert.objects.count() == 2
    verbs = Event.objects.filter(verb__startswith="npa.alert_").order_by("pk")
    assert [one.verb for one in verbs] == ["npa.alert_raised", "npa.alert_over", "npa.alert_raised"]


def test_the_same_night_again_writes_the_same_again_and_raises_nothing(
    lent: Loan, india: Entity, watched: Threshold
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    kept = list(PortfolioDay.objects.values("asset_class", "loans", "principal", "npa_principal"))

    again = services.raise_alerts(entity=india, day=TODAY, now=NOW)

    assert (again, Alert.objects.count(), AlertDelivery.objects.count()) == (0, 1, 1)
    assert kept == [
        {
            "asset_class": "substandard",
            "loans": 1,
            "principal": Decimal(100_000),
            "npa_principal": Decimal(100_000),
        }
    ]
    assert (
        list(PortfolioDay.objects.values("asset_class", "loans", "principal", "npa_principal"))
        == kept
    )
    assert DayFigures.objects.count() == 1


def test_a_night_run_again_that_finds_no_breach_clears_the_alert(
    lent: Loan, india: Entity, watched: Threshold
) -> None:
    row = npa(lent, TODAY)
    night(india, TODAY)
    type(row).objects.filter(day=TODAY).update(npa_date=None, asset_class="standard")

    services.raise_alerts(entity=india, day=TODAY, now=NOW)

    assert Alert.objects.get().status == "over"


def test_a_day_run_again_within_a_breach_that_is_over_raises_nothing(
    lent: Loan, india: Entity, watched: Threshold
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    snapshot(lent, TODAY + DAY)
    night(india, TODAY + DAY)

    again = services.raise_alerts(entity=india, day=TODAY, now=NOW)

    alert = Alert.objects.get()
    assert (again, alert.status, alert.cleared_day) == (0, "over", TODAY + DAY)
    assert AlertDelivery.objects.count() == 1, "nobody is told of the same breach twice"
    npa(lent, TODAY + 2 * DAY)
    assert night(india, TODAY + 2 * DAY) == 1, "the next breach is another"


def test_an_alert_is_over_once_there_is_nothing_left_to_measure(
    lent: Loan, india: Entity, watched: Threshold
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)

    assert night(india, TODAY + DAY) == 0

    alert = Alert.objects.get()
    assert not DayFigures.objects.filter(day=TODAY + DAY).exists()
    assert (alert.status, alert.cleared_day) == ("over", TODAY + DAY)
    assert (alert.last_day, alert.last_value) == (TODAY, 1), "when it was measured last"


def test_a_day_before_an_alert_that_has_nothing_to_measure_leaves_it(
    lent: Loan, india: Entity, watched: Threshold
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)

    night(india, TODAY - DAY)

    assert Alert.objects.get().status == "open"


def test_an_acknowledged_breach_is_not_raised_again(
    lent: Loan, india: Entity, watched: Threshold, charlie: User
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    done = services.acknowledge(
        actor=charlie, alert=Alert.objects.get(), note="Recovery team informed", now=NOW
    )
    npa(lent, TODAY + DAY)

    assert night(india, TODAY + DAY) == 0
    assert (done.status, done.acknowledged_by, done.note) == (
        "acknowledged",
        charlie,
        "Recovery team informed",
    )
    with transaction.atomic(), pytest.raises(Conflict):
        services.acknowledge(actor=charlie, alert=done, note="And once more", now=NOW)


def test_an_acknowledgement_needs_a_right_and_a_note(
    lent: Loan, india: Entity, watched: Threshold, charlie: User, amir: User
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    alert = Alert.objects.get()

    for actor, note, code in ((amir, "Seen", "not_permitted"), (charlie, " ", "note_missing")):
        refusal = factories.refused(
            lambda actor=actor, note=note: services.acknowledge(
                actor=actor, alert=alert, note=note, now=NOW
            )
        )
        assert refusal.code == code


def test_it_measures_concentration_and_the_rise_of_a_month(
    lent: Loan, india: Entity, charlie: User
) -> None:
    for measure, bound in (("largest_borrower", "0.2"), ("npa_jump", "0.01"), ("coverage", "0.6")):
        factories.threshold(charlie, india, measure, bound)
    snapshot(lent, TODAY - 31 * DAY)
    night(india, TODAY - 31 * DAY)
    npa(lent, TODAY)

    assert night(india, TODAY) == 2
    raised = {one.measure: one for one in Alert.objects.all()}
    assert raised["largest_borrower"].subject == lent.customer.number
    assert raised["largest_borrower"].day == TODAY - 31 * DAY
    assert (raised["npa_jump"].value, raised["coverage"].value) == (1, Decimal("0.1"))


def test_of_borrowers_who_owe_the_same_the_first_is_named(lent: Loan, india: Entity) -> None:
    half = Decimal(50_000)
    snapshot(lent, TODAY)
    for number, parts in (("A-1", (half, half)), ("A-0", (half,)), ("ZZ-9", (half, half))):
        key = _namesake(lent.customer, number)
        for part in parts:
            snapshot(lent, TODAY, loan_id=uuid.uuid4(), customer_id=key, principal=part)

    night(india, TODAY)

    figures = DayFigures.objects.get()
    assert lent.customer.number > "A-1"
    assert figures.names["largest_borrower"] == "A-1"
    assert Decimal(figures.values["largest_borrower"]) == Decimal(100_000) / 350_000


def _namesake(customer: Customer, number: str) -> uuid.UUID:
    """Keep a copy of a borrower under another number; return its key."""
    copy = Customer.objects.get(pk=customer.pk)
    copy.pk, copy.number = uuid.uuid4(), number
    copy._state.adding = True
    Customer.objects.bulk_create([copy])
    return copy.pk


def test_what_left_the_books_counts_for_nothing(lent: Loan, india: Entity) -> None:
    snapshot(lent, TODAY, asset_class="closed", bucket="none", principal=0, provision=0)

    night(india, TODAY)

    assert not PortfolioDay.objects.exists()
    assert not DayFigures.objects.exists()


def test_an_unwatched_threshold_raises_nothing(lent: Loan, india: Entity, charlie: User) -> None:
    factories.threshold(charlie, india, "npa_ratio", "0.05", is_watched=False)
    npa(lent, TODAY)

    assert night(india, TODAY) == 0


# --- telling ------------------------------------------------------------------------------------
def _queued(lent: Loan, india: Entity, day: date = TODAY) -> list[AlertDelivery]:
    npa(lent, day)
    night(india, day)
    return list(AlertDelivery.objects.order_by("channel"))


def test_it_tells_the_owner_once_by_mail_and_names_no_borrower(
    lent: Loan,
    india: Entity,
    charlie: User,
    django_capture_on_commit_callbacks: Any,
    sent: list[Any],
) -> None:
    factories.threshold(charlie, india, "largest_borrower", "0.2")
    with django_capture_on_commit_callbacks(execute=True):
        [queued] = _queued(lent, india)
    assert sent == [("npa.deliver_alert", {"delivery_id": str(queued.pk)})]

    first = services.deliver_alert(delivery_id=queued.pk, now=NOW)
    services.deliver_alert(delivery_id=queued.pk, now=NOW)

    [message] = mail.outbox
    assert first.status == "sent"
    assert message.to == [charlie.email]
    assert "Largest borrower was 100.00" in message.body
    assert "above the threshold of 20.00" in message.body
    assert lent.customer.number not in message.body + message.subject


def test_an_owner_who_may_see_it_no_longer_is_told_nothing(
    lent: Loan, india: Entity, charlie: User
) -> None:
    factories.threshold(charlie, india, "largest_borrower", "0.2")
    [queued] = _queued(lent, india)
    charlie.groups.clear()

    given_up = services.deliver_alert(delivery_id=queued.pk, now=NOW)

    assert (given_up.status, given_up.obstacle) == ("failed", "not_permitted")
    assert not mail.outbox


@pytest.fixture
def hooked(india: Entity, charlie: User, settings: Any) -> list[dict[str, Any]]:
    """A threshold with a webhook; what is posted there is kept and taken."""
    settings.ALERT_WEBHOOK_HOSTS, settings.ALERT_WEBHOOK_SECRET = ["hooks.example.org"], SECRET
    factories.threshold(charlie, india, "npa_ratio", "0.05", webhook_url=HOOK)
    return []


def _answer(
    monkeypatch: pytest.MonkeyPatch, posted: list[dict[str, Any]], *results: str
) -> Callable[..., str]:
    answers = iter(results)

    def post(host: str, path: str, *, headers: dict[str, str], body: bytes) -> str:
        posted.append({"host": host, "path": path, "headers": headers, "body": body})
        return next(answers)

    monkeypatch.setattr(webhook_sending, "post", post)
    return post


def test_it_posts_a_signed_message_and_comes_again_with_the_same_id(
    lent: Loan, india: Entity, hooked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer(monkeypatch, hooked, "later", "sent")
    _mail, hook = _queued(lent, india)

    first = services.deliver_alert(delivery_id=hook.pk, now=NOW)
    assert (first.status, first.obstacle, first.attempts) == ("queued", "server_down", 1)
    assert services.deliver_waiting_alerts(now=NOW) == 1  # the mail; the hook is not due yet
    services.deliver_waiting_alerts(now=NOW + delivering.FIRST_PAUSE)

    hook.refresh_from_db()
    assert (hook.status, hook.attempts, len(hooked)) == ("sent", 2, 2)
    sent = hooked[1]
    assert (sent["host"], sent["path"]) == ("hooks.example.org", "/alerts")
    assert {one["headers"]["webhook-id"] for one in hooked} == {f"msg_{hook.pk.hex}"}
    assert webhook_signing.is_genuine(
        key=SECRET.encode(),
        found=sent["headers"]["webhook-signature"],
        message_id=sent["headers"]["webhook-id"],
        timestamp=int(sent["headers"]["webhook-timestamp"]),
        body=sent["body"],
    )
    assert b'"measure":"npa_ratio"' in sent["body"]
    assert lent.customer.number.encode() not in sent["body"]


def test_it_gives_up_after_the_last_attempt_or_a_refusal(
    lent: Loan, india: Entity, hooked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer(monkeypatch, hooked, *["later"] * delivering.MOST_ATTEMPTS)
    _mail, hook = _queued(lent, india)
    now = NOW

    for _attempt in range(delivering.MOST_ATTEMPTS):
        services.deliver_alert(delivery_id=hook.pk, now=now)
        now += delivering.LONGEST_PAUSE

    hook.refresh_from_db()
    assert (hook.status, hook.obstacle, len(hooked)) == ("failed", "gave_up", 8)


def test_an_address_the_operator_allows_no_more_gets_nothing(
    lent: Loan, india: Entity, hooked: list[dict[str, Any]], settings: Any
) -> None:
    settings.ALERT_WEBHOOK_HOSTS = []
    _mail, hook = _queued(lent, india)

    done = services.deliver_alert(delivery_id=hook.pk, now=NOW)

    assert (done.status, done.obstacle, done.attempts) == ("failed", "not_allowed", 0)


def test_without_a_usable_secret_no_webhook_goes_out(
    lent: Loan, india: Entity, hooked: list[dict[str, Any]], settings: Any
) -> None:
    settings.ALERT_WEBHOOK_SECRET = "whsec_this is no base64"
    _mail, hook = _queued(lent, india)

    done = services.deliver_alert(delivery_id=hook.pk, now=NOW)

    assert (done.status, done.obstacle, hooked) == ("failed", "not_configured", [])


def test_of_a_lost_worker_a_webhook_is_sent_again_and_a_mail_never(
    lent: Loan, india: Entity, hooked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _answer(monkeypatch, hooked, "sent")
    queued = _queued(lent, india)
    for one in queued:
        one.move("claim", claimed_at=NOW, attempts=1)
    later = NOW + delivering.CLAIM + timedelta(seconds=1)

    services.deliver_waiting_alerts(now=later)
    services.deliver_waiting_alerts(now=later + delivering.FIRST_PAUSE)

    states = {one.channel: one.status for one in AlertDelivery.objects.all()}
    assert states == {"email": "unknown", "webhook": "sent"}
    assert mail.outbox == []


# --- thresholds ---------------------------------------------------------------------------------
def test_a_threshold_is_set_with_its_owner_and_what_was_before_is_on_record(
    india: Entity, charlie: User
) -> None:
    factories.threshold(charlie, india, "npa_ratio", "0.05")
    row = factories.threshold(charlie, india, "npa_ratio", "0.04")

    assert (Threshold.objects.count(), row.bound, row.owner) == (1, Decimal("0.04"), charlie)
    event = Event.objects.filter(verb="npa.threshold_set").latest("pk")
    assert (event.facts["before"], event.facts["after"]) == ("0.050000", "0.04")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"measure": "luck"}, "unknown_measure"),
        ({"bound": Decimal(0)}, "bound_refused"),
        ({"bound": Decimal("1.01")}, "bound_refused"),
        ({"webhook_url": "http://hooks.example.org/"}, "not_https"),
        ({"webhook_url": "https://10.0.0.1/"}, "host_not_allowed"),
    ],
    ids=["measure", "zero", "too much", "not encrypted", "not allowed"],
)
def test_a_threshold_that_cannot_be_is_refused(
    india: Entity, charlie: User, changes: dict[str, Any], code: str
) -> None:
    given = {"measure": "npa_ratio", "bound": Decimal("0.05"), "owner": charlie, **changes}
    asked = services.Bound(**given)

    refusal = factories.refused(
        lambda: services.set_threshold(actor=charlie, entity=india, asked=asked, now=NOW)
    )

    assert refusal.code == code


def test_a_threshold_needs_the_right_and_an_owner_who_works_there(
    india: Entity, charlie: User, bob: User
) -> None:
    asked = services.Bound(measure="npa_ratio", bound=Decimal("0.05"), owner=bob)
    alone = factories.refused(
        lambda: services.set_threshold(actor=bob, entity=india, asked=asked, now=NOW)
    )
    bob.is_active = False
    gone = factories.refused(
        lambda: services.set_threshold(actor=charlie, entity=india, asked=asked, now=NOW)
    )

    assert (alone.code, gone.code) == ("not_permitted", "owner_refused")


def test_the_first_thresholds_are_loaded_and_those_set_before_stay(
    india: Entity, charlie: User, bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    factories.threshold(charlie, india, "npa_ratio", "0.03")

    call_command("load_thresholds", "sahyadri", charlie.email)
    call_command("load_thresholds", "sahyadri", charlie.email)

    assert "6 new, 1 as they were" in capsys.readouterr().out
    assert Threshold.objects.get(measure="npa_ratio").bound == Decimal("0.03")
    assert Threshold.objects.get(measure="default_rate").bound == Decimal("0.1")
    Threshold.objects.filter(measure="par30").delete()
    for words in (("nobody", charlie.email), ("sahyadri", bob.email)):
        with pytest.raises(CommandError):
            call_command("load_thresholds", *words)
    assert not Threshold.objects.filter(measure="par30").exists()


@pytest.mark.parametrize("state", ["open", "acknowledged"])
def test_what_is_no_longer_watched_stands_no_more(
    lent: Loan, india: Entity, watched: Threshold, charlie: User, state: str
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    if state == "acknowledged":
        services.acknowledge(actor=charlie, alert=Alert.objects.get(), note="Known", now=NOW)
    off = services.Bound(
        measure="npa_ratio", bound=Decimal("0.05"), owner=charlie, is_watched=False
    )

    services.set_threshold(actor=charlie, entity=india, asked=off, now=NOW)

    alert = Alert.objects.get()
    assert (alert.status, alert.cleared_day) == ("unwatched", None)
    assert not watch_rows.alerts(charlie, state="standing").exists()
    assert watch_rows.alerts(charlie, state="unwatched").get() == alert
    event = Event.objects.get(verb="npa.alert_unwatched")
    assert (event.actor, event.facts["measure"]) == (charlie.audit_reference, "npa_ratio")
    with pytest.raises(Conflict):
        services.acknowledge(actor=charlie, alert=alert, note="Too late", now=NOW)

    npa(lent, TODAY + DAY)
    assert night(india, TODAY + DAY) == 0
    # Watched again, the breach that lasts is told anew.
    factories.threshold(charlie, india, "npa_ratio", "0.05")
    npa(lent, TODAY + 2 * DAY)
    assert night(india, TODAY + 2 * DAY) == 1
    assert sorted(Alert.objects.values_list("status", flat=True)) == ["open", "unwatched"]


def test_the_night_closes_what_was_left_standing_when_its_threshold_was_switched_off(
    lent: Loan, india: Entity, watched: Threshold
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    Threshold.objects.filter(pk=watched.pk).update(is_watched=False)

    npa(lent, TODAY + DAY)
    assert night(india, TODAY + DAY) == 0

    alert = Alert.objects.get()
    assert (alert.status, alert.last_day) == ("unwatched", TODAY)
    assert Event.objects.get(verb="npa.alert_unwatched").actor == "system:day-end"
