"""A letter goes out once, or a person learns that it did not."""

import email
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.letters import hooks, mailing, services
from apps.letters.models import Delivery, Letter
from apps.letters.services import delivering
from apps.letters.tests import factories, mail_server

pytestmark = pytest.mark.django_db
NOW = factories.ISSUED_AT
ASHA = "asha@applicant.example"


@pytest.fixture(autouse=True)
def reach(monkeypatch: pytest.MonkeyPatch) -> dict[str, hooks.Recipient]:
    """Let tests say how the applicant can be reached."""
    known = {"now": hooks.Recipient(email=ASHA)}
    everybody = {"applications.application": lambda keys: dict.fromkeys(keys, known["now"])}
    monkeypatch.setattr(hooks, "_reach", everybody)
    return known


@pytest.fixture
def box() -> Iterator[mail_server.Mailbox]:
    """A mail server that takes everything."""
    with (
        mail_server.listening() as found,
        override_settings(**mail_server.settings_for(found.port)),
    ):
        yield found


def queued(alice: User, pune: Branch, **changes: Any) -> Delivery:
    return factories.frozen(alice, pune, **changes).deliveries.get()


def deliver(delivery: Delivery, now: Any = NOW) -> Delivery:
    services.deliver(delivery_id=delivery.pk, now=now)
    delivery.refresh_from_db()
    return delivery


def states(letter: Letter) -> list[tuple[str, str, str]]:
    rows = letter.deliveries.order_by("created_at")
    return list(rows.values_list("channel", "status", "obstacle"))


def test_a_frozen_letter_is_queued_with_its_message(
    alice: User, pune: Branch, django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    sent: list[tuple[str, dict[str, str]]] = []
    letter = factories.issue(alice, pune)
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, kwargs: sent.append((name, kwargs))
    )

    with django_capture_on_commit_callbacks(execute=True):
        services.render(letter_id=letter.pk, now=NOW)

    delivery = letter.deliveries.get()
    assert (delivery.channel, delivery.status, delivery.next_try_at) == ("email", "queued", NOW)
    assert sent == [("letters.deliver", {"delivery_id": str(delivery.pk)})]


@pytest.mark.parametrize("obstacle", ["no_address", "no_consent"])
def test_whom_no_mail_may_reach_waits_for_a_person(
    alice: User, pune: Branch, reach: dict[str, hooks.Recipient], obstacle: str
) -> None:
    reach["now"] = hooks.Recipient(obstacle=obstacle)

    letter = factories.frozen(alice, pune)

    assert states(letter) == [("hand", "queued", obstacle)]


def test_without_a_mail_server_every_letter_waits_for_a_person(alice: User, pune: Branch) -> None:
    with override_settings(LETTERS_BY_EMAIL=False):
        letter = factories.frozen(alice, pune)

    assert states(letter) == [("hand", "queued", "not_configured")]


def test_it_sends_the_letter_as_an_attachment_and_nothing_personal_beside_it(
    alice: User, pune: Branch, box: mail_server.Mailbox
) -> None:
    delivery = deliver(queued(alice, pune))

    assert (delivery.status, delivery.sent_at, delivery.attempts) == ("sent", NOW, 1)
    message = email.message_from_string(box.messages[0])
    parts: Any = message.get_payload()
    body, attached = parts
    assert message["To"] == ASHA
    assert message["Subject"] == "A letter from Sahyadri Finance Ltd"
    assert message["Message-ID"] == delivery.message_id
    assert message["Reply-To"] == "care@sahyadri.example"
    assert attached.get_payload(decode=True) == delivery.letter.pdf
    plain = body.get_payload() + message["Subject"]
    facts = delivery.letter.facts
    for secret in (facts["applicant_name"], facts["application_number"], "250000", "decline"):
        assert secret not in plain


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "A letter from"), ("hi", "Sahyadri"), ("sw", "Sahyadri")]
)
def test_it_writes_in_the_language_of_the_letter(
    alice: User, pune: Branch, language: str, subject: str
) -> None:
    deliver(queued(alice, pune, language=language))

    assert subject in mail.outbox[0].subject


def test_a_line_break_in_the_lenders_name_holds_up_no_letter(
    alice: User, pune: Branch, box: mail_server.Mailbox
) -> None:
    Entity.objects.filter(pk=pune.entity_id).update(name="Sahyadri\nBcc: all@lender.example")

    sent = deliver(queued(alice, pune))

    assert sent.status == "sent"
    message = email.message_from_string(box.messages[0])
    assert message["Subject"] == "A letter from Sahyadri Bcc: all@lender.example"
    assert message["Bcc"] is None


def test_a_task_delivered_twice_sends_once(
    alice: User, pune: Branch, box: mail_server.Mailbox
) -> None:
    delivery = deliver(queued(alice, pune))

    deliver(delivery)

    assert len(box.messages) == 1
    assert delivery.attempts == 1


def test_a_server_that_is_down_is_asked_again_with_growing_pauses(
    alice: User, pune: Branch
) -> None:
    with mail_server.listening() as gone:
        pass
    delivery = queued(alice, pune)

    with override_settings(**mail_server.settings_for(gone.port)):
        first = deliver(delivery)
        assert (first.status, first.obstacle) == ("queued", "server_down")
        assert first.next_try_at == NOW + timedelta(minutes=1)
        assert deliver(delivery).attempts == 1  # not before its time
        second = deliver(delivery, NOW + timedelta(minutes=1))

    assert second.next_try_at == NOW + timedelta(minutes=3)
    assert second.attempts == 2


def test_the_sweep_sends_it_when_the_server_is_back(
    alice: User, pune: Branch, box: mail_server.Mailbox
) -> None:
    delivery = queued(alice, pune)
    with override_settings(EMAIL_PORT=1):
        deliver(delivery)

    assert services.deliver_waiting(now=NOW + timedelta(seconds=59)) == 0
    assert services.deliver_waiting(now=NOW + timedelta(seconds=60)) == 1

    delivery.refresh_from_db()
    assert (delivery.status, delivery.obstacle, len(box.messages)) == ("sent", "", 1)


def test_after_so_many_attempts_a_person_takes_over(alice: User, pune: Branch) -> None:
    delivery, now = queued(alice, pune), NOW
    with override_settings(**mail_server.settings_for(1)):
        for _attempt in range(delivering.MOST_ATTEMPTS):
            deliver(delivery, now)
            now += timedelta(hours=7)

    assert states(delivery.letter) == [
        ("email", "failed", "gave_up"),
        ("hand", "queued", "gave_up"),
    ]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"RCPT": "550 no such mailbox"}, [("email", "bounced", "refused")]),
        ({"RCPT": "451 try later"}, [("email", "queued", "server_down")]),
        ({"DATA": "554 refused"}, [("email", "bounced", "refused")]),
        ({"END": "452 full"}, [("email", "queued", "server_down")]),
        # It broke after it had the letter: nobody knows.
        ({"END": ""}, [("email", "failed", "unknown")]),
    ],
    ids=["no_mailbox", "later", "refused", "full", "broken"],
)
def test_what_the_server_says_decides(
    alice: User,
    pune: Branch,
    box: mail_server.Mailbox,
    answers: dict[str, str],
    expected: list[tuple[str, str, str]],
) -> None:
    box.answers.update(answers)
    delivery = deliver(queued(alice, pune))

    found = states(delivery.letter)

    assert found[:1] == expected
    ended = delivery.status != "queued"
    assert found[1:] == ([("hand", "queued", delivery.obstacle)] if ended else [])
    assert box.messages == []


def test_a_message_whose_worker_was_killed_is_never_sent_again_by_itself(
    alice: User, pune: Branch, box: mail_server.Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = queued(alice, pune)

    def killed(*_args: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(mailing, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            services.deliver(delivery_id=delivery.pk, now=NOW)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sending", 1)
    assert delivery.message_id

    deliver(delivery)
    assert services.deliver_waiting(now=NOW + timedelta(minutes=9)) == 0
    assert services.deliver_waiting(now=NOW + timedelta(minutes=11)) == 1

    assert states(delivery.letter) == [
        ("email", "failed", "unknown"),
        ("hand", "queued", "unknown"),
    ]
    assert box.messages == []


def test_a_consent_taken_back_counts_before_it_is_sent(
    alice: User, pune: Branch, box: mail_server.Mailbox, reach: dict[str, hooks.Recipient]
) -> None:
    delivery = queued(alice, pune)
    reach["now"] = hooks.Recipient(obstacle="no_consent")

    deliver(delivery)

    assert states(delivery.letter) == [
        ("email", "cancelled", "no_consent"),
        ("hand", "queued", "no_consent"),
    ]
    assert box.messages == []


def test_a_damaged_letter_is_not_sent(alice: User, pune: Branch, box: mail_server.Mailbox) -> None:
    delivery = queued(alice, pune)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE letters_letter SET pdf = 'forged'::bytea")

    deliver(delivery)

    assert states(delivery.letter)[1] == ("hand", "queued", "refused")
    assert box.messages == []


def test_nothing_personal_reaches_the_log_or_the_audit(
    alice: User, pune: Branch, box: mail_server.Mailbox, capfd: Any
) -> None:
    box.answers["RCPT"] = f"550 <{ASHA}> unknown"

    delivery = deliver(queued(alice, pune))

    said = "".join(capfd.readouterr()) + str(list(Event.objects.values_list("facts", flat=True)))
    assert ASHA not in said
    assert "Asha" not in said
    event = Event.objects.get(verb="letters.not_sent")
    assert event.facts["obstacle"] == "refused"
    assert event.facts["message_id"] == delivery.message_id


def test_a_person_records_that_it_was_handed_over(alice: User, pune: Branch) -> None:
    letter = queued(alice, pune).letter

    made = services.record_delivery(actor=alice, letter=letter, channel="hand", now=NOW)
    again = services.record_delivery(actor=alice, letter=letter, channel="hand", now=NOW)

    assert again == made
    assert states(letter) == [("email", "cancelled", ""), ("hand", "sent", "")]
    assert made.recorded_by == alice
    assert Event.objects.filter(verb="letters.handed_over").count() == 1


def test_a_letter_handed_over_is_not_mailed_any_more(
    alice: User, pune: Branch, box: mail_server.Mailbox
) -> None:
    delivery = queued(alice, pune)
    services.record_delivery(actor=alice, letter=delivery.letter, channel="post", now=NOW)

    deliver(delivery)

    assert box.messages == []
    with pytest.raises(Conflict, match="has been sent already"):
        services.send_again(actor=alice, letter=delivery.letter, now=NOW)


def test_another_way_than_by_person_is_refused(alice: User, pune: Branch) -> None:
    letter = queued(alice, pune).letter

    for channel in ("email", "", "pigeon"):
        with pytest.raises(DomainError):
            services.record_delivery(actor=alice, letter=letter, channel=channel, now=NOW)
    assert states(letter) == [("email", "queued", "")]


def test_it_is_refused_to_who_may_not_or_is_elsewhere(
    alice: User, bob: User, pune: Branch, nashik: Branch, make_person: Callable[..., User]
) -> None:
    letter = queued(alice, pune).letter
    stranger = make_person("Nina", "loan_officer", branch=nashik)

    for act in (services.record_bounce, services.send_again):
        with pytest.raises(NotPermitted):
            act(actor=bob, letter=letter, now=NOW)
    with pytest.raises(NotPermitted):
        services.record_delivery(actor=bob, letter=letter, channel="hand", now=NOW)
    with pytest.raises(NotVisible):
        services.record_delivery(actor=stranger, letter=letter, channel="hand", now=NOW)
    assert states(letter) == [("email", "queued", "")]


def test_a_bounce_makes_the_letter_wait_for_a_person_who_may_send_it_again(
    alice: User, pune: Branch, box: mail_server.Mailbox
) -> None:
    letter = deliver(queued(alice, pune)).letter

    services.record_bounce(actor=alice, letter=letter, now=NOW)
    assert states(letter)[-1] == ("hand", "queued", "refused")
    again = services.send_again(actor=alice, letter=letter, now=NOW)
    deliver(again)

    assert [state for _channel, state, _why in states(letter)] == ["bounced", "cancelled", "sent"]
    assert len(box.messages) == 2
    first, second = (email.message_from_string(text)["Message-ID"] for text in box.messages)
    assert first != second


def test_the_database_keeps_one_way_open_and_every_row(alice: User, pune: Branch) -> None:
    delivery = queued(alice, pune)

    with pytest.raises(IntegrityError, match="letters_delivery_one_open"), transaction.atomic():
        Delivery(letter=delivery.letter, channel="hand").save(force_insert=True)
    with pytest.raises(IntegrityError, match="by_person_or_mail"), transaction.atomic():
        Delivery.objects.update(status="sent", channel="hand", sent_at=NOW)
    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        delivery.delete()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_message(
    alice: User, pune: Branch, box: mail_server.Mailbox
) -> None:
    delivery, barrier = queued(alice, pune), threading.Barrier(2)

    def work() -> None:
        try:
            barrier.wait(5)
            services.deliver(delivery_id=delivery.pk, now=NOW)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _number in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, len(box.messages)) == ("sent", 1, 1)
