"""A borrower ends reminders by a link, and has the receipts of what was paid."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.keyring import keyring
from apps.loans.models import Loan
from apps.loans.tests import factories as lending
from apps.portal import services, tokens
from apps.repayments import hooks, stop_links
from apps.repayments import services as repayments
from apps.repayments.models import ReceiptPaper, ReminderStop
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories
from apps.scoring.models import ModelVersion
from tests.kept import kept

DUE = date(2026, 12, 20)
NOW = contact.at(date(2026, 12, 21))


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    yield
    cache.clear()


@pytest.fixture
@kept
def loan(alice: User, bob: User, stage: ModelVersion) -> Loan:
    """A loan that is running."""
    return lending.paid(alice, bob).loan


@pytest.fixture
def link(loan: Loan) -> str:
    """The path of the page that ends the borrower's reminders."""
    return f"/my/reminders/{stop_links.write(loan.customer_id, keyring())}/"


def test_opening_the_link_ends_nothing_and_the_button_ends_all(loan: Loan, link: str) -> None:
    client = Client(enforce_csrf_checks=True)

    asked = client.get(link)
    assert "Send me no more reminders" in asked.content.decode()
    assert not ReminderStop.objects.exists()
    ended = client.post(link)

    assert "You get no more reminders" in ended.content.decode()
    assert ended["Cache-Control"] == "no-store, private"
    stop = ReminderStop.objects.get()
    assert (stop.customer_id, stop.channel, stop.stopped_by) == (loan.customer_id, "link", None)
    assert "You get no more reminders" in client.get(link).content.decode()
    for told in (loan.customer.full_name, loan.customer.email, loan.number):
        assert str(told) not in ended.content.decode()


def test_a_mail_program_ends_them_with_one_request(loan: Loan, link: str) -> None:
    body = {"List-Unsubscribe": "One-Click"}

    answers = [Client(enforce_csrf_checks=True).post(link, body) for _again in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert ReminderStop.objects.count() == 1


@pytest.mark.parametrize("cut", [1, 40])
def test_a_link_that_is_not_ours_ends_nothing(link: str, cut: int) -> None:
    for answer in (Client().get(link[: -cut - 1] + "/"), Client().post(link[: -cut - 1] + "/")):
        assert answer.status_code == 404
    assert not ReminderStop.objects.exists()


def test_who_guesses_is_slowed_down(link: str) -> None:
    client = Client()
    wrong = link[:-2] + ("0/" if link[-2] != "0" else "1/")

    codes = [client.get(wrong).status_code for _try in range(31)]

    assert codes[-1] == 429


@override_settings(PUBLIC_ADDRESS="https://lender.example")
def test_a_reminder_leads_to_the_borrowers_own_page(loan: Loan) -> None:
    own = hooks.own_link(loan.application_id, date(2027, 1, 20))
    stop = hooks.stop_link(stop_links.write(loan.customer_id, keyring()))

    shown = Client().get(own.removeprefix("https://lender.example"))

    assert "Your instalments" in shown.content.decode()
    assert Client().get(stop.removeprefix("https://lender.example")).status_code == 200


def test_without_a_public_address_there_are_no_links(loan: Loan) -> None:
    with override_settings(PUBLIC_ADDRESS=""):
        assert hooks.own_link(loan.application_id, date(2027, 1, 20)) == ""
        assert hooks.stop_link("a.b.c") == ""


def test_a_borrower_sees_payments_and_has_their_receipts(
    loan: Loan, alice: User, charlie: User
) -> None:
    kept = factories.pay(alice, loan, DUE, "9900.00")
    gone = factories.pay(alice, loan, DUE, "500.00")
    repayments.take_back(actor=charlie, event=gone, reason="Bounced.", now=NOW)
    path = _path(loan, "letter")

    text = Client().get(f"{path}loan/").content.decode()
    answer = Client().get(f"{path}loan/receipts/{kept.pk}/")

    assert "Your payments" in text
    assert "Paid ahead" in text
    assert "₹107.00" in text
    assert f"loan/receipts/{kept.pk}/" in text
    assert f"loan/receipts/{gone.pk}/" not in text
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "no-store, private"
    assert ReceiptPaper.objects.get().printed_by is None
    assert Event.objects.filter(verb="repayments.receipt_printed").count() == 1
    assert Client().get(f"{path}loan/receipts/{gone.pk}/").status_code == 409
    assert Client().get(f"{_path(loan, 'status')}loan/receipts/{kept.pk}/").status_code == 404


def test_nobody_has_the_receipt_of_another_loan(loan: Loan, alice: User, bob: User) -> None:
    other = lending.paid(alice, bob).loan
    event = factories.pay(alice, other, DUE, "9793.00")

    answer = Client().get(f"{_path(loan, 'letter')}loan/receipts/{event.pk}/")

    assert answer.status_code == 404
    assert not ReceiptPaper.objects.exists()


def _path(loan: Loan, purpose: str) -> str:
    link = tokens.Link(purpose, loan.application_id, NOW + timedelta(days=90), 0)
    return services.path(link)
