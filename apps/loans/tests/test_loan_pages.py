"""The pages of a loan and its payments: what is next, who may, and a constant number of queries."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit import timeline
from apps.core import home
from apps.customers.models import Document
from apps.decisions.errors import PapersMissing
from apps.loans import home as loans_home
from apps.loans.models import Disbursement, DisbursementLimit, Loan, PaymentFile
from apps.loans.tests import factories
from apps.offers import services as offers

NOW = factories.LATER + timedelta(hours=2)
TODAY = factories.TODAY
Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def _page(loan: Loan) -> str:
    return reverse("loans:detail", args=[loan.pk])


def _asked(loan: Loan, **changes: Any) -> dict[str, Any]:
    return {
        "reference": "R-1",
        "planned_date": TODAY.isoformat(),
        "holder": loan.customer.full_name,
        "account_number": "50100123456789",
        "bank_code": "HDFC0000007",
        **changes,
    }


def test_a_loan_goes_from_page_to_page_to_the_books(
    signed_in: Browser, alice: User, bob: User, loan: Loan
) -> None:
    officer, reviewer = signed_in(alice), signed_in(bob)
    ask = reverse("loans:ask", args=[loan.pk])

    assert "nothing was paid out yet" in officer.get(_page(loan)).text
    refused = officer.post(ask, _asked(loan, holder="Somebody"))
    assert (refused.status_code, Disbursement.objects.count()) == (422, 0)
    assert "this name is not the borrower" in refused.text
    officer.post(ask, _asked(loan))
    one = Disbursement.objects.get()
    assert "Another person than Alice approves" in officer.get(_page(loan)).text
    assert reverse("loans:approve", args=[one.pk]) not in officer.get(_page(loan)).text
    assert reverse("loans:approve", args=[one.pk]) in reviewer.get(_page(loan)).text
    reviewer.post(reverse("loans:approve", args=[one.pk]))
    reviewer.post(reverse("loans:instruct"), {"payment": [str(one.pk)]})
    file = PaymentFile.objects.get()
    listed = reviewer.get(reverse("loans:files")).text
    assert str(file) in listed
    content = reviewer.get(reverse("loans:file", args=[file.pk])).content
    assert b"50100123456789" in content
    confirm = reverse("loans:confirm", args=[one.pk])
    assert reviewer.get(confirm).status_code == 200
    late = reviewer.post(confirm, {"paid_date": "2030-01-01", "bank_reference": "U1"})
    assert (late.status_code, "still to come" in late.text) == (422, True)
    reviewer.post(confirm, {"paid_date": TODAY.isoformat(), "bank_reference": "U1"})

    loan.refresh_from_db()
    assert loan.status == "active"
    page = officer.get(_page(loan)).text
    assert "Wait for the next instalment" in page
    assert "₹2,00,000.00" in page
    assert "50100123456789" not in page
    assert page.count("To come") == 24


def test_a_borrower_who_stepped_back_is_settled_on_the_page(
    signed_in: Browser, alice: User, bob: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.paid(alice, bob, loan)
    later = factories.LATER + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    offers.exit(actor=alice, offer=loan.offer, now=later)
    settle = reverse("loans:settle_exit", args=[loan.pk])
    reviewer = signed_in(bob)

    page = reviewer.get(_page(loan)).text
    asked = reviewer.get(settle).text
    early = reviewer.post(settle, {"paid_date": "2020-01-01", "bank_reference": "U2"})
    reviewer.post(settle, {"paid_date": later.date().isoformat(), "bank_reference": "U2"})

    assert "The borrower stepped back from this loan." in page
    assert ">Stepped back<" in " ".join(page.split())
    assert "To be paid: ₹2,00,077.71, on whatever day it is paid." in asked
    assert "Wait for the next instalment" not in page
    assert f'value="{later.date().isoformat()}"' in asked
    assert early.status_code == 422
    loan.refresh_from_db()
    assert loan.status == "closed"


def test_who_stepped_back_is_asked_for_nothing_else(
    signed_in: Browser, alice: User, bob: User, loan: Loan
) -> None:
    factories.paid(alice, bob, loan)
    manager = signed_in(bob)
    panels = [reverse(f"repayments:{one}_panel", args=[loan.pk]) for one in ("receipts", "charges")]
    officer = signed_in(alice)
    assert "Take a payment" in officer.get(panels[0]).text
    offers.exit(actor=alice, offer=loan.offer, now=NOW)

    page = manager.get(_page(loan)).text

    assert "Take a payment" not in officer.get(panels[0]).text
    assert "Ask for a charge" not in officer.get(panels[1]).text
    for name in ("debits:panel", "collections:loan_panel", "repayments:contact_panel"):
        assert reverse(name, args=[loan.pk]) not in page


def test_the_schedule_comes_before_what_follows_from_it(
    signed_in: Browser, alice: User, bob: User, loan: Loan
) -> None:
    def places(page: str) -> list[int]:
        ids = ("payments", "schedule", "history")
        return [page.index(f'id="{one}"') for one in ids]

    before = places(signed_in(alice).get(_page(loan)).text)
    factories.paid(alice, bob, loan)
    page = signed_in(alice).get(_page(loan)).text
    after = places(page)

    assert before == sorted(before)
    assert after[1] < after[0] < after[2]
    assert page.index('href="#schedule"') < page.index('href="#statement"') < after[1]


def test_nothing_is_asked_for_that_was_paid_already(
    signed_in: Browser, alice: User, bob: User, loan: Loan
) -> None:
    factories.paid(alice, bob, loan)

    answer = signed_in(alice).get(reverse("loans:ask", args=[loan.pk]))

    assert answer.status_code == 409
    assert "All of this loan was paid out already" in answer.text


def test_the_list_says_how_each_loan_stands(
    signed_in: Browser,
    alice: User,
    bob: User,
    loan: Loan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.paid(alice, bob, loan)
    factories.opened(alice)
    officer, listed = signed_in(alice), reverse("loans:list")
    assert officer.get(listed, {"arrears": "overdue"}).context["rows"] == []
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=45))
    officer = signed_in(alice)

    rows = {one.pk: standing for one, _look, standing in officer.get(listed).context["rows"]}
    late = officer.get(listed, {"arrears": "overdue"})

    assert len(rows) == 2
    assert rows[loan.pk].principal == loan.principal
    assert rows[loan.pk].arrears.amount == loan.instalment
    assert [one for one in rows.values() if one is None] == [None]
    assert [one.pk for one, _look, _standing in late.context["rows"]] == [loan.pk]
    assert "₹9,793.00" in late.text


def test_who_stepped_back_is_overdue_with_nothing(
    signed_in: Browser,
    alice: User,
    bob: User,
    loan: Loan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.paid(alice, bob, loan)
    offers.exit(actor=alice, offer=loan.offer, now=NOW)
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=45))
    officer, listed = signed_in(alice), reverse("loans:list")

    [(one, look, standing)] = officer.get(listed).context["rows"]

    assert (one.pk, str(look.word)) == (loan.pk, "Stepped back")
    assert standing.arrears.instalments == 0
    assert officer.get(listed, {"arrears": "overdue"}).context["rows"] == []


def test_each_step_waits_in_the_queue_and_my_turn_comes_first(
    signed_in: Browser, alice: User, bob: User, amir: User, loan: Loan
) -> None:
    queue = reverse("loans:queue")
    factories.agreed(alice)
    assert signed_in(alice).get(queue).context["stage"] == "open"
    assert loan.number in signed_in(alice).get(queue, {"stage": "request"}).text
    factories.requested(alice, loan)

    assert signed_in(bob).get(queue).context["stage"] == "approve"
    assert loan.number in signed_in(bob).get(queue).text
    assert signed_in(amir).get(queue).context["is_mine"] is False
    counts = reverse("loans:count")
    assert [signed_in(one).get(counts).text for one in (alice, bob, amir)] == ["1", "1", ""]


def test_refusals_and_reversals_ask_for_a_reason(
    signed_in: Browser, alice: User, bob: User, charlie: User, loan: Loan
) -> None:
    one = factories.requested(alice, loan)
    url = reverse("loans:refuse", args=[one.pk])

    assert signed_in(bob).post(url, {"reason": " "}).status_code == 422
    assert signed_in(bob).post(url, {"reason": "Wrong bank"}).status_code == 302
    one.refresh_from_db()
    assert one.status == "refused"
    assert "Wrong bank" in signed_in(alice).get(_page(loan)).text

    paid = factories.paid(alice, bob, loan)
    back = reverse("loans:reverse", args=[paid.pk])
    assert signed_in(charlie).get(back).status_code == 200
    signed_in(charlie).post(back, {"day": TODAY.isoformat(), "reason": "Account closed"})
    loan.refresh_from_db()
    assert loan.status == "opened"
    cancel = reverse("loans:cancel", args=[loan.pk])
    signed_in(alice).post(cancel, {"reason": "No longer wanted"})
    loan.refresh_from_db()
    assert loan.status == "cancelled"


def test_both_schedules_are_shown_side_by_side(
    signed_in: Browser, alice: User, bob: User, loan: Loan
) -> None:
    url = reverse("loans:schedules", args=[loan.pk])
    assert "0 instalments" in signed_in(alice).get(url).text
    factories.paid(alice, bob, loan, on=TODAY + timedelta(days=5))

    page = signed_in(alice).get(url).text

    assert "24 instalments" in page
    assert "Paid out on another day than planned" in page
    assert "25 Dec 2026" in page
    for version in ("9", "x", "99999999999"):
        answer = signed_in(alice).get(url, {"version": version})
        assert answer.status_code == (404 if version == "9" else 200)


def test_where_every_change_was_taken_back_nothing_differs_from_what_was_agreed(
    signed_in: Browser, alice: User, bob: User, loan: Loan
) -> None:
    factories.paid(alice, bob, loan, on=TODAY + timedelta(days=5))
    # As taking back the last change leaves it.
    for number in (2, 1):
        loan.schedules.filter(number=number).update(in_force=number == 1)
    url = reverse("loans:schedules", args=[loan.pk])

    found = signed_in(alice).get(url)

    assert found.context["other"].number == 1
    shown = found.context["difference"]
    assert (shown.changed, shown.interest, shown.total) == (0, 0, 0)
    # The last one can still be asked for.
    last = signed_in(alice).get(url, {"version": "2"})
    assert last.context["difference"].changed == 24


def test_an_accepted_offer_is_opened_from_the_case(
    signed_in: Browser, alice: User, amir: User, stage: None
) -> None:
    application = factories.agreed(alice)
    panel = reverse("loans:next_step", args=[application.pk])
    opened = reverse("loans:open", args=[application.pk])

    assert signed_in(alice).get(panel).status_code == 302
    assert opened in signed_in(alice).get(panel, headers={"HX-Request": "true"}).text
    assert opened not in signed_in(amir).get(panel, headers={"HX-Request": "true"}).text
    assert signed_in(alice).post(opened).status_code == 302
    assert Loan.objects.get().status == "opened"


def test_a_manager_sets_limits(
    signed_in: Browser, alice: User, charlie: User, pune: Branch
) -> None:
    url = reverse("loans:limits")
    form = {"entity": pune.entity_id, "currency": "INR", "amount": "50000"}
    page = signed_in(charlie).get(url)
    role = page.context["form"].fields["role"].queryset.get()

    assert signed_in(alice).get(url).status_code == 403
    assert (
        signed_in(charlie).post(url, {**form, "role": role.pk, "amount": "-1"}).status_code == 422
    )
    signed_in(charlie).post(url, {**form, "role": role.pk})

    assert DisbursementLimit.objects.get().amount == 50_000
    assert "Loan officer" in signed_in(charlie).get(url).text


@pytest.mark.parametrize("step", ["open", "request", "approve", "instruct", "confirm"])
def test_the_queue_needs_no_more_queries_for_more_payments(
    signed_in: Browser,
    alice: User,
    bob: User,
    loan: Loan,
    step: str,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    factories.agreed(alice)
    factories.opened(alice)
    factories.requested(alice, loan)
    factories.approved(alice, bob)
    browser = signed_in(bob)
    browser.get(reverse("loans:queue"))

    with django_assert_max_num_queries(21):
        assert browser.get(reverse("loans:queue"), {"stage": step}).status_code == 200


def test_a_loan_of_another_branch_is_not_there(
    signed_in: Browser, alice: User, bob: User, loan: Loan, make_person: Any, nashik: Branch
) -> None:
    one = factories.requested(alice, loan)
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    browser = signed_in(nina)

    assert browser.get(_page(loan)).status_code == 404
    assert browser.get(reverse("loans:schedules", args=[loan.pk])).status_code == 404
    for name in ("approve", "refuse", "confirm", "fail", "take_back"):
        assert browser.post(reverse(f"loans:{name}", args=[one.pk])).status_code == 404
    browser.post(reverse("loans:instruct"), {"payment": [str(one.pk), "nonsense"]})
    one.refresh_from_db()
    assert one.status == "requested"


def test_no_payment_is_chosen_for_whoever_makes_a_file(
    signed_in: Browser, alice: User, bob: User, charlie: User, stage: None
) -> None:
    one = factories.approved(alice, bob)

    page = signed_in(charlie).get(reverse("loans:queue"), {"stage": "instruct"}).text
    nothing = signed_in(charlie).post(reverse("loans:instruct"), follow=True)

    box = (
        page.split(f'value="{one.pk}"')[0].rpartition("<input")[2]
        + (page.split(f'value="{one.pk}"')[1].partition(">")[0])
    )
    assert "checked" not in box
    assert 'data-tick-all="payment"' in page
    assert "Choose at least one payment." in nothing.text
    assert Disbursement.objects.get().status == "approved"


def test_the_history_of_a_payment_is_told_in_words(
    signed_in: Browser, alice: User, bob: User, stage: None
) -> None:
    one = factories.paid(alice, bob)

    of_loan = timeline.of(f"loans.loan:{one.loan_id}")

    told = " ".join(entry["note"] for entry in of_loan)
    assert "to the borrower: ₹1,99,500.00" in told
    assert "net: " not in told


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("30 Feb", "Enter a day of the calendar, for example 2027-01-31."),
        ("", "Enter the day."),
        ("0026-11-20", "Check the year."),
    ],
    ids=["no day", "nothing", "no year"],
)
def test_a_day_that_is_none_is_refused_in_words(
    signed_in: Browser, alice: User, loan: Loan, given: str, sentence: str
) -> None:
    page = signed_in(alice).post(
        reverse("loans:ask", args=[loan.pk]),
        {"planned_date": given, "holder": "x", "account_number": "1", "bank_code": "1"},
    )

    assert (page.status_code, sentence in page.text) == (422, True)
    assert not Disbursement.objects.exists()


def test_what_is_missing_stands_on_the_loan_and_beside_its_payment(
    signed_in: Browser, alice: User, loan: Loan
) -> None:
    Document.objects.filter(customer=loan.customer, kind="address").delete()
    add = reverse("customers:upload", args=[loan.customer_id])

    for name in ("detail", "ask"):
        page = signed_in(alice).get(reverse(f"loans:{name}", args=[loan.pk])).text
        assert "Proof of address is missing." in page, name
        assert add in page, name
    with pytest.raises(PapersMissing):
        factories.requested(alice, loan)

    assert not Disbursement.objects.exists()


def test_the_history_tells_states_and_ways_in_words(
    signed_in: Browser, alice: User, bob: User, loan: Loan
) -> None:
    factories.paid(alice, bob, loan)
    # A row that is saved whole is kept column by column.
    stored = Loan.objects.get(pk=loan.pk)
    stored.status = "closed"
    stored.save(update_fields=["status"])
    timeline = reverse("audit:timeline")

    of_loan = signed_in(alice).get(timeline, {"subject": f"loans.loan:{loan.pk}"}).text
    of_case = (
        signed_in(alice)
        .get(timeline, {"subject": f"applications.application:{loan.application_id}"})
        .text
    )

    assert "Running → Closed" in of_loan
    assert "active → closed" not in of_loan
    assert "how: On a signed paper" in of_case


def test_each_step_waits_on_the_start_page_of_who_may_take_it(
    alice: User, bob: User, amir: User, loan: Loan
) -> None:
    def waits(actor: User) -> dict[str, int]:
        parts = [one for one in home.waiting(actor) if one.name.startswith("loans.")]
        counts = {one.name.removeprefix("loans."): one.count(actor, NOW) for one in parts}
        return {name: number for name, number in counts.items() if number}

    factories.agreed(alice)
    assert waits(alice) == {"open": 1, "request": 1}
    factories.requested(alice, loan)

    assert waits(alice) == {"open": 1}
    assert waits(bob) == {"approve": 1}
    assert waits(amir) == {}


def test_an_officer_sees_what_falls_due_of_own_customers_and_of_nobody_elses(
    alice: User, bob: User, loan: Loan, make_person: Callable[..., User]
) -> None:
    factories.paid(alice, bob, loan)
    first = loan.instalments.order_by("number")[0]
    noon = NOW + (first.due_date - TODAY)
    count = home.counted("loans.due_today").count
    asha = make_person("Asha", "loan_officer")

    assert list(loans_home.due_today(alice, noon)) == [first]
    assert (count(alice, noon), count(asha, noon)) == (1, 0)
    assert count(alice, noon + timedelta(days=1)) == 0
