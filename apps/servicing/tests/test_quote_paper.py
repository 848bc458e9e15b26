"""The quote of what ends a loan as a paper: in the borrower's language, right on every day."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.customers.models import Customer
from apps.letters.statements import Statement
from apps.loans.models import Loan
from apps.servicing import payoff_paper, selectors, services
from apps.servicing.services import quoting
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at, money

D = Decimal
Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """What is set as a paper, in words."""
    found: list[Statement] = []
    real = payoff_paper.statement

    def kept(quoted: payoff_paper.Quoted) -> Statement:
        found.append(real(quoted))
        return found[-1]

    monkeypatch.setattr(payoff_paper, "statement", kept)
    return found


def test_on_every_day_it_holds_its_amount_closes_the_loan(
    lent: Loan, alice: User, said: list[Statement]
) -> None:
    until = TODAY + timedelta(days=30)
    services.print_quote(actor=alice, loan=lent, until=until, now=at(TODAY))
    table = said[0].parts[0]
    assert len(table.rows) == 31

    for place in (0, 7, 29, 30):
        day = TODAY + timedelta(days=place)
        amount = D(table.rows[place][-1].replace(",", ""))
        with transaction.atomic():
            services.pay_off(actor=alice, loan=lent, money=money(day, amount), now=at(day))
            assert Loan.objects.get(pk=lent.pk).status == "closed"
            assert selectors.balances(lent).owed == 0
            transaction.set_rollback(True)
        with transaction.atomic():
            less = money(day, amount - D("0.01"))
            assert (
                factories.refused(
                    lambda less=less, day=day: services.pay_off(  # type: ignore[misc]
                        actor=alice, loan=lent, money=less, now=at(day)
                    )
                ).code
                == "less_than_payoff"
            )


def test_it_says_all_parts_until_when_where_to_and_what_a_day_costs(
    lent: Loan, alice: User, said: list[Statement]
) -> None:
    Entity.objects.update(repayment_account="Account 0005\nIFSC SAHY0000512")
    until = TODAY + timedelta(days=7)

    pdf = services.print_quote(actor=alice, loan=lent, until=until, now=at(TODAY))

    assert pdf.startswith(b"%PDF-")
    lines = {line.label: line.value for part in said[0].parts for line in part.lines}
    quote = services.quote(lent, until, today=TODAY)
    assert lines["In all"] == f"₹{quote.total:,.2f}".replace("₹206,", "₹2,06,")
    assert lines["Charge for paying early"] == f"₹{quote.charge:,.2f}"
    assert lines["To the account"] == "Account 0005 · IFSC SAHY0000512"
    assert lines["Reference of the payment"] == lent.number
    tomorrow = services.quote(lent, until + timedelta(days=1), today=TODAY)
    assert lines["Interest for one more day"] == f"₹{tomorrow.interest - quote.interest:,.2f}"
    assert said[0].particulars[0].value == lent.number
    assert Event.objects.filter(verb="servicing.quote_printed").count() == 1


def test_it_speaks_the_borrower_s_language(lent: Loan, alice: User, said: list[Statement]) -> None:
    Customer.objects.update(language="sw")

    services.print_quote(actor=alice, loan=lent, until=TODAY, now=at(TODAY))

    assert said[0].language == "sw"
    assert translation.get_language() == "en"


def test_without_an_account_it_says_whom_to_ask(
    lent: Loan, alice: User, said: list[Statement]
) -> None:
    services.print_quote(actor=alice, loan=lent, until=TODAY, now=at(TODAY))

    assert "care@sahyadri.example" in said[0].parts[2].paragraphs[0]


def test_the_days_are_computed_from_one_reading_of_the_history(lent: Loan) -> None:
    days = [TODAY + timedelta(days=one) for one in range(31)]
    asked = []

    for some in (days[:2], days):
        with CaptureQueriesContext(connection) as queries:
            found = selectors.payoffs(Loan.objects.get(pk=lent.pk), some)
        asked.append(len(queries))
        assert [one.day for one in found] == some

    # The loan itself, what was agreed, what happened, and what was charged for being late.
    assert asked[0] == asked[1] <= 20


def test_a_quote_that_cannot_be_is_refused(lent: Loan, alice: User) -> None:
    for until in (TODAY - timedelta(days=1), TODAY + timedelta(days=31)):
        refusal = factories.refused(
            lambda until=until: quoting.print_quote(  # type: ignore[misc]
                actor=alice, loan=lent, until=until, now=at(TODAY)
            )
        )
        assert refusal.code == "day_refused"


def test_it_comes_from_the_page_and_from_the_api(
    signed_in: Browser, lent: Loan, alice: User
) -> None:
    client = signed_in(alice)
    page = client.get(reverse("servicing:payoff", args=[lent.pk])).text
    address = reverse("servicing:payoff_paper", args=[lent.pk])

    from_page = client.get(address, {"day": (TODAY + timedelta(days=3)).isoformat()})
    without_day = client.get(address)
    from_api = client.get(f"/api/v1/loans/{lent.pk}/payoff/paper")
    refused = client.get(f"/api/v1/loans/{lent.pk}/payoff/paper", {"day": "2020-01-01"})

    assert address in page
    for answer in (from_page, from_api):
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF-")
    assert without_day.status_code == 302
    assert refused.status_code == 400
