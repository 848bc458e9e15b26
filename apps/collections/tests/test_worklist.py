"""The worklist: its order, what narrows it, who sees what, files, the API, few queries."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.collections import services
from apps.collections.tests import factories
from apps.collections.tests.factories import TODAY, at
from apps.loans.models import Loan
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio.bands import Band
from apps.repayments import services as repaying
from apps.repayments.facts import Bucket, Charge
from apps.repayments.tests import contact_factories as contact
from apps.repayments.tests import factories as repaid

Browser = Callable[[User], Client]
# Late loans seen: those of 1-29 days mend by themselves, those of 30-59 do not.
SEEN = {
    (Band.DAYS_1, Band.CURRENT): 90,
    (Band.DAYS_1, Band.DAYS_30): 10,
    (Band.DAYS_30, Band.DAYS_60): 50,
    (Band.DAYS_30, Band.CURRENT): 50,
}


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))


@pytest.fixture
def other(lent: Loan, alice: User, bob: User) -> Loan:
    """A second loan of Pune."""
    return repaid.lent(alice, bob)


def _get(client: Client, name: str, *args: Any, **query: str) -> Any:
    return client.get(reverse(f"collections:{name}", args=args), query)


def _csv(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response).decode())))


def _order(response: Any) -> list[str]:
    return [row["one"].loan.number for row in response.context["rows"]]


def test_before_a_day_was_ended_the_page_says_so(signed_in: Browser, dev: User) -> None:
    client = signed_in(dev)

    assert "No day was ended yet" in _get(client, "worklist").text
    assert _csv(_get(client, "worklist_file")) == []


def test_what_is_most_worth_acting_on_stands_first(
    signed_in: Browser, lent: Loan, other: Loan, dev: User
) -> None:
    factories.overdue(lent, 10, 20_000)
    factories.overdue(other, 40, 10_000)
    client = signed_in(dev)

    before = _get(client, "worklist")
    assert _order(before) == [lent.number, other.number]
    assert "too few overdue loans" in before.text
    assert "Worth acting" not in before.text

    factories.rolled(lent, SEEN)
    page = _get(client, "worklist")
    # 20,000 x 0.1 x 0.9 and 10,000 x 0.5 x 0.5.
    assert _order(page) == [other.number, lent.number]
    assert "2,500.00" in page.text
    assert "1,800.00" in page.text
    assert "Gets worse" in page.text
    rows = _csv(_get(client, "worklist_file"))
    assert [(one["loan"], one["worth"], one["chance_worse"]) for one in rows] == [
        (other.number, "2500.00", "0.5000"),
        (lent.number, "1800.00", "0.1000"),
    ]


def test_a_loan_that_is_not_late_or_left_the_books_is_not_there(
    signed_in: Browser, lent: Loan, other: Loan, dev: User
) -> None:
    nights.snapshot(lent, TODAY)
    nights.night(lent.branch.entity, TODAY)
    factories.overdue(other, 40, 0, asset_class="closed")

    assert "Nothing overdue here" in _get(signed_in(dev), "worklist").text


def test_it_narrows_by_band_collector_and_promise(
    signed_in: Browser, lent: Loan, other: Loan, dev: User, esha: User, alice: User
) -> None:
    factories.overdue(lent, 10, 20_000)
    factories.overdue(other, 40, 10_000)
    services.take(actor=dev, loan=lent, now=at(TODAY))
    contact.promise(alice, other, on=TODAY, promised_date=TODAY)
    client = signed_in(dev)

    def listed(**query: str) -> list[str]:
        return _order(_get(client, "worklist", **query)) if query else []

    first, second = [lent.number], [other.number]
    assert listed(band="1-29") == first
    assert listed(band="30-59") == second
    assert listed(whose="mine") == first
    assert listed(whose="nobody") == second
    assert listed(promise="due") == second
    assert listed(promise="none") == first
    assert listed(promise="open") == second
    assert _order(_get(signed_in(esha), "worklist", whose="others")) == first
    assert "No overdue loan" in _get(client, "worklist", promise="broken").text
    both = _get(client, "worklist", band="century", whose="?", after="")
    assert _order(both) == [lent.number, other.number]


def test_another_branch_and_other_roles_see_nothing(
    signed_in: Browser, lent: Loan, nina: User, alice: User
) -> None:
    factories.overdue(lent, 10, 20_000)

    assert lent.number not in _get(signed_in(nina), "worklist").text
    assert _get(signed_in(nina), "case", lent.pk).status_code == 404
    assert signed_in(nina).post(reverse("collections:take", args=[lent.pk])).status_code == 404
    for name in ("worklist", "worklist_file"):
        assert _get(signed_in(alice), name).status_code == 403


def test_it_asks_as_much_for_two_loans_as_for_one(
    signed_in: Browser,
    lent: Loan,
    other: Loan,
    dev: User,
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
) -> None:
    factories.overdue(lent, 10, 20_000)
    client = signed_in(dev)
    _get(client, "worklist")
    with django_assert_max_num_queries(24) as asked:
        _get(client, "worklist")

    factories.overdue(other, 40, 10_000)

    with django_assert_num_queries(len(asked)):
        assert len(_order(_get(client, "worklist"))) == 2


def test_pages_of_the_list_follow_the_order(
    signed_in: Browser, lent: Loan, other: Loan, dev: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "apps.core.keyset.page.__kwdefaults__", {"after": "", "before": "", "size": 1}
    )
    factories.overdue(lent, 10, 20_000)
    factories.overdue(other, 40, 10_000)
    factories.rolled(lent, SEEN)
    client = signed_in(dev)

    first = _get(client, "worklist")
    second = _get(client, "worklist", after=first.context["page"].after)

    assert (_order(first), _order(second)) == ([other.number], [lent.number])
    back = _get(client, "worklist", before=second.context["page"].before)
    assert _order(back) == [other.number]


def test_what_was_paid_since_and_promised_stands_beside_it(
    signed_in: Browser, lent: Loan, dev: User, alice: User
) -> None:
    yesterday = TODAY - timedelta(days=1)
    factories.overdue(lent, 10, 20_000, day=yesterday)
    contact.promise(dev, lent, on=TODAY)
    repaid.pay(alice, lent, TODAY, 1500)
    client = signed_in(dev)

    page = _get(client, "worklist").text
    assert "1,500.00 paid since" in page
    assert "5,000.00" in page
    [row] = _csv(_get(client, "worklist_file"))
    assert (row["paid_since"], row["promise"], row["promised"]) == ("1500.00", "open", "5000.00")


def test_a_case_is_taken_given_and_given_back_on_its_page(
    signed_in: Browser, lent: Loan, dev: User, esha: User, charlie: User
) -> None:
    factories.overdue(lent, 10, 20_000)
    collector, manager = signed_in(dev), signed_in(charlie)
    assert "Nobody works on this loan" in _get(collector, "case", lent.pk).text

    collector.post(reverse("collections:take", args=[lent.pk]))
    assert "Give it back" in _get(collector, "case", lent.pk).text
    again = signed_in(esha).post(reverse("collections:take", args=[lent.pk]), follow=True)
    assert "Somebody works on this loan already" in again.text

    form = reverse("collections:assign", args=[lent.pk])
    assert "Esha · Pune" in manager.get(form).text
    assert manager.post(form, {"collector": dev.pk}).status_code == 422
    assert manager.post(form, {"collector": esha.pk}).status_code == 302
    assert "Esha" in _get(manager, "case", lent.pk).text
    manager.post(reverse("collections:release", args=[lent.pk]))
    assert "Nobody works on this loan" in _get(manager, "case", lent.pk).text


def test_a_case_tells_the_charges_owed_today_and_not_those_of_the_night(
    signed_in: Browser, lent: Loan, dev: User
) -> None:
    fee = Charge(day=TODAY, amount=Decimal(500), bucket=Bucket.FEE, code="visit", due_on=TODAY)
    repaying.enter(actor="system:tests", loan=lent, fact=fee, reference="visit", now=at(TODAY))
    factories.overdue(lent, 10, 20_000, charges_due=Decimal(90))

    page = _get(signed_in(dev), "case", lent.pk)

    assert page.context["charges_owed"] == 500
    assert "Charges owed" in page.text


def test_the_api_lists_takes_gives_and_gives_back(
    signed_in: Browser, lent: Loan, dev: User, charlie: User, nina: User
) -> None:
    factories.overdue(lent, 10, 20_000)
    address = "/api/v1/collections/worklist"
    collector = f"/api/v1/collections/{lent.pk}/collector"
    client = signed_in(dev)

    [row] = client.get(address).json()["results"]
    assert (row["number"], row["worth"], row["overdue"]) == (lent.number, None, "20000.00")
    assert client.get(address, {"band": "x"}).status_code == 400
    assert client.get(address, {"lender": "x"}).status_code == 404
    assert client.get(address, {"currency": "x"}).status_code == 400
    assert signed_in(nina).get(address).json()["results"] == []

    taken = client.post(collector, {}, content_type="application/json")
    assert taken.json()["collector"] == dev.email
    wrong = {"collector": "nobody@lender.example"}
    manager = signed_in(charlie)
    assert manager.post(collector, wrong, content_type="application/json").status_code == 400
    given = {"collector": dev.email}
    assert manager.post(collector, given, content_type="application/json").status_code == 409
    assert client.delete(collector).json()["ended_at"]
    [row] = client.get(address, {"whose": "nobody"}).json()["results"]
    assert row["collector"] == ""
