"""The pages of what changes on a loan: previewed, done, refused beside the field, few queries."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.formatting import format_money
from apps.loans.models import Loan
from apps.npa.tests import portfolio_factories as rule_tables
from apps.portal import services as portal
from apps.portal import tokens
from apps.repayments import services as repayments
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing import services
from apps.servicing.models import BenchmarkRate, Closure, Pause, Proposal
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at, waiver

Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))


def _url(name: str, loan: Loan, *more: Any) -> str:
    return reverse(f"servicing:{name}", args=[loan.pk, *more])


def _panel(client: Client, loan: Loan) -> str:
    return client.get(_url("loan_panel", loan), headers=HTMX).text


def _money(amount: Any, **changes: Any) -> dict[str, Any]:
    return {
        "day": TODAY.isoformat(),
        "amount": str(amount),
        "channel": "bank_transfer",
        "external_reference": "UTR-1",
        **changes,
    }


def test_the_loan_page_fetches_the_panel_and_offers_what_one_may(
    signed_in: Browser, lent: Loan, alice: User, charlie: User, amir: User
) -> None:
    page = signed_in(alice).get(reverse("loans:detail", args=[lent.pk])).text
    assert f'hx-get="{_url("loan_panel", lent)}"' in page
    officer, manager, auditor = (
        _panel(signed_in(person), lent) for person in (alice, charlie, amir)
    )

    assert _url("prepay", lent) in officer
    assert _url("change", lent, "restructure") not in officer
    assert _url("change", lent, "restructure") in manager
    assert _url("relief", lent) not in manager
    assert _url("payoff", lent) in auditor
    assert _url("prepay", lent) not in auditor
    assert "Nothing changed since the loan was paid out." in auditor


def test_the_panel_alone_leads_to_the_loan(signed_in: Browser, lent: Loan, alice: User) -> None:
    response = signed_in(alice).get(_url("loan_panel", lent))

    assert response.headers["Location"] == reverse("loans:detail", args=[lent.pk])


def test_a_part_is_paid_early_after_both_ways_were_shown(
    signed_in: Browser, lent: Loan, alice: User
) -> None:
    client = signed_in(alice)
    address = _url("prepay", lent)

    shown = client.get(address, {"amount": "51,500.00"}).text
    assert "Interest saved" in shown
    assert "₹50,000.00" in shown
    refused = client.post(address, _money(206_000, option="shorter_term"))
    assert (refused.status_code, AccountEvent.objects.count()) == (422, 0)
    assert "pays the loan off" in refused.text
    done = client.post(address, _money("51,500.00", option="smaller_instalment"))
    assert done.status_code == 302
    panel = _panel(client, lent)
    assert "Part pre-payment" in panel
    assert "51,500.00" in panel


@pytest.mark.parametrize("after", ["due_date_change", "payoff", "taking_back"])
def test_paid_so_far_is_the_money_received_whatever_became_of_the_schedule(
    signed_in: Browser, lent: Loan, alice: User, charlie: User, after: str
) -> None:
    repaid.pay(alice, lent, TODAY, "5000.00")
    bounced = repaid.pay(alice, lent, TODAY, "700.00")
    repayments.take_back(actor=charlie, event=bounced, reason="It bounced", now=at(TODAY))
    expected = Decimal(5000)
    if after == "due_date_change":
        services.change(
            actor=charlie,
            loan=lent,
            kind=after,
            parameters={"first_due_on": "2026-12-28"},
            reason="His wages come later",
            now=at(TODAY),
        )
    elif after == "payoff":
        total = services.quote(lent, TODAY, today=TODAY).total
        services.pay_off(actor=alice, loan=lent, money=factories.money(TODAY, total), now=at(TODAY))
        expected += total

    page = signed_in(alice).get(reverse("loans:detail", args=[lent.pk])).text
    link = tokens.Link("letter", lent.application_id, at(TODAY) + timedelta(days=9), 0)
    own = Client().get(f"{portal.path(link)}loan/").text

    for shown in (page, own):
        told = shown.split("Paid so far</dt>")[1].split("</dd>")[0]
        assert format_money(expected, "INR") in told


@pytest.mark.parametrize(
    ("ahead", "left", "said"),
    [
        pytest.param("5962", "3831", "Wait for the next instalment.", id="a part"),
        pytest.param("9793", "0", "Nothing now: the next instalment is paid ahead.", id="all"),
    ],
)
def test_what_is_paid_ahead_is_not_asked_for_again(
    signed_in: Browser, lent: Loan, alice: User, ahead: str, left: str, said: str
) -> None:
    fact = repaid.receipt(TODAY, ahead)
    after = repayments.foresee(loan=lent, fact=fact).after
    repaid.pay(alice, lent, TODAY, ahead)
    to_come = sum(row.unpaid for row in lent.instalments.filter(in_force=True))

    page = signed_in(alice).get(reverse("loans:detail", args=[lent.pk])).text
    link = tokens.Link("letter", lent.application_id, at(TODAY) + timedelta(days=9), 0)
    own = Client().get(f"{portal.path(link)}loan/").text

    assert (after.next_amount, after.next_paid_ahead) == (Decimal(left), Decimal(ahead))
    assert said in page
    for shown in (page, own):
        told = shown.split("Next amount</dt>")[1].split("</dd>")[0]
        assert format_money(Decimal(left), "INR") in told
        assert f"{format_money(Decimal(ahead), 'INR')} of it already paid ahead" in told
        told = shown.split("Still to be paid</dt>")[1].split("</dd>")[0]
        assert format_money(to_come - Decimal(ahead), "INR") in told


def test_money_that_was_taken_back_is_not_said_to_be_posted(
    signed_in: Browser, lent: Loan, alice: User, charlie: User
) -> None:
    client, total = signed_in(alice), services.quote(lent, TODAY, today=TODAY).total
    for page, sent in (
        ("prepay", _money(51_500, option="shorter_term")),
        ("payoff", _money(total, external_reference="UTR-2")),
    ):
        assert client.post(_url(page, lent), sent).status_code == 302
        event = AccountEvent.objects.get(kind__in=("part_prepayment", "payoff"), status="live")
        services.undo(actor=charlie, event=event, reason="The cheque bounced", now=at(TODAY))

        again = client.post(_url(page, lent), sent)

        assert again.status_code == 422
        assert "This was taken back already." in again.text


@pytest.mark.parametrize("page", ["prepay", "payoff"])
def test_cash_needs_no_reference_and_is_posted_once_however_often_it_is_sent(
    signed_in: Browser, lent: Loan, alice: User, page: str
) -> None:
    client, total = signed_in(alice), services.quote(lent, TODAY, today=TODAY).total
    amount = total if page == "payoff" else 51_500
    own = "5bd1a0ff-6c4b-4f2c-8a40-5f2b8d0c1e11"
    sent = _money(amount, external_reference="", option="shorter_term", own_reference=own)

    shown = client.get(_url(page, lent), {"amount": "51500"} if page == "prepay" else {}).text
    by_bank = client.post(_url(page, lent), sent)
    posted = [client.post(_url(page, lent), {**sent, "channel": "cash"}) for _twice in range(2)]

    assert 'name="own_reference"' in shown
    assert by_bank.status_code == 422
    assert "Enter the reference of the payment." in by_bank.text
    assert posted[0].status_code == 302
    [event] = AccountEvent.objects.filter(kind__in=("part_prepayment", "payoff"))
    assert event.parameters["external_reference"] == "CASH-5BD1A0FF6C4B4F2C"


@pytest.mark.parametrize("page", ["prepay", "payoff"])
def test_whoever_may_only_look_pays_nothing_early(
    signed_in: Browser, lent: Loan, amir: User, page: str
) -> None:
    total = services.quote(lent, TODAY, today=TODAY).total

    answer = signed_in(amir).post(_url(page, lent), _money(total, option="shorter_term"))

    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.text
    assert AccountEvent.objects.count() == 0


def test_too_small_an_amount_is_said_beside_the_field(
    signed_in: Browser, lent: Loan, alice: User
) -> None:
    client = signed_in(alice)

    for amount in ("0", "-1", "x", ""):
        page = client.get(_url("prepay", lent), {"amount": amount})
        assert page.status_code == 200
        assert "Interest saved" not in page.text
    assert AccountEvent.objects.count() == 0


def test_the_quote_closes_the_loan_and_the_letter_follows(
    signed_in: Browser, lent: Loan, alice: User, charlie: User
) -> None:
    client = signed_in(alice)
    later = (TODAY + timedelta(days=12)).isoformat()

    ahead = client.get(_url("payoff", lent), {"day": later}).text
    assert "Charge for paying early" in ahead
    assert "Take the payment" not in ahead
    assert "Check the year." in client.get(_url("payoff", lent), {"day": "9999-12-31"}).text
    far = client.get(_url("payoff", lent), {"day": "2030-01-01"}).text
    assert "at most 30 days ahead" in far
    total = services.quote(lent, TODAY, today=TODAY).total
    less = client.post(_url("payoff", lent), _money(total - 1))
    assert (less.status_code, AccountEvent.objects.count()) == (422, 0)
    assert _url("close", lent) not in _panel(client, lent)
    client.post(_url("payoff", lent), _money(total + 5))
    lent.refresh_from_db()
    assert lent.status == "closed"
    beyond = _panel(client, lent)
    assert _url("close", lent) not in beyond
    assert "₹5.00 was paid beyond what was owed; pay it back first." in beyond
    services.undo(
        actor=charlie,
        event=AccountEvent.objects.get(kind="payoff"),
        reason="Typed too much",
        now=at(TODAY),
    )
    total = services.quote(lent, TODAY, today=TODAY).total
    client.post(_url("payoff", lent), _money(total, external_reference="UTR-2"))
    assert _url("close", lent) in _panel(client, lent)

    client.post(_url("close", lent))
    closure = Closure.objects.get()
    panel = _panel(client, lent)
    assert reverse("letters:detail", args=[closure.letter_id]) in panel
    assert _url("close", lent) not in panel


def test_a_change_is_shown_before_it_is_made(signed_in: Browser, lent: Loan, charlie: User) -> None:
    client = signed_in(charlie)
    address = _url("change", lent, "reschedule")
    asked = {"instalments": "36", "difficulty": "yes", "reason": "Lost his job"}

    shown = client.post(address, {**asked, "preview": "1"})
    assert (shown.status_code, AccountEvent.objects.count()) == (200, 0)
    assert "24 → 36" in shown.text
    as_shown = {"confirm": "1", "seen": shown.context["seen"], "reference": str(uuid.uuid4())}
    other = client.post(address, {**asked, **as_shown, "instalments": "48"})
    assert (other.status_code, AccountEvent.objects.count()) == (200, 0)
    assert "24 → 48" in other.text
    for _twice in range(2):
        assert client.post(address, {**asked, **as_shown}).status_code == 302
    event = AccountEvent.objects.get()
    assert event.parameters["parameters"] == {"instalments": 36, "difficulty": True}
    assert "Borrower in financial difficulty" in _panel(client, lent)


@pytest.mark.parametrize(
    ("kind", "asked", "said"),
    [
        ("rate-change", {"rate": "14", "keeps": "term"}, "24 → 24"),
        (
            "moratorium",
            {"principal_free": "2", "on": "all", "extends": "on", "difficulty": "no"},
            "24 → 26",
        ),
        ("restructure", {"instalments": "30", "rate": "12", "difficulty": "yes"}, "24 → 30"),
        ("due-date-change", {"first_due_on": "2026-12-28"}, "24 → 24"),
    ],
)
def test_every_kind_of_change_can_be_looked_at(
    signed_in: Browser, lent: Loan, charlie: User, kind: str, asked: dict[str, str], said: str
) -> None:
    client = signed_in(charlie)
    address = _url("change", lent, kind)

    assert client.get(address).status_code == 200
    page = client.post(address, {**asked, "reason": "Agreed with the borrower", "preview": "1"})

    assert said in page.text
    assert AccountEvent.objects.count() == 0


def test_a_refusal_stands_beside_its_field(signed_in: Browser, lent: Loan, charlie: User) -> None:
    client = signed_in(charlie)

    same = client.post(
        _url("change", lent, "rate-change"), {"rate": "16", "keeps": "term", "reason": "Reset"}
    )
    unknown = client.get(_url("change", lent, "gift"))

    assert same.status_code == 422
    assert "That is the rate already." in same.text
    assert unknown.status_code == 404


def test_a_proposal_waits_in_the_worklist_for_another_person(
    signed_in: Browser, lent: Loan, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = factories.late(lent, 5)
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    officer, reviewer = signed_in(alice), signed_in(bob)
    asked = {"kind": "waiver", "bucket": "interest", "amount": "250", "reason": "Ill for a month"}

    page = officer.get(_url("relief", lent)).text
    assert "Due and unpaid" in page
    assert "₹2,666.67" in page
    officer.post(_url("relief", lent), asked)
    proposal = Proposal.objects.get()
    assert reviewer.get(reverse("servicing:count")).text == "1"
    listed = reviewer.get(reverse("servicing:proposals")).text
    assert "Ill for a month" in listed
    assert officer.get(reverse("servicing:proposals")).status_code == 403
    own = officer.post(reverse("servicing:approve", args=[proposal.pk]))
    assert own.status_code == 403
    refused = reviewer.post(reverse("servicing:refuse", args=[proposal.pk]), {"note": ""})
    assert refused.status_code == 422
    reviewer.post(reverse("servicing:approve", args=[proposal.pk]))

    proposal.refresh_from_db()
    assert proposal.status == "approved"
    panel = _panel(officer, lent)
    assert "Approved" in panel
    assert reverse("servicing:undo", args=[proposal.event_id]) not in panel
    assert reviewer.get(reverse("servicing:count")).text == ""


def test_hardship_rates_and_taking_back_have_pages(
    signed_in: Browser, lent: Loan, alice: User, charlie: User
) -> None:
    client = signed_in(charlie)
    client.post(
        _url("pause", lent),
        {"starts_on": TODAY.isoformat(), "ends_on": "2026-12-31", "reason": "Flood"},
    )
    pause = Pause.objects.get()
    assert "Left alone for hardship" in _panel(client, lent)
    client.post(reverse("servicing:end_pause", args=[pause.pk]), {"reason": "He earns again"})
    pause.refresh_from_db()
    assert pause.status == "ended"

    rate = {
        "entity": str(lent.branch.entity_id),
        "benchmark": "Repo rate",
        "effective_date": TODAY.isoformat(),
        "rate": "6.5",
        "source": "Central bank",
    }
    client.post(reverse("servicing:rates"), rate)
    assert BenchmarkRate.objects.get().annual_rate == Decimal("0.065")
    again = client.post(reverse("servicing:rates"), rate)
    assert (again.status_code, BenchmarkRate.objects.count()) == (422, 1)
    assert "6.50" in client.get(reverse("servicing:rates")).text
    back = reverse("servicing:take_rate_back", args=[BenchmarkRate.objects.get().pk])
    assert back in client.get(reverse("servicing:rates")).text
    assert "Repo rate" in client.get(back).text
    assert client.post(back, {"reason": ""}).status_code == 422
    assert client.post(back, {"reason": "Mistyped"}).status_code == 302
    table = client.get(reverse("servicing:rates")).text
    assert "Mistyped" in table
    assert back not in table
    assert client.post(back, {"reason": "Once more"}).status_code == 422
    assert client.post(reverse("servicing:rates"), {**rate, "rate": "6.6"}).status_code == 302
    assert client.get(_url("follow_rate", lent)).status_code == 409

    event = services.prepay(
        actor=alice,
        loan=lent,
        money=factories.money(TODAY, 51_500),
        option="shorter_term",
        now=at(TODAY),
    )
    undo = reverse("servicing:undo", args=[event.pk])
    assert client.post(undo, {"reason": ""}).status_code == 422
    client.post(undo, {"reason": "The cheque bounced"})
    event.refresh_from_db()
    assert event.status == "reversed"


def test_the_contract_stands_beside_what_a_change_put_in_force(
    signed_in: Browser, lent: Loan, charlie: User
) -> None:
    address = reverse("loans:detail", args=[lent.pk])
    page = reverse("servicing:change", args=[lent.pk, "restructure"])
    client = signed_in(charlie)
    assert "in the contract<" not in client.get(address).text
    rule_tables.rules()
    asked = {"instalments": "30", "rate": "12", "difficulty": "yes", "reason": "Flood"}

    shown = client.post(page, {**asked, "preview": "1"}).text
    services.change(
        actor=charlie,
        loan=lent,
        kind="restructure",
        parameters={"instalments": 30, "annual_rate": "0.12", "difficulty": True},
        reason="Flood",
        now=at(TODAY),
    )

    assert "becomes sub-standard at the day&#x27;s end" in shown
    contract = client.get(address).text.split('id="contract"')[1].split("</dl>")[0]
    assert "12.00" in contract
    assert "16.00" in contract
    assert contract.count("in the contract") == 4


def test_the_contract_stands_alone_again_once_a_change_is_taken_back(
    signed_in: Browser, lent: Loan, charlie: User
) -> None:
    address = reverse("loans:detail", args=[lent.pk])
    client = signed_in(charlie)

    def contract() -> str:
        text = client.get(address).text.split('id="contract"')[1].split("</dl>")[0]
        return " ".join(text.split())

    before = contract()
    changed = services.change(
        actor=charlie,
        loan=lent,
        kind="restructure",
        parameters={"instalments": 30, "annual_rate": "0.12", "difficulty": True},
        reason="Flood",
        now=at(TODAY),
    )
    during = contract()

    services.undo(actor=charlie, event=changed, reason="Not agreed after all", now=at(TODAY))

    assert "in the contract" in during
    assert lent.schedules.count() == 2
    assert contract() == before
    # Another change after it is of the contract, too.
    services.change(
        actor=charlie,
        loan=lent,
        kind="rate_change",
        parameters={"annual_rate": "0.14", "keeps": "term"},
        reason="The benchmark fell",
        now=at(TODAY),
    )
    assert "14.00" in contract()
    assert "12.00" not in contract()
    assert contract().count("in the contract") == 2


def test_the_difference_shows_what_fell_due_not_what_was_taken_back_before_it(
    signed_in: Browser, lent: Loan, charlie: User
) -> None:
    first = lent.instalments.get(number=1)
    longer = {"instalments": 36, "difficulty": False}
    cheaper = {"annual_rate": "0.14", "keeps": "term"}
    made = {"actor": charlie, "loan": lent, "reason": "Agreed with the borrower"}
    now = at(TODAY + timedelta(days=3))
    event = services.change(kind="reschedule", parameters=longer, now=now, **made)
    services.undo(actor=charlie, event=event, reason="Not agreed after all", now=now)
    repaid.pay(charlie, lent, first.due_date, first.due)
    later = at(first.due_date + timedelta(days=2))
    services.change(kind="rate_change", parameters=cheaper, now=later, **made)

    shown = signed_in(charlie).get(reverse("loans:schedules", args=[lent.pk])).context

    assert shown["other"].number == 3
    fell_due, *ahead = shown["difference"].pairs
    assert (fell_due.number, fell_due.days, fell_due.more) == (1, 0, 0)
    assert len(ahead) == 23
    assert all(pair.more < 0 for pair in ahead)


def test_who_may_not_see_the_loan_finds_nothing(
    signed_in: Browser, lent: Loan, make_person: Any, nashik: Any
) -> None:
    stranger = signed_in(make_person("Wanjiru", "loan_officer", branch=nashik))

    for name in ("loan_panel", "payoff", "prepay", "relief", "close"):
        assert stranger.get(_url(name, lent), headers=HTMX).status_code == 404


def test_the_worklist_asks_the_same_number_of_queries_whatever_waits(
    signed_in: Browser,
    lent: Loan,
    alice: User,
    bob: User,
    django_assert_max_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day = factories.late(lent, 5)
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    for bucket in ("interest", "principal"):
        services.propose(actor=alice, loan=lent, relief=waiver("50.00", bucket=bucket), now=at(day))
    client = signed_in(bob)
    client.get(reverse("servicing:proposals"))

    with django_assert_max_num_queries(8):
        page = client.get(reverse("servicing:proposals"))

    assert page.text.count("data-row") == 2
    assert repaid.offenders() == []
