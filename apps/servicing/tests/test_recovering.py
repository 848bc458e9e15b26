"""What comes back of loans that were written off: taken once, no more than was lost, listed."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import formatting, keyset
from apps.ledger.chart import Account
from apps.loans.models import Loan
from apps.repayments.models import LoanAccount
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors, services
from apps.servicing.tests import factories
from apps.servicing.tests.factories import at, money

D = Decimal
Browser = Callable[[User], Client]


@pytest.fixture
def day(lent: Loan) -> date:
    """The day on which the loan is written off."""
    return factories.late(lent, 200)


@pytest.fixture
def lost(lent: Loan, day: date, alice: User, charlie: User) -> Loan:
    """A loan that was written off."""
    relief = services.Relief(kind="write_off", reason="The borrower cannot be found")
    proposal = services.propose(actor=alice, loan=lent, relief=relief, now=at(day))
    services.approve(actor=charlie, proposal=proposal, now=at(day))
    return Loan.objects.get(pk=lent.pk)


def test_what_comes_back_is_income_and_the_loan_stays_written_off(
    lost: Loan, day: date, alice: User
) -> None:
    later = day + timedelta(days=30)
    paid = money(later, "1000.00")

    event = services.recover(actor=alice, loan=lost, money=paid, now=at(later))
    again = services.recover(actor=alice, loan=lost, money=paid, now=at(later))

    assert (event, event.kind) == (again, "recovery")
    assert selectors.balances(lost)[Account.RECOVERY_INCOME] == 1_000
    assert Loan.objects.get(pk=lost.pk).status == "written_off"
    assert LoanAccount.objects.get(pk=lost.pk).recovered == 1_000
    assert repaid.offenders() == []


def test_a_recovery_is_taken_back(lost: Loan, day: date, alice: User, charlie: User) -> None:
    later = day + timedelta(days=30)
    event = services.recover(actor=alice, loan=lost, money=money(later, "1000"), now=at(later))

    services.undo(actor=charlie, event=event, reason="Cheque bounced", now=at(later))

    assert selectors.balances(lost)[Account.RECOVERY_INCOME] == 0
    assert LoanAccount.objects.get(pk=lost.pk).recovered == 0
    assert repaid.offenders() == []


def test_no_more_comes_back_than_was_written_off(lost: Loan, day: date, alice: User) -> None:
    most = selectors.recoverable(lost, day)
    assert most == LoanAccount.objects.get(pk=lost.pk).written_off > 0

    for act in (
        lambda: services.recover(
            actor=alice, loan=lost, money=money(day, most + D("0.01")), now=at(day)
        ),
        lambda: repaid.pay(alice, lost, day, most + D("0.01")),
    ):
        assert factories.refused(act).code == "more_than_written_off"
    services.recover(actor=alice, loan=lost, money=money(day, most), now=at(day))

    left = factories.refused(
        lambda: services.recover(
            actor=alice, loan=lost, money=money(day, 1, external_reference="X"), now=at(day)
        )
    )
    assert left.code == "more_than_written_off"
    assert selectors.balances(lost)[Account.ADVANCES] == 0


def test_an_ordinary_payment_becomes_a_recovery(lost: Loan, day: date, alice: User) -> None:
    event = repaid.pay(alice, lost, day, "500.00")

    assert event.entry is not None
    assert event.entry.event == "recovery"
    assert selectors.balances(lost)[Account.RECOVERY_INCOME] == 500


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": D(0)}, "amount_refused"),
        ({"amount": D(-5)}, "amount_refused"),
        ({"external_reference": " "}, "reference_missing"),
        ({"day": date(2020, 1, 1)}, "day_refused"),
        ({"channel": "pigeon"}, "channel_unknown"),
    ],
    ids=["nothing", "negative", "no-reference", "too-old", "channel"],
)
def test_bad_input_changes_nothing(
    lost: Loan, day: date, alice: User, changes: dict[str, Any], code: str
) -> None:
    values = {"day": day, "amount": D(100), **changes}
    paid = money(values.pop("day"), values.pop("amount"), **values)

    refusal = factories.refused(
        lambda: services.recover(actor=alice, loan=lost, money=paid, now=at(day))
    )

    assert refusal.code == code


def test_only_what_was_written_off_is_recovered_by_whoever_posts(
    lent: Loan, alice: User, amir: User
) -> None:
    on = factories.late(lent, 5)

    for actor, code in ((alice, "not_written_off"), (amir, "not_permitted")):
        refusal = factories.refused(
            lambda actor=actor: services.recover(  # type: ignore[misc]
                actor=actor, loan=lent, money=money(on, 100), now=at(on)
            )
        )
        assert refusal.code == code


def test_the_register_says_what_came_back_and_is_handed_over(
    lost: Loan,
    day: date,
    alice: User,
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    account = LoanAccount.objects.get(pk=lost.pk)
    part = (account.written_off / 4).quantize(D("0.01"))
    services.recover(actor=alice, loan=lost, money=money(day, part), now=at(day))
    client = signed_in(alice)

    with django_assert_max_num_queries(10):
        page = client.get(reverse("servicing:losses")).text
    table = client.get(reverse("servicing:losses_csv"))

    assert lost.number in page
    assert "25.00\u202f%" in page
    answer = b"".join(table.streaming_content).decode()  # type: ignore[attr-defined]
    [row] = csv.DictReader(io.StringIO(answer))
    assert (row["loan"], row["written_off_on"]) == (lost.number, day.isoformat())
    assert (D(row["written_off"]), D(row["recovered"])) == (account.written_off, part)
    assert round(D(row["rate"]), 4) == D("0.25")


@pytest.mark.parametrize(("days", "is_shown"), [(1, True), (-1, False)])
def test_the_register_goes_on_from_a_day(
    lost: Loan, day: date, alice: User, signed_in: Browser, days: int, is_shown: bool
) -> None:
    [row] = selectors.losses(alice)
    row.lost_on = day + timedelta(days=days)
    after = keyset._position(row, ("-lost_on", "-pk"))

    page = signed_in(alice).get(reverse("servicing:losses"), {"after": after})

    assert page.status_code == 200
    assert (lost in page.context["page"].rows) == is_shown


def test_it_is_taken_on_its_page_and_refused_beside_the_field(
    lost: Loan, day: date, alice: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    client, address = signed_in(alice), reverse("servicing:recover", args=[lost.pk])
    given = {
        "day": day.isoformat(),
        "amount": "99999999.00",
        "channel": "cash",
        "external_reference": "C-1",
    }

    shown = client.get(address).text
    refused = client.post(address, given)
    done = client.post(address, {**given, "amount": "1000.00"})

    assert "Can still be taken" in shown
    assert (refused.status_code, "is left of what was written off" in refused.text) == (422, True)
    assert done.status_code == 302
    assert selectors.balances(lost)[Account.RECOVERY_INCOME] == 1_000


def test_the_api_takes_it_once(
    lost: Loan, day: date, alice: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    client, path = signed_in(alice), f"/api/v1/loans/{lost.pk}/recovery"
    given = {
        "day": day.isoformat(),
        "amount": "1000.00",
        "channel": "cash",
        "external_reference": "C-1",
    }

    first = client.post(path, given, content_type="application/json")
    again = client.post(path, given, content_type="application/json")
    other = client.post(path, {**given, "amount": "2000.00"}, content_type="application/json")
    found = client.get(path).json()
    listed = client.get("/api/v1/servicing/written-off").json()["results"]

    assert (first.status_code, first.json()["kind"]) == (200, "recovery")
    assert again.json()["id"] == first.json()["id"]
    assert (other.status_code, other.json()["code"]) == (409, "reference_used")
    assert D(found["written_off"]) - D(found["recovered"]) == D(found["recoverable"])
    assert [one["number"] for one in listed] == [lost.number]


def test_the_page_of_the_loan_says_what_was_lost_and_what_came_back(
    lost: Loan, day: date, alice: User, signed_in: Browser
) -> None:
    later = day + timedelta(days=30)
    services.recover(actor=alice, loan=lost, money=money(later, "1000.00"), now=at(later))
    client = signed_in(alice)

    stands = client.get(reverse("loans:detail", args=[lost.pk])).text.split('id="stands"')[1]
    stands = stands.split('id="contract"')[0]
    panel = client.get(
        reverse("servicing:loan_panel", args=[lost.pk]), headers={"hx-request": "true"}
    ).text

    written = formatting.format_amount(LoanAccount.objects.get(pk=lost.pk).written_off, "INR")
    assert re.search(rf"Written off</dt><dd class=\"num\">.*{re.escape(written)}", stands)
    assert re.search(r"Recovered since</dt><dd class=\"num\">.*1,000\.00", stands)
    assert "Principal outstanding" not in stands
    assert written in panel
