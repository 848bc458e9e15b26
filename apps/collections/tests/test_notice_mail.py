"""E-mails of notices: within hours and limits each time one is tried, and to nobody left alone."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from apps.accounts.models import User
from apps.collections import services
from apps.collections.models import Notice
from apps.collections.services import ContactEntry
from apps.collections.tests import factories
from apps.collections.tests.factories import BY_PERSON, noticed, told, ways
from apps.core.errors import Conflict
from apps.letters import mailing
from apps.letters import services as letters
from apps.letters.models import Delivery
from apps.loans.models import Loan
from apps.repayments import hooks
from apps.repayments.tests import contact_factories as contact
from apps.servicing.tests import factories as servicing

pytestmark = pytest.mark.usefixtures("reach")


@pytest.fixture
def day(lent: Loan) -> date:
    """A day on which the first instalment is five days late."""
    return servicing.late(lent, 5)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A mail server that answers as the test says, and how often it was asked."""
    found: dict[str, Any] = {"says": "sent", "asked": 0}

    def send(*_args: Any, **_options: Any) -> Any:
        found["asked"] += 1
        return found["says"]

    monkeypatch.setattr(mailing, "send", send)
    return found


def _deliver(notice: Notice, now: datetime) -> None:
    delivery = Delivery.objects.get(letter=notice.letter, channel="email")
    with override_settings(LETTERS_BY_EMAIL=True):
        letters.deliver(delivery_id=delivery.pk, now=now)


def _again(actor: User, notice: Notice, now: datetime) -> Any:
    with override_settings(LETTERS_BY_EMAIL=True):
        return letters.send_again(actor=actor, letter=notice.letter, now=now)


def _leave_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_left_alone", [lambda _day: Loan.objects.values("pk")])


# --- when it is tried ---------------------------------------------------------------------------
def test_it_goes_out_within_hours(lent: Loan, dev: User, day: date, server: dict[str, Any]) -> None:
    made = noticed(dev, lent, day)

    _deliver(made, contact.at(day, "10:01"))

    assert ways(made) == [("email", "sent", "")]


@pytest.mark.parametrize(
    ("clock", "expected"), [("18:59", [("email", "sent", "")]), ("19:00", BY_PERSON)]
)
def test_what_is_tried_again_after_hours_is_left_to_a_person(
    lent: Loan, dev: User, day: date, server: dict[str, Any], clock: str, expected: Any
) -> None:
    made = noticed(dev, lent, day, clock="18:30")
    server["says"] = "later"
    _deliver(made, contact.at(day, "18:31"))
    assert ways(made) == [("email", "queued", "server_down")]
    server["says"] = "sent"

    _deliver(made, contact.at(day, clock))

    assert ways(made) == expected
    assert server["asked"] == (2 if clock == "18:59" else 1)


def test_who_is_left_alone_meanwhile_gets_no_e_mail(
    lent: Loan, dev: User, day: date, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = noticed(dev, lent, day, "demand")
    _leave_alone(monkeypatch)

    _deliver(made, contact.at(day, "10:01"))

    assert (ways(made), server["asked"]) == (BY_PERSON, 0)


def test_during_a_pause_or_the_night_a_person_sends_none_again(
    lent: Loan, dev: User, charlie: User, day: date, server: dict[str, Any], monkeypatch: Any
) -> None:
    made = noticed(dev, lent, day, "demand")
    server["says"] = "unknown"
    _deliver(made, contact.at(day, "10:01"))
    failed = [("email", "failed", "unknown"), ("hand", "queued", "unknown")]
    assert ways(made) == failed

    with pytest.raises(Conflict) as at_night:
        _again(charlie, made, contact.at(day, "20:00"))
    with monkeypatch.context() as paused:
        _leave_alone(paused)
        with pytest.raises(Conflict) as alone:
            _again(charlie, made, contact.at(day, "12:00"))

    assert (at_night.value.code, alone.value.code) == ("no_email", "no_email")
    assert "not written to by e-mail now" in str(alone.value)
    assert ways(made) == failed
    _again(charlie, made, contact.at(day, "12:00"))
    assert ways(made)[-1] == ("email", "queued", "")


# --- how often ----------------------------------------------------------------------------------
def test_the_second_e_mail_of_a_day_goes_to_a_person(lent: Loan, dev: User, day: date) -> None:
    first = noticed(dev, lent, day)
    second = noticed(dev, lent, day, "demand")

    assert ways(first) == [("email", "queued", "")]
    assert ways(second) == BY_PERSON


def test_on_the_next_day_another_one_goes(
    lent: Loan, dev: User, day: date, server: dict[str, Any]
) -> None:
    _deliver(noticed(dev, lent, day), contact.at(day, "10:01"))

    assert ways(noticed(dev, lent, day + timedelta(days=1), "demand")) == [("email", "queued", "")]


def test_one_on_paper_counts_for_nothing(lent: Loan, dev: User, day: date) -> None:
    told(dev, noticed(dev, lent, day), "handed", day)

    assert ways(noticed(dev, lent, day, "demand", "18:30")) == [("email", "queued", "")]


def test_an_e_mailed_notice_is_the_message_of_its_day(
    lent: Loan, dev: User, day: date, server: dict[str, Any]
) -> None:
    _deliver(noticed(dev, lent, day), contact.at(day, "10:01"))

    def write(way: str, outcome: str, on: date) -> Any:
        at = contact.at(on, "11:00")
        entry = ContactEntry(way=way, outcome=outcome, made_at=at)
        return services.record_contact(actor=dev, loan=lent, entry=entry, now=at)

    assert factories.refused(lambda: write("message", "sent", day)).code == "too_often"
    assert write("call", "nobody", day).way == "call"
    assert write("message", "sent", day + timedelta(days=1)).way == "message"


def test_it_is_not_tried_on_a_day_on_which_a_message_was_sent(
    lent: Loan, dev: User, day: date, server: dict[str, Any]
) -> None:
    made = noticed(dev, lent, day)
    at = contact.at(day + timedelta(days=1), "08:30")
    entry = ContactEntry(way="message", outcome="sent", made_at=at)
    services.record_contact(actor=dev, loan=lent, entry=entry, now=at)

    _deliver(made, at + timedelta(hours=1))

    assert (ways(made), server["asked"]) == (BY_PERSON, 0)


# --- who brings it ------------------------------------------------------------------------------
def test_one_that_came_back_is_posted_again_by_a_colleague(
    lent: Loan, dev: User, esha: User, day: date
) -> None:
    made = noticed(dev, lent, day, clock="20:00")
    told(dev, made, "posted", day)
    later = day + timedelta(days=3)
    assert factories.refused(lambda: told(esha, made, "posted", later)).code == "letter_sent"
    told(dev, made, "returned", later)

    told(esha, made, "posted", later, reference="RP 124 IN")

    assert [one[:2] for one in ways(made)[1:]] == [("post", "bounced"), ("post", "sent")]
    again = made.letter.deliveries.get(status="sent")
    assert again.recorded_by == esha
    told(esha, made, "delivered", later)
    assert factories.refused(lambda: told(esha, made, "posted", later)).code == "letter_sent"


def test_who_works_where_the_loan_is_now_brings_it(
    lent: Loan, dev: User, nina: User, day: date
) -> None:
    made = noticed(dev, lent, day, clock="20:00")
    Loan.objects.filter(pk=lent.pk).update(branch=nina.branch)

    told(nina, made, "handed", day)

    assert ways(made)[-1][:2] == ("hand", "sent")
