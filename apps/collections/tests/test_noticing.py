"""Notices: in the borrower's language, by the way that is allowed, followed to where they end."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.collections import noticing, selectors, services
from apps.collections.models import Notice, NoticeWord
from apps.collections.noticing import Kind, Sent, Status, Word
from apps.collections.tests import factories
from apps.collections.tests.factories import refused
from apps.core.errors import NotPermitted, NotVisible
from apps.customers.models import Customer
from apps.letters.models import Letter
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.tests import contact_factories as contact
from apps.servicing.tests import factories as servicing

pytestmark = pytest.mark.usefixtures("reach")
Browser = Callable[[User], Client]
_issue, _word, _ways, BY_PERSON = (
    *(factories.noticed, factories.told, factories.ways),
    factories.BY_PERSON,
)


@pytest.fixture
def day(lent: Loan) -> date:
    """A day on which the first instalment is five days late."""
    return servicing.late(lent, 5)


def _status(notice: Notice) -> Status:
    return selectors.notice_status(selectors.notices(notice.loan)[0])


# --- the rules ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("deliveries", "words", "expected"),
    [
        ([], [], "queued"),
        (["queued"], [], "queued"),
        (["cancelled", "queued"], [], "queued"),
        (["sending"], [], "queued"),
        (["sent"], [], "sent"),
        (["failed", "queued"], [], "failed"),
        (["bounced", "queued"], [], "returned"),
        (["failed", "sent"], [], "sent"),
        (["sent"], ["posted"], "sent"),
        (["sent"], ["posted", "delivered"], "delivered"),
        (["sent"], ["posted", "delivered", "returned"], "returned"),
        (["sent"], ["returned", "delivered"], "delivered"),
        (["bounced", "sent"], ["posted", "returned", "posted"], "sent"),
        (["bounced", "sent"], ["posted", "returned", "posted", "delivered"], "delivered"),
    ],
)
def test_it_stands_by_what_was_learnt_last(
    deliveries: list[str], words: list[str], expected: str
) -> None:
    assert noticing.status(deliveries, [Word(one) for one in words]).value == expected


@pytest.mark.parametrize(
    ("pay_by", "began", "status", "expected"),
    [
        (-1, -20, "sent", True),
        (-1, -10, "delivered", True),
        (0, -20, "sent", False),
        (-1, -9, "sent", False),
        (-1, -20, "queued", False),
        (-1, -20, "failed", False),
        (-1, -20, "returned", False),
    ],
)
def test_legal_action_is_announced_once_the_demand_went_out_and_is_over(
    pay_by: int, began: int, status: str, expected: bool
) -> None:
    today = date(2026, 12, 20)
    since, over = today + timedelta(days=began), today + timedelta(days=pay_by)
    demand = Sent(Kind.DEMAND, today - timedelta(days=10), over, Status(status))

    assert noticing.is_demanded(Kind.PRE_LEGAL, today, [demand], since=since) is expected
    assert not noticing.is_demanded(Kind.PRE_LEGAL, today, [], since=since)
    assert noticing.is_demanded(Kind.DEMAND, today, [], since=since)


@pytest.mark.parametrize(("ago", "expected"), [(0, True), (6, True), (7, False), (8, False)])
def test_a_week_lies_between_two_of_a_kind(ago: int, expected: bool) -> None:
    today = date(2026, 12, 20)
    before = [Sent(Kind.ARREARS, today - timedelta(days=ago), today, Status.QUEUED)]

    assert noticing.too_soon(Kind.ARREARS, today, before) is expected
    assert not noticing.too_soon(Kind.DEMAND, today, before)


# --- writing ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Reminder: your loan is overdue"),
        ("hi", "स्मरण: आपका ऋण बकाया है"),
        ("sw", "Ukumbusho: mkopo wako umechelewa"),
    ],
)
def test_it_is_frozen_in_the_borrowers_language(
    lent: Loan, dev: User, day: date, language: str, said: str
) -> None:
    Customer.objects.filter(pk=lent.customer_id).update(language=language)

    made = _issue(dev, lent, day)

    letter = Letter.objects.get(pk=made.letter_id)
    html = bytes(letter.html or b"").decode()
    assert (letter.language, letter.kind) == (language, "arrears")
    assert f'lang="{language}"' in html
    assert said in html
    assert lent.number in html
    assert made.overdue == lent.instalments.get(in_force=True, number=1).unpaid
    facts = Event.objects.get(verb="collections.notice_issued").facts
    assert (facts["kind"], facts["by"]) == ("arrears", made.pay_by.isoformat())


def test_each_kind_says_what_it_is(lent: Loan, dev: User, day: date) -> None:
    demand = _issue(dev, lent, day, "demand", pay_by=day + timedelta(days=7))
    _word(dev, demand, "handed", day)
    later = day + timedelta(days=8)

    made = _issue(dev, lent, later, "pre_legal")

    html = bytes(Letter.objects.get(pk=made.letter_id).html or b"").decode()
    assert "take the matter to court" in html.replace("\n", " ")


def test_within_hours_it_goes_by_mail_and_else_by_a_person(
    lent: Loan, dev: User, day: date
) -> None:
    at_noon = _issue(dev, lent, day)
    at_night = _issue(dev, lent, day, "demand", "20:00")

    assert _ways(at_noon) == [("email", "queued", "")]
    assert _ways(at_night) == BY_PERSON
    assert _status(at_night) == Status.QUEUED


def test_who_wants_no_reminders_is_reminded_on_paper_alone(
    lent: Loan, dev: User, day: date
) -> None:
    repayments.stop_reminders(
        actor=dev, customer=lent.customer, channel="phone", now=contact.at(day)
    )

    assert _ways(_issue(dev, lent, day)) == BY_PERSON
    # A formal demand is no reminder.
    assert _ways(_issue(dev, lent, day, "demand")) == [("email", "queued", "")]


def test_who_is_left_alone_is_written_to_on_paper_alone(
    lent: Loan, dev: User, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "apps.repayments.hooks._left_alone", [lambda _day: Loan.objects.values("pk")]
    )

    assert _ways(_issue(dev, lent, day, "demand")) == BY_PERSON


def test_what_may_not_be_written_is_refused(lent: Loan, dev: User, day: date) -> None:
    assert refused(lambda: _issue(dev, lent, factories.TODAY)).code == "not_overdue"
    assert refused(lambda: _issue(dev, lent, day, "pre_legal")).code == "not_demanded"
    _issue(dev, lent, day)
    assert refused(lambda: _issue(dev, lent, day + timedelta(days=6))).code == "too_soon"
    assert _issue(dev, lent, day + timedelta(days=7)).kind == "arrears"


@pytest.mark.parametrize(
    ("field", "kind", "days"),
    [
        ("kind", "threat", 14),
        ("pay_by", "arrears", 2),
        ("pay_by", "arrears", 61),
        ("pay_by", "demand", 6),
        ("pay_by", "demand", 91),
    ],
)
def test_what_is_not_complete_is_refused_beside_its_field(
    lent: Loan, dev: User, day: date, field: str, kind: str, days: int
) -> None:
    refusal = refused(lambda: _issue(dev, lent, day, kind, pay_by=day + timedelta(days=days)))

    assert list(refusal.fields) == [field]


def test_only_collectors_of_the_branch_write_and_open_notices(
    lent: Loan, alice: User, nina: User, dev: User, day: date
) -> None:
    assert isinstance(refused(lambda: _issue(alice, lent, day)), NotPermitted)
    assert isinstance(refused(lambda: _issue(nina, lent, day)), NotVisible)
    made = _issue(dev, lent, day)
    assert isinstance(refused(lambda: _word(alice, made, "posted", day)), NotPermitted)
    assert isinstance(refused(lambda: _word(nina, made, "posted", day)), NotVisible)
    assert isinstance(refused(lambda: services.open_notice(actor=nina, notice=made)), NotVisible)
    Loan.objects.filter(pk=lent.pk).update(status="closed")
    assert refused(lambda: _issue(dev, lent, day, "demand")).code == "not_running"


# --- following ----------------------------------------------------------------------------------
def test_it_is_posted_delivered_or_comes_back(lent: Loan, dev: User, day: date) -> None:
    made = _issue(dev, lent, day, clock="20:00")
    assert refused(lambda: _word(dev, made, "delivered", day)).code == "not_sent"

    _word(dev, made, "posted", day)

    assert _status(made) == Status.SENT
    assert _ways(made)[-1][:2] == ("post", "sent")
    later = day + timedelta(days=3)
    _word(dev, made, "returned", later)
    assert _status(made) == Status.RETURNED
    _word(dev, made, "delivered", later)
    assert _status(made) == Status.DELIVERED
    facts = Event.objects.filter(verb="collections.notice_followed").last()
    assert facts is not None
    assert facts.facts["word"] == "delivered"
    assert "RP 123" not in str(facts.facts)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("word", {"word": "lost"}),
        ("reference", {"reference": " "}),
        ("reference", {"reference": "x" * 81}),
    ],
)
def test_a_word_that_is_none_is_refused(
    lent: Loan, dev: User, day: date, field: str, changes: dict[str, Any]
) -> None:
    made = _issue(dev, lent, day)
    values = {"word": "posted", **changes}

    assert list(refused(lambda: _word(dev, made, on=day, **values)).fields) == [field]


def test_the_database_lets_nobody_change_a_notice_or_a_word(
    lent: Loan, dev: User, day: date
) -> None:
    made = _issue(dev, lent, day)
    word = _word(dev, made, "posted", day)

    for act in (
        lambda: Notice.objects.update(kind="demand"),
        lambda: NoticeWord.objects.update(word="delivered"),
        word.delete,
        lambda: Notice.objects.filter(pk=made.pk)._raw_delete("default"),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()


# --- pages and the API --------------------------------------------------------------------------
def test_pages_write_print_follow_and_show_it(
    signed_in: Browser, lent: Loan, dev: User, amir: User, day: date, monkeypatch: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: contact.at(day, "20:00"))
    client = signed_in(dev)
    form = reverse("collections:issue_notice", args=[lent.pk])
    typed = {"kind": "arrears", "pay_by": (day + timedelta(days=10)).isoformat()}

    assert client.post(form, {**typed, "pay_by": day.isoformat()}).status_code == 422
    assert client.post(form, typed).status_code == 302

    made = Notice.objects.get()
    case = reverse("collections:case", args=[lent.pk])
    assert "Reminder of arrears" in client.get(case).text
    paper = client.get(reverse("collections:notice_pdf", args=[made.pk]))
    assert paper.content.startswith(b"%PDF")
    assert Event.objects.filter(verb="letters.opened").count() == 1
    word = reverse("collections:notice_word", args=[made.pk])
    said = {"word": "posted", "happened_on": day.isoformat(), "reference": ""}
    assert client.post(word, said).status_code == 422
    assert client.post(word, {**said, "reference": "RP 123 IN"}).status_code == 302
    shown = client.get(case).text
    assert "RP 123 IN" in shown
    assert "Posted" in shown
    panel = reverse("collections:loan_panel", args=[lent.pk])
    assert "Reminder of arrears" in client.get(panel).text
    assert signed_in(amir).get(form).status_code == 403


def test_the_worklist_its_file_and_its_api_show_the_last_one(
    signed_in: Browser, lent: Loan, dev: User, day: date, monkeypatch: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: contact.at(day))
    factories.overdue(lent, 5, 20_000, day=day)
    _issue(dev, lent, day)
    client = signed_in(dev)

    assert "Reminder of arrears" in client.get(reverse("collections:worklist")).text
    lines = client.get(reverse("collections:worklist_file"))
    text = b"".join(lines.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.split("\r\n")[1].endswith(f"arrears,{day},queued,")
    [row] = client.get("/api/v1/collections/worklist").json()["results"]
    assert (row["last_notice"], row["notice_status"]) == ("arrears", "queued")


def test_the_api_writes_follows_and_lists_them(
    signed_in: Browser, lent: Loan, dev: User, nina: User, day: date, monkeypatch: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: contact.at(day, "20:00"))
    address, client = f"/api/v1/collections/{lent.pk}/notices", signed_in(dev)
    body = {"kind": "arrears", "pay_by": (day + timedelta(days=10)).isoformat()}

    made = client.post(address, body, content_type="application/json")

    assert (made.status_code, made.json()["status"]) == (201, "queued")
    again = client.post(address, body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "too_soon")
    words = f"/api/v1/collections/notices/{made.json()['id']}/words"
    said = {"word": "handed", "happened_on": day.isoformat()}
    assert signed_in(nina).post(words, said, content_type="application/json").status_code == 404
    assert client.post(words, said, content_type="application/json").status_code == 201
    [one] = client.get(address).json()
    assert (one["status"], one["overdue"]) == ("sent", str(Decimal(Notice.objects.get().overdue)))
