"""The repayment desk: a payment is shown before it is posted, and posted as it was shown."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.core.formatting import format_money
from apps.loans.models import Loan
from apps.repayments import services
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories
from apps.servicing import selectors as servicing
from conftest import MakePerson

pytestmark = pytest.mark.django_db
DESK, SHEET = reverse("repayments:desk"), reverse("repayments:day_sheet")
SignIn = Callable[[User], Client]


@pytest.fixture
def officer(alice: User, signed_in: SignIn, freeze: Any) -> Client:
    """Alice at the desk, on the day the loan was paid out."""
    return signed_in(alice)


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be the moment of the tests."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: factories.NOW)


def said(loan: Loan, **changes: Any) -> dict[str, Any]:
    return {
        "number": loan.number,
        "amount": "1500.00",
        "channel": "cash",
        "external_reference": "",
        "day": factories.TODAY.isoformat(),
        "own_reference": "5bd1a0ff-6c4b-4f2c-8a40-5f2b8d0c1e11",
        "do": "see",
        **changes,
    }


def seen(answer: Any) -> str:
    return str(answer.context["seen"])


def test_it_shows_what_money_comes_to_and_posts_nothing(officer: Client, lent: Loan) -> None:
    answer = officer.post(DESK, said(lent))

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "What this comes to" in text
    assert "Paid ahead, for what falls due next" in text
    assert "of 9,793.00, 1,500.00 of it already paid ahead" in text
    assert "8,293.00" in text
    assert "Post the payment" in text
    label = text.split("Reference of the payment")[1].split("</label>")[0]
    assert ("needed, except for cash" in label, "(optional)" in label) == (True, False)
    assert not AccountEvent.objects.exists()


def test_it_posts_what_was_shown_once(officer: Client, lent: Loan) -> None:
    shown = officer.post(DESK, said(lent))
    first = officer.post(DESK, said(lent, do="post", seen=seen(shown)))
    again = officer.post(DESK, said(lent, do="post", seen=seen(shown)))

    [event] = AccountEvent.objects.all()
    assert (first.status_code, again.status_code) == (302, 302)
    assert (event.amount, event.parameters["channel"]) == (1500, "cash")
    assert event.parameters["external_reference"] == "CASH-5BD1A0FF6C4B4F2C"
    page = officer.get(DESK).content.decode()
    assert reverse("repayments:receipt", args=[event.pk]) in page


@pytest.mark.parametrize(
    ("more", "is_warned"),
    [
        pytest.param("-0.01", False, id="less"),
        pytest.param("0", True, id="the pay-off"),
        pytest.param("150000.00", True, id="far more"),
    ],
)
def test_it_warns_of_money_that_would_pay_the_loan_off(
    officer: Client, lent: Loan, more: str, is_warned: bool
) -> None:
    payoff = servicing.payoff_on(lent, factories.TODAY).total
    amount = payoff + factories.Decimal(more)

    page = officer.post(DESK, said(lent, amount=str(amount))).text

    assert (reverse("servicing:payoff", args=[lent.pk]) in page) is is_warned
    assert (f"takes {format_money(payoff, 'INR')}." in page) is is_warned
    ahead = f"it runs on, and {format_money(amount, 'INR')} stays as paid ahead."
    assert (ahead in page) is is_warned
    assert ("of the money is more than that" in page) is (more == "150000.00")


def _by_bank(officer: Client, lent: Loan) -> tuple[dict[str, Any], str]:
    """Post money by bank transfer, and return what was sent and as what it was seen."""
    sent = said(lent, channel="bank_transfer", external_reference="UTRTEST1")
    shown = seen(officer.post(DESK, sent))
    officer.post(DESK, {**sent, "do": "post", "seen": shown})
    return sent, shown


def test_money_that_was_posted_is_said_to_be_before_and_after(officer: Client, lent: Loan) -> None:
    sent, shown = _by_bank(officer, lent)

    foreseen = officer.post(DESK, sent)
    posted = officer.post(DESK, {**sent, "do": "post", "seen": shown}, follow=True)

    for page in (foreseen, posted):
        assert f"Already posted on loan {lent.number}, " in page.text
        assert "; nothing is posted again." in page.text
    assert "Post the payment" not in foreseen.text
    assert "is posted on loan" not in posted.text
    assert AccountEvent.objects.count() == 1


@pytest.mark.parametrize("other", ["amount", "loan"])
def test_a_reference_of_other_money_is_refused_before_it_is_posted(
    officer: Client, lent: Loan, other: str
) -> None:
    sent, _shown = _by_bank(officer, lent)
    changes = {"amount": "1600.00"} if other == "amount" else {"number": lent.customer.number}

    refused = officer.post(DESK, {**sent, **changes})

    assert refused.status_code == 422
    assert "Something else was posted under the reference UTRTEST1 already" in refused.text
    assert "What this comes to" not in refused.text
    assert AccountEvent.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"amount": "9000.00"}, id="amount"),
        pytest.param({"channel": "card", "external_reference": "POS 77"}, id="channel"),
    ],
)
def test_it_shows_again_what_was_changed_since(
    officer: Client, lent: Loan, changed: dict[str, str]
) -> None:
    shown = officer.post(DESK, said(lent))

    answer = officer.post(DESK, said(lent, do="post", seen=seen(shown), **changed))

    assert answer.status_code == 200
    assert "What this comes to" in answer.content.decode()
    assert not AccountEvent.objects.exists()


def test_it_takes_a_customers_number_for_all_loans(officer: Client, lent: Loan) -> None:
    by_customer = said(lent, number=lent.customer.number)
    shown = officer.post(DESK, by_customer)

    officer.post(DESK, {**by_customer, "do": "post", "seen": seen(shown)})

    assert lent.number in shown.content.decode()
    assert AccountEvent.objects.get().loan == lent


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"number": "L-0"}, "There is no loan and no customer", id="number"),
        pytest.param({"amount": "0"}, "Write an amount from 0.01 to", id="zero"),
        pytest.param({"amount": "-5"}, "Write an amount from 0.01 to", id="negative"),
        pytest.param({"amount": "1.001"}, "with at most 2 decimals", id="fractions"),
        pytest.param({"channel": "cheque"}, "Enter the reference of the payment", id="reference"),
        pytest.param({"day": "2090-01-01"}, "This day is still to come", id="future"),
        pytest.param({"day": "2001-01-01"}, "nothing was paid back before", id="before"),
    ],
)
def test_it_says_what_is_wrong_and_posts_nothing(
    officer: Client, lent: Loan, changes: dict[str, str], sentence: str
) -> None:
    answer = officer.post(DESK, said(lent, **changes))

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not AccountEvent.objects.exists()


def test_it_knows_no_loan_of_another_branch(
    lent: Loan, make_person: MakePerson, nashik: Branch, signed_in: SignIn, freeze: None
) -> None:
    elsewhere = signed_in(make_person("Nina", "loan_officer", branch=nashik))

    answer = elsewhere.post(DESK, said(lent))

    assert answer.status_code == 422
    assert "There is no loan and no customer of this number" in answer.content.decode()


def test_a_payment_that_was_taken_back_is_not_said_to_be_posted(
    officer: Client, lent: Loan, charlie: User
) -> None:
    shown = officer.post(DESK, said(lent))
    officer.post(DESK, said(lent, do="post", seen=seen(shown)))
    [event] = AccountEvent.objects.all()
    services.take_back(actor=charlie, event=event, reason="It bounced.", now=factories.NOW)

    again = officer.post(DESK, said(lent, do="post", seen=seen(shown)))

    assert again.status_code == 422
    assert "This was taken back already." in again.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_was_taken_back_says_so_and_asks_nothing(
    lent: Loan, alice: User, charlie: User, signed_in: SignIn, freeze: None, method: str
) -> None:
    event = factories.pay(alice, lent, factories.TODAY, "1500.00")
    services.take_back(actor=charlie, event=event, reason="It bounced.", now=factories.NOW)
    manager, path = signed_in(charlie), reverse("repayments:take_back", args=[event.pk])

    answer = manager.get(path) if method == "get" else manager.post(path, {"reason": "Again."})

    assert answer.status_code == (200 if method == "get" else 422)
    assert f"₹1,500.00 on loan {lent.number} was taken back on " in answer.text
    assert "by Charlie: It bounced." in answer.text
    assert "Take it back" not in answer.text
    assert 'name="reason"' not in answer.text


def test_the_sheet_of_the_day_counts_what_stays(
    officer: Client, lent: Loan, alice: User, charlie: User, signed_in: SignIn
) -> None:
    for amount, reference in (("1500.00", "a"), ("500.00", "b")):
        money = services.Money(
            number=lent.number,
            amount=factories.Decimal(amount),
            channel="cash",
            external_reference=reference,
            day=factories.TODAY,
        )
        [event] = services.take(actor=alice, money=money, now=factories.NOW)
    manager = signed_in(charlie)
    path = reverse("repayments:take_back", args=[event.pk])
    done = manager.post(path, {"reason": "Counted twice."})

    answer = manager.get(SHEET, {"day": factories.TODAY.isoformat()})

    [total] = answer.context["sheet"].totals
    text = answer.content.decode()
    assert done.status_code == 302
    assert (total.payments, total.taken, total.given, total.net) == (2, 2000, 500, 1500)
    assert answer.context["sheet"].cash == [("INR", 1500)]
    assert [(one.currency, one.payments, one.net) for one in answer.context["sheet"].sums] == [
        ("INR", 2, 1500)
    ]
    assert "<tfoot>" in text
    assert "Counted twice." in text
    assert "Taken back on this day" in text


def test_a_payment_is_not_taken_back_without_the_right_or_a_reason(
    officer: Client, lent: Loan, alice: User, charlie: User, signed_in: SignIn
) -> None:
    money = services.Money(
        number=lent.number,
        amount=factories.Decimal(100),
        channel="cash",
        external_reference="a",
        day=factories.TODAY,
    )
    [event] = services.take(actor=alice, money=money, now=factories.NOW)
    path = reverse("repayments:take_back", args=[event.pk])

    by_officer = officer.post(path, {"reason": "A mistake of mine."})
    unsaid = signed_in(charlie).post(path, {"reason": ""})

    event.refresh_from_db()
    assert (by_officer.status_code, unsaid.status_code) == (403, 422)
    assert event.status == "live"


def test_a_sheet_of_no_day_is_refused(officer: Client) -> None:
    answer = officer.get(SHEET, {"day": "yesterday"})

    assert answer.status_code == 422
    assert "Enter a day of the calendar" in answer.content.decode()


def test_it_asks_few_questions_however_many_payments_there_are(
    officer: Client, lent: Loan, alice: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        money = services.Money(
            number=lent.number,
            amount=factories.Decimal(10),
            channel="cash",
            external_reference=f"few-{number}",
            day=factories.TODAY,
        )
        services.take(actor=alice, money=money, now=factories.NOW)

    with django_assert_max_num_queries(22):
        officer.get(SHEET, {"day": factories.TODAY.isoformat()})


def test_the_loans_page_leads_to_the_desk_with_its_number(officer: Client, lent: Loan) -> None:
    panel = officer.get(reverse("repayments:receipts_panel", args=[lent.pk])).content.decode()

    assert f'href="{DESK}?number={lent.number}"' in panel
    desk = officer.get(DESK, {"number": lent.number}).content.decode()
    assert f'value="{lent.number}"' in desk


def test_a_closed_loan_takes_no_payment_and_says_where_money_is_kept(
    officer: Client, lent: Loan
) -> None:
    Loan.objects.filter(pk=lent.pk).update(status="closed")

    panel = officer.get(reverse("repayments:receipts_panel", args=[lent.pk])).text
    answer = officer.post(DESK, said(lent))

    assert "Take a payment" not in panel
    assert answer.status_code == 422
    assert "keep the money as unidentified" in answer.text
    for name in ("statements", "suspense"):
        assert f'<a href="{reverse(f"repayments:{name}")}">' in answer.text
    assert not AccountEvent.objects.exists()
