"""Money over the counter whose loan is not known: kept once, placed or returned as any other."""

import dataclasses
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core import formatting
from apps.core.errors import DomainError
from apps.ledger import services as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments import day_sheet, services
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.services import Unidentified, posting_statements
from apps.repayments.tests import factories as books
from apps.repayments.tests import statement_factories as factories
from apps.servicing import selectors as servicing
from apps.servicing.services import paying_early as early
from conftest import MakePerson

pytestmark = pytest.mark.django_db
D = Decimal
NOW, PAID_ON, balance = factories.NOW, factories.PAID_ON, factories.balance
PAGE, API = "/repayments/unidentified/", "/api/v1/suspense"


def _money(**changes: Any) -> Unidentified:
    values: dict[str, Any] = {
        "amount": D("1500.00"),
        "channel": "cheque",
        "external_reference": "chq 004521",
        "day": PAID_ON,
        "party": "M. Joshi",
        "narrative": "for the loan",
        **changes,
    }
    return Unidentified(**values)


def _taken(actor: User, branch: Branch | None = None, **changes: Any) -> StatementLine:
    return services.take_unidentified(
        actor=actor, branch=branch or actor.branch, money=_money(**changes), now=NOW
    )


def _state() -> tuple[Any, ...]:
    return (
        StatementFile.objects.count(),
        list(StatementLine.objects.order_by("pk").values_list("pk", "status")),
        Entry.objects.count(),
        Event.objects.count(),
        AccountEvent.objects.count(),
    )


def _refused(act: Callable[[], object]) -> str:
    before = _state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert str(refusal.value.sentence)
    assert _state() == before
    return refusal.value.code


def test_it_waits_in_suspense_with_what_is_known_of_it(alice: User, lent: Loan) -> None:
    line = _taken(alice)

    assert (line.status, line.because, line.reference) == ("suspense", "no_loan", "CHQ004521")
    assert (line.details["party"], line.details["channel"]) == ("M. Joshi", "cheque")
    assert balance(Account.UNIDENTIFIED) == D("-1500.00")
    assert line.held_entry is not None
    assert (line.held_entry.day, line.held_entry.branch) == (PAID_ON, alice.branch)
    said = Event.objects.get(verb="repayments.money_unidentified")
    assert said.facts["amount"] == "1500.00"
    assert "Joshi" not in str(said.facts)
    assert books.offenders() == []


def test_the_same_again_is_the_same_and_other_money_under_its_reference_is_refused(
    alice: User, lent: Loan, nashik: Branch
) -> None:
    line = _taken(alice)
    before = _state()

    assert _taken(alice, external_reference="CHQ 004521") == line
    assert _state() == before
    others = ({"amount": D("1500.01")}, {"day": PAID_ON - timedelta(days=1)}, {"channel": "cash"})
    assert [_refused(lambda one=one: _taken(alice, **one)) for one in others] == (
        ["reference_used"] * 3
    )


def test_what_was_posted_on_a_loan_is_not_kept_besides(alice: User, lent: Loan) -> None:
    services.enter(
        actor=alice,
        loan=lent,
        fact=books.receipt(PAID_ON, 1500, channel="cheque", external_reference="CHQ004521"),
        reference="sahyadri:CHQ004521",
        now=NOW,
    )

    assert _refused(lambda: _taken(alice)) == "reference_used"


def _by_loan(actor: User, loan: Loan) -> object:
    return services.take(actor=actor, money=_brought(loan.number), now=NOW)


def _by_customer(actor: User, loan: Loan) -> object:
    return services.take(actor=actor, money=_brought(loan.customer.number), now=NOW)


def _foreseen(actor: User, loan: Loan) -> object:
    return services.preview(actor=actor, money=_brought(loan.number), now=NOW)


def _foreseen_of_customer(actor: User, loan: Loan) -> object:
    return services.preview(actor=actor, money=_brought(loan.customer.number), now=NOW)


def _among_many(actor: User, loan: Loan) -> object:
    fact = books.receipt(PAID_ON, 1500, channel="cheque", external_reference="CHQ004521")
    incoming = services.Incoming(loan_id=loan.pk, fact=fact, reference="sahyadri:CHQ004521")
    [answer] = services.enter_many(actor=actor, receipts=[incoming], now=NOW)
    assert answer.refusal is not None
    raise answer.refusal


def _early(actor: User, loan: Loan) -> object:
    money = early.Money(
        day=PAID_ON, amount=D("50000.00"), channel="cheque", external_reference="chq 004521"
    )
    return early.prepay(actor=actor, loan=loan, money=money, option="shorter_term", now=NOW)


def _in_full(actor: User, loan: Loan) -> object:
    amount = servicing.payoff_on(loan, PAID_ON).total
    money = early.Money(
        day=PAID_ON, amount=amount, channel="cheque", external_reference="chq 004521"
    )
    return early.pay_off(actor=actor, loan=loan, money=money, now=NOW)


def _brought(number: str) -> services.Money:
    return services.Money(
        number=number,
        amount=D("1500.00"),
        channel="cheque",
        external_reference="Chq 004521",
        day=PAID_ON,
    )


WAYS = (*(_by_loan, _by_customer, _foreseen, _foreseen_of_customer, _among_many, _early, _in_full),)


@pytest.mark.parametrize("is_returned", [False, True], ids=["waits", "returned"])
@pytest.mark.parametrize("way", WAYS, ids=lambda one: one.__name__.strip("_"))
def test_what_waits_or_was_returned_is_not_posted_on_a_loan_besides(
    charlie: User, alice: User, lent: Loan, way: Callable[[User, Loan], object], is_returned: bool
) -> None:
    line = _taken(alice)
    if is_returned:
        services.ask_return(actor=alice, line=line, reason="Nobody knows the payer.")
        services.give_back(actor=charlie, line=line, day=PAID_ON, now=NOW)

    before = _state()

    with pytest.raises(DomainError) as said:
        way(alice, lent)

    assert said.value.code == "reference_used"
    # What was returned cannot be placed from where it was.
    told = "went back from suspense" if is_returned else "Place it from there"
    other = "Place it" if is_returned else "went back"
    assert told in str(said.value.sentence)
    assert other not in str(said.value.sentence)
    assert _state() == before
    assert books.offenders() == []


def test_what_a_statement_left_in_suspense_is_not_posted_by_hand_besides(
    alice: User, lent: Loan
) -> None:
    line = factories.in_suspense(alice)
    money = dataclasses.replace(
        _brought(lent.number),
        amount=D("9793.00"),
        channel="bank_transfer",
        external_reference="utr900",
    )

    assert _refused(lambda: services.take(actor=alice, money=money, now=NOW)) == "reference_used"

    services.place_money(actor=alice, line=line, loan=lent, now=NOW)
    assert AccountEvent.objects.get().amount == D("9793.00")
    assert books.offenders() == []


def test_what_is_posted_by_hand_while_a_statement_is_posted_is_not_held_besides(
    alice: User, lent: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    money = dataclasses.replace(
        _brought(lent.number),
        amount=D("9793.00"),
        channel="bank_transfer",
        external_reference="UTR900",
    )
    told = posting_statements._to_loans

    def meanwhile(*args: Any, **values: Any) -> Any:
        services.take(actor=alice, money=money, now=NOW)
        return told(*args, **values)

    monkeypatch.setattr(posting_statements, "_to_loans", meanwhile)

    file = factories.posted(alice, [factories.row("UTR900")])

    assert [(status, because) for _row, status, because in factories.came_to(file)] == [
        ("ignored", "by_hand")
    ]
    assert balance(Account.UNIDENTIFIED) == 0
    assert AccountEvent.objects.get().amount == D("9793.00")


def test_what_was_placed_by_mistake_is_not_posted_by_hand_meanwhile(
    alice: User, charlie: User, lent: Loan
) -> None:
    line = services.place_money(actor=alice, line=_taken(alice), loan=lent, now=NOW)
    services.misplace_money(actor=charlie, line=line, reason="Wrong loan", now=NOW)

    assert _refused(lambda: _by_loan(alice, lent)) == "reference_used"

    services.place_money(actor=alice, line=line, loan=lent, now=NOW)
    assert AccountEvent.objects.get(status="live").amount == D("1500.00")
    assert books.offenders() == []


@pytest.mark.parametrize("is_split", [False, True], ids=["whole", "in-parts"])
def test_what_was_posted_by_hand_all_the_same_is_not_returned_besides(
    alice: User, charlie: User, lent: Loan, is_split: bool
) -> None:
    line = services.ask_return(actor=alice, line=_taken(alice), reason="Nobody knows the payer.")
    # As it could be before money in suspense was looked up.
    event = services.enter(
        actor=alice,
        loan=lent,
        fact=books.receipt(PAID_ON, 1500, channel="cheque", external_reference="CHQ004521"),
        reference="sahyadri:CHQ004521" + (f"::{lent.number}" if is_split else ""),
        now=NOW,
        is_placed=True,
    )

    def give_back() -> object:
        return services.give_back(actor=charlie, line=line, day=PAID_ON, now=NOW)

    assert _refused(give_back) == "payment_used"

    services.take_back(actor=charlie, event=event, reason="Posted twice", now=NOW)
    give_back()
    assert balance(Account.UNIDENTIFIED) == 0


def test_a_statement_that_brings_the_same_money_does_not_bring_it_again(
    alice: User, lent: Loan
) -> None:
    line = _taken(alice, external_reference="UTR900", amount=D("9793.00"), channel="bank_transfer")

    file = factories.posted(alice, [factories.row("UTR900")])

    assert [(status, because) for _row, status, because in factories.came_to(file)] == [
        ("ignored", "known")
    ]
    assert balance(Account.UNIDENTIFIED) == D("-9793.00")
    assert _refused(lambda: _taken(alice, external_reference="UTR900")) == "reference_used"
    assert StatementLine.objects.get(status="suspense") == line


@pytest.mark.parametrize(
    ("amount", "came_to"), [("9793.00", ("ignored", "kept")), ("9000.00", ("refused", ""))]
)
def test_money_that_waits_as_cash_is_not_held_again_when_the_bank_brings_it(
    alice: User, lent: Loan, amount: str, came_to: tuple[str, str]
) -> None:
    line = _taken(alice, external_reference="UTR900", amount=D(amount), channel="cash")

    file = factories.posted(alice, [factories.row("UTR900")])

    assert [found for _row, *found in factories.came_to(file)] == [list(came_to)]
    assert balance(Account.UNIDENTIFIED) == -D(amount)
    assert StatementLine.objects.get(status="suspense") == line
    assert books.offenders() == []


def test_what_a_statement_brought_is_not_taken_over_the_counter_besides(
    alice: User, lent: Loan
) -> None:
    factories.in_suspense(alice)

    same = {"external_reference": "UTR900", "amount": D("9793.00"), "channel": "bank_transfer"}
    assert _refused(lambda: _taken(alice, **same)) == "reference_used"


def test_it_is_placed_on_its_loan_as_it_came(alice: User, lent: Loan) -> None:
    line = _taken(alice)

    services.place_money(actor=alice, line=line, loan=lent, now=NOW)

    event = AccountEvent.objects.get()
    assert (event.day, event.amount, event.reference) == (
        *(PAID_ON, D("1500.00"), "sahyadri:CHQ004521"),
    )
    assert event.parameters["channel"] == "cheque"
    assert balance(Account.UNIDENTIFIED) == 0
    assert books.offenders() == []


def test_another_person_returns_it(alice: User, charlie: User, lent: Loan) -> None:
    line = services.ask_return(actor=alice, line=_taken(alice), reason="Nobody knows the payer.")

    services.give_back(actor=charlie, line=line, day=PAID_ON, now=NOW)

    assert (balance(Account.UNIDENTIFIED), balance(Account.CASH)) == (
        0,
        balance(Account.CASH, lent),
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"amount": D(0)}, "amount_refused", id="zero"),
        pytest.param({"amount": D(-5)}, "amount_refused", id="negative"),
        pytest.param({"amount": D("1E+13")}, "amount_refused", id="absurd"),
        pytest.param({"amount": D("1.001")}, "amount_refused", id="fractions"),
        pytest.param({"day": books.later(400)}, "day_refused", id="future"),
        pytest.param({"day": date(2001, 1, 1)}, "day_refused", id="too-old"),
        pytest.param({"currency": "USD"}, "other_currency", id="currency"),
        pytest.param({"channel": "own_loan"}, "channel_refused", id="channel"),
        pytest.param({"external_reference": " "}, "reference_refused", id="no-reference"),
        pytest.param({"external_reference": "9" * 61}, "reference_refused", id="long"),
        pytest.param({"external_reference": "1\x00"}, "reference_refused", id="signs"),
        pytest.param({"party": "x" * 301}, "words_refused", id="party"),
    ],
)
def test_what_cannot_have_come_in_is_refused(
    alice: User, lent: Loan, changes: dict[str, Any], code: str
) -> None:
    assert _refused(lambda: _taken(alice, **changes)) == code


def test_money_of_a_closed_day_is_refused(alice: User, lent: Loan) -> None:
    entity = alice.branch.entity
    services.accrue_day(actor="system:tests", entity=entity, day=PAID_ON, now=NOW)
    ledger.close_day(actor="system:tests", entity=entity, day=PAID_ON, now=NOW)

    assert _refused(lambda: _taken(alice)) == "day_closed"


def test_the_wrong_person_takes_none(
    alice: User, lent: Loan, nashik: Branch, make_person: MakePerson
) -> None:
    auditor = make_person("Aude", "auditor")

    assert _refused(lambda: _taken(auditor)) == "not_permitted"
    assert _refused(lambda: _taken(alice, nashik)) == "not_found"


def test_cash_is_on_the_sheet_of_the_day_it_came_and_of_no_other(alice: User, lent: Loan) -> None:
    def sheet(moment: Any) -> tuple[list[Any], int]:
        found = day_sheet.sheet(alice, moment.date(), branch=None, time_zone="Asia/Kolkata")
        return found.cash, found.unplaced

    line = _taken(alice, channel="cash", external_reference="CASH-1")
    later = NOW + timedelta(days=2)

    services.place_money(actor=alice, line=line, loan=lent, now=later)

    assert sheet(NOW) == ([("INR", D("1500.00"))], 1)
    assert sheet(later) == ([], 0)


def test_the_sheet_says_what_went_out_of_the_till_again_and_what_stayed_in_it(
    alice: User, charlie: User, lent: Loan
) -> None:
    days = [NOW + timedelta(days=number) for number in range(6)]
    line = _taken(alice, channel="cash", external_reference="CASH-1")
    services.place_money(actor=alice, line=line, loan=lent, now=days[1])
    line.refresh_from_db()
    # From a wrong loan into suspense, and on the right one: it stays in the till.
    services.misplace_money(actor=charlie, line=line, reason="Wrong loan", now=days[2])
    services.place_money(actor=alice, line=line, loan=lent, now=days[3])
    # At the desk: it is handed back.
    event = AccountEvent.objects.get(status="live")
    services.take_back(actor=charlie, event=event, reason="Handed back", now=days[4])

    def cash(moment: Any) -> list[tuple[str, Decimal, Decimal]]:
        found = day_sheet.sheet(alice, moment.date(), branch=None, time_zone="Asia/Kolkata")
        return [(one.channel, one.taken, one.given) for one in found.totals]

    assert [cash(one) for one in days] == [
        [("cash", D("1500.00"), 0)],
        *([], [], []),
        [("cash", 0, D("1500.00"))],
        [],
    ]


def test_what_goes_from_a_wrong_loan_into_suspense_counts_again_where_a_statement_brought_it(
    alice: User, charlie: User, lent: Loan
) -> None:
    days = [NOW + timedelta(days=number) for number in range(4)]
    line = factories.in_suspense(alice)
    services.place_money(actor=alice, line=line, loan=lent, now=days[1])
    services.misplace_money(actor=charlie, line=line, reason="Wrong loan", now=days[2])
    services.place_money(actor=alice, line=line, loan=lent, now=days[3])

    def net(moment: Any) -> list[Decimal]:
        found = day_sheet.sheet(alice, moment.date(), branch=None, time_zone="Asia/Kolkata")
        return [one.net for one in found.totals]

    assert [net(one) for one in days] == [[], [D("9793.00")], [D("-9793.00")], [D("9793.00")]]


def test_money_that_was_placed_and_bounced_is_not_said_to_wait(
    alice: User, charlie: User, lent: Loan
) -> None:
    line = services.place_money(actor=alice, line=_taken(alice), loan=lent, now=NOW)
    assert _taken(alice) == line
    event = line.event
    assert event is not None
    services.take_back(actor=charlie, event=event, reason="The cheque bounced", now=NOW)

    before = _state()
    with pytest.raises(DomainError, match="CHQ004521 was placed on a loan and taken back") as said:
        _taken(alice)

    assert said.value.code == "taken_back_already"
    assert _state() == before
    again = _taken(alice, external_reference="CHQ 004521 again")
    assert (again.status, balance(Account.UNIDENTIFIED)) == ("suspense", D("-1500.00"))
    assert books.offenders() == []


def test_what_was_placed_wrongly_and_waits_again_is_the_same_still(
    alice: User, charlie: User, lent: Loan
) -> None:
    line = services.place_money(actor=alice, line=_taken(alice), loan=lent, now=NOW)
    services.misplace_money(actor=charlie, line=line, reason="Wrong loan", now=NOW)
    before = _state()

    again = _taken(alice)

    assert (again, again.status) == (line, "suspense")
    assert _state() == before


# --- pages and API ------------------------------------------------------------------------------
def _sent(**changes: str) -> dict[str, str]:
    return {
        "amount": "1500.00",
        "day": books.TODAY.isoformat(),
        "channel": "cash",
        "external_reference": "",
        "own_reference": "7a3f0c6e-8b1d-4f5a-9c2e-1d0b6a4f8e21",
        "party": "M. Joshi",
        "narrative": "",
        **changes,
    }


def test_the_page_takes_it_once(charlie: User, alice: User, lent: Loan, signed_in: Any) -> None:
    officer: Client = signed_in(charlie)
    assert PAGE in officer.get(reverse("repayments:desk")).text

    first, again = officer.post(PAGE, _sent()), officer.post(PAGE, _sent())

    assert (first.status_code, again.status_code) == (302, 302)
    line = StatementLine.objects.get()
    assert line.reference == "CASH-7A3F0C6E8B1D4F5A"
    shown = signed_in(alice).get(reverse("repayments:suspense"))
    assert shown.status_code == 200
    assert formatting.format_money(D("1500.00"), "INR") in shown.text


@pytest.mark.parametrize("came_to", ["placed on a loan since", "taken back since", "went back"])
def test_the_page_says_what_became_of_money_that_waits_no_more(
    charlie: User, alice: User, lent: Loan, signed_in: Any, came_to: str
) -> None:
    officer: Client = signed_in(charlie)
    officer.post(PAGE, _sent(), follow=True)
    line, now = StatementLine.objects.get(), timezone.now()
    if came_to == "went back":
        services.ask_return(actor=alice, line=line, reason="Nobody knows the payer.")
        services.give_back(actor=charlie, line=line, day=line.value_date, now=now)
    else:
        line = services.place_money(actor=alice, line=line, loan=lent, now=now)
    if came_to == "taken back since":
        assert line.event is not None
        services.take_back(actor=charlie, event=line.event, reason="It bounced", now=now)
    before = _state()

    found = officer.post(PAGE, _sent())

    assert found.status_code == 422
    assert came_to in found.text
    assert "waits in suspense until" not in found.text
    assert _state() == before


def test_the_page_says_what_is_wrong(charlie: User, lent: Loan, signed_in: Any) -> None:
    officer: Client = signed_in(charlie)

    found = officer.post(PAGE, _sent(channel="cheque"))

    assert found.status_code == 422
    assert "Enter the reference of the payment." in found.text
    assert not StatementLine.objects.exists()


def test_placing_warns_where_the_money_is_enough_to_pay_the_loan_off(
    alice: User, lent: Loan, signed_in: Any
) -> None:
    payoff = servicing.payoff_on(lent, PAID_ON).total
    enough = _taken(alice, amount=payoff)
    less = _taken(alice, amount=payoff - D("0.01"), external_reference="CHQ004522")
    officer: Client = signed_in(alice)

    def page(line: StatementLine) -> str:
        asked = {"loan": lent.number, "day": PAID_ON.isoformat()}
        address = reverse("repayments:suspense_line", args=[line.pk])
        return str(officer.get(address, asked).text)

    assert "Enough to pay the loan off" in page(enough)
    # Posting it there besides would be the same money twice.
    assert reverse("servicing:payoff", args=[lent.pk]) not in page(enough)
    assert "Enough to pay the loan off" not in page(less)
    assert "Taken over the counter" in page(less)


def test_the_api_takes_it_once(alice: User, lent: Loan, signed_in: Any) -> None:
    client: Client = signed_in(alice)
    sent = {"amount": "1500.00", "channel": "cheque", "external_reference": "CHQ9", "party": "M."}
    values: dict[str, Any] = {"content_type": "application/json"}

    first, again = (client.post(API, sent, **values) for _time in range(2))
    other = client.post(API, {**sent, "amount": "1500.01"}, **values)
    bad = client.post(API, {**sent, "branch": "nowhere"}, **values)

    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert (first.json()["state"], first.json()["reference"]) == ("suspense", "CHQ9")
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")
    assert bad.status_code == 400
    assert StatementLine.objects.count() == 1


def test_the_api_takes_it_once_though_midnight_comes_between(
    alice: User, lent: Loan, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Client = signed_in(alice)
    sent = {"amount": "1500.00", "channel": "cheque", "external_reference": "CHQ9"}
    values: dict[str, Any] = {"content_type": "application/json"}
    today = timezone.now()

    first = client.post(API, sent, **values)
    line = StatementLine.objects.get()
    monkeypatch.setattr(timezone, "now", lambda: today + timedelta(days=1))
    client = signed_in(alice)
    again = client.post(API, sent, **values)
    # Who tells the day tells of other money where it is another.
    other = client.post(
        API, {**sent, "day": (line.value_date - timedelta(days=1)).isoformat()}, **values
    )
    same = client.post(API, {**sent, "day": line.value_date.isoformat()}, **values)

    assert (first.status_code, again.status_code, same.status_code) == (201, 201, 201)
    assert again.json() == same.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")
    assert StatementLine.objects.get() == line
