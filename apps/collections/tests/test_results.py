"""What came of collectors' work: contacts and promises of a month, money after the last contact."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.collections import results, services
from apps.collections.results import Asked
from apps.collections.services import ContactEntry
from apps.collections.tests.factories import TODAY
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories as repaid

Browser = Callable[[User], Client]
WITHIN = timedelta(days=results.WITHIN_DAYS)


def _contact(actor: User, loan: Loan, day: date, clock: str = "10:00", **changes: Any) -> None:
    values = {"way": "call", "outcome": "spoke", "made_at": contact.at(day, clock), **changes}
    services.record_contact(
        actor=actor, loan=loan, entry=ContactEntry(**values), now=contact.at(day, "18:00")
    )


def _of(actor: User, loan: Loan, day: date = TODAY, **changes: Any) -> dict[str, Any]:
    values = {"entity": loan.branch.entity, "currency": "INR", "day": day, **changes}
    return {one.collector.name: one for one in results.of_month(actor, Asked(**values))}


def test_money_counts_for_the_last_contact_before_it(
    lent: Loan, alice: User, dev: User, esha: User, charlie: User
) -> None:
    repaid.pay(alice, lent, TODAY, 100)
    _contact(dev, lent, TODAY + timedelta(days=1))
    _contact(esha, lent, TODAY + timedelta(days=2))
    repaid.pay(alice, lent, TODAY + timedelta(days=2), 2000)
    repaid.pay(alice, lent, TODAY + timedelta(days=2) + WITHIN, 300)
    repaid.pay(alice, lent, TODAY + timedelta(days=3) + WITHIN, 40)

    last = TODAY + timedelta(days=2) + WITHIN
    found, later = _of(charlie, lent), _of(charlie, lent, last)

    assert found["Dev"].collected == 0
    in_month = Decimal(2000) if last.month != TODAY.month else Decimal(2300)
    assert found["Esha"].collected == in_month
    assert later["Esha"].collected == Decimal(2300) - (
        Decimal(2000) if last.month != TODAY.month else 0
    )


def test_contacts_and_promises_are_counted_as_they_stand(
    lent: Loan, alice: User, dev: User, charlie: User
) -> None:
    _contact(dev, lent, TODAY, "09:00", outcome="nobody")
    _contact(dev, lent, TODAY, "09:30", is_inbound=True)
    _contact(
        dev,
        lent,
        TODAY,
        outcome="promised",
        promised_amount=Decimal(2000),
        promised_date=TODAY + timedelta(days=1),
    )
    before = _of(charlie, lent)["Dev"]
    day = TODAY + timedelta(days=1)
    repaid.pay(alice, lent, day, 2000, now=contact.at(day, "12:00"))
    repayments.judge_promises(now=contact.at(day, "13:00"))

    after = _of(charlie, lent)["Dev"]

    assert (before.contacts, before.talked, before.promises, before.kept) == (2, 1, 1, 0)
    assert before.kept_share is None
    assert (after.kept, after.broken, after.kept_share) == (1, 0, 1)


def test_a_collector_sees_the_own_results_and_another_branch_none(
    lent: Loan, dev: User, esha: User, nina: User, charlie: User, amir: User
) -> None:
    _contact(dev, lent, TODAY, "09:00")
    _contact(esha, lent, TODAY)

    assert set(_of(dev, lent)) == {"Dev"}
    assert set(_of(charlie, lent)) == {"Dev", "Esha"}
    assert set(_of(amir, lent)) == {"Dev", "Esha"}
    assert _of(nina, lent) == {}
    assert _of(charlie, lent, currency="KES") == {}
    assert _of(charlie, lent, TODAY + timedelta(days=70)) == {}


def test_the_page_and_its_file_and_the_api_show_them(
    signed_in: Browser,
    lent: Loan,
    alice: User,
    dev: User,
    charlie: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: contact.at(TODAY, "18:00"))
    client = signed_in(charlie)
    address = reverse("collections:results")
    assert "No contact in this month" in client.get(address).text
    _contact(dev, lent, TODAY)
    repaid.pay(alice, lent, TODAY, 2000)

    with django_assert_max_num_queries(14):
        page = client.get(address).text

    assert "2,000.00" in page
    lines = client.get(reverse("collections:results_file")).content.decode().split("\r\n")
    assert lines[1] == f"{TODAY:%Y-%m},INR,{dev.email},1,1,0,0,0,2000.00"
    other = client.get(address, {"day": "nonsense", "branch": "x", "currency": "ZZZ"})
    assert other.status_code == 200
    [row] = client.get("/api/v1/collections/results").json()
    assert (row["collector"], row["collected"]) == (dev.email, "2000.00")
    wrong = client.get("/api/v1/collections/results", {"month": "soon"})
    assert wrong.status_code == 400
    assert signed_in(alice).get(address).status_code == 403
