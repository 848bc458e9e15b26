"""The pages of the portfolio's quality: figures, the loans behind them, files, few queries."""

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

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.ledger.chart import Account
from apps.ledger.chart import Event as Happened
from apps.loans.models import Loan
from apps.npa import services, watch_rows, wording
from apps.npa.models import Alert, DayFigures, Override, Threshold
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import REASON, TODAY, at, night, npa

Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch, india: Entity) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    factories.rules()


def _get(client: Client, name: str, *args: Any, **query: str) -> Any:
    return client.get(reverse(f"npa:{name}", args=args), query)


def _csv(response: Any) -> list[dict[str, str]]:
    body = b"".join(response) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(body.decode())))


def test_before_the_first_night_the_pages_say_so(signed_in: Browser, charlie: User) -> None:
    client = signed_in(charlie)

    for name in ("overview", "loans", "provisions"):
        page = _get(client, name)
        assert page.status_code == 200
    assert "No day was ended yet" in _get(client, "overview").text
    for name in ("overview_file", "loans_file"):
        page = _get(client, name)
        assert page.status_code == 200
        assert _csv(page) == []


def test_the_overview_shows_classes_ratios_and_thresholds_and_leads_to_the_loans(
    signed_in: Browser,
    lent: Loan,
    india: Entity,
    charlie: User,
    django_assert_max_num_queries: Any,
) -> None:
    factories.threshold(charlie, india, "npa_ratio", "0.05")
    for number in range(3):
        day = TODAY - (2 - number) * DAY
        npa(lent, day)
        night(india, day)
    client = signed_in(charlie)
    _get(client, "overview")

    with django_assert_max_num_queries(16):
        page = _get(client, "overview").text

    assert "Sub-standard" in page
    assert "₹1,00,000.00" in page
    assert "above the threshold of 5.00" in page
    assert "trend-figure" in page
    assert f"day={TODAY}" in page
    assert "asset_class=substandard" in page
    with django_assert_max_num_queries(12):
        listed = _get(client, "loans", asset_class="substandard").text
    assert lent.number in listed
    assert reverse("npa:why", args=[lent.pk]) in listed
    assert "10,000.00" in listed
    assert lent.number not in _get(client, "loans", asset_class="standard").text
    assert lent.number in _get(client, "loans", npa="on", bucket="npa").text
    earlier = _get(client, "overview", day=str(TODAY - 30 * DAY)).text
    assert "Nothing on the books that day" in earlier


def test_files_hold_what_the_pages_show(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    client = signed_in(charlie)

    [line] = _csv(_get(client, "overview_file"))
    [loan] = _csv(_get(client, "loans_file"))

    assert (line["class"], line["principal"], line["npa_principal"]) == (
        "substandard",
        "100000.00",
        "100000.00",
    )
    assert (loan["loan"], loan["provision"], loan["dpd_rbi"]) == (lent.number, "10000.00", "101")


def test_another_branch_sees_neither_sums_nor_loans(
    signed_in: Browser, lent: Loan, india: Entity, nashik: Branch, make_person: Any
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    client = signed_in(make_person("Nina", "credit_reviewer", branch=nashik))

    overview = _get(client, "overview")
    assert "Nothing on the books that day" in overview.text
    assert overview.context["classes"] == []
    page = _get(client, "loans", day=str(TODAY))
    assert lent.number not in page.text


def test_roles_without_the_right_are_refused(signed_in: Browser, alice: User) -> None:
    client = signed_in(alice)

    for name in ("overview", "loans", "provisions", "overrides", "alerts", "thresholds", "returns"):
        assert _get(client, name).status_code == 403


def test_the_movement_names_the_difference_to_the_ledger_and_days_not_ended(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User
) -> None:
    npa(lent, TODAY)
    factories.moved(india, lent.branch, 10_000)
    services.raise_alerts(entity=india, day=TODAY, now=at(TODAY))
    client = signed_in(charlie)

    before = _get(client, "provisions", since=str(TODAY - 2 * DAY)).text

    assert "differs" in before
    assert "Days that were not ended" in before
    assert "asset_class=substandard" in before
    [row] = _csv(_get(client, "provisions_file", since=str(TODAY - DAY)))
    assert (row["class"], row["additions"], row["closing"]) == (
        "substandard",
        "10000.00",
        "10000.00",
    )
    factories.posted(
        lent.branch,
        Happened.PROVISION,
        Account.PROVISION_EXPENSE,
        Account.PROVISIONS,
        10_000,
    )
    after = _get(client, "provisions", since=str(TODAY - DAY)).text
    assert "differs" not in after
    assert after.count("equal") == 3
    assert "Days that were not ended" not in after
    assert "Reserve for credit losses" not in after


@pytest.mark.parametrize(("days", "status"), [(366, 200), (367, 400)])
def test_the_movement_spans_a_year_at_most(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User, days: int, status: int
) -> None:
    npa(lent, TODAY)
    night(india, TODAY)
    client, since = signed_in(charlie), str(TODAY - days * DAY)

    answers = [
        _get(client, "provisions", since=since),
        _get(client, "provisions_file", since=since),
        client.get("/api/v1/npa/provisions", {"since": since}),
    ]

    assert [one.status_code for one in answers] == [status] * 3
    said = ["at most 366 days" in one.content.decode() for one in answers]
    assert said == [status == 400] * 3


def test_the_movement_of_the_reserve_stands_below_that_of_provisions_1_12(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User
) -> None:
    npa(lent, TODAY)
    factories.moved(india, lent.branch, 10_000)
    factories.moved(india, lent.branch, 700, account="loss_reserve")
    services.raise_alerts(entity=india, day=TODAY, now=at(TODAY))
    client, branch, kept = signed_in(charlie), lent.branch, Account.RETAINED_EARNINGS
    factories.posted(branch, Happened.RESERVE, kept, Account.LOSS_RESERVE, 700)

    page = _get(client, "provisions", since=str(TODAY - DAY)).text

    below = page.partition("<h2>Reserve for credit losses</h2>")[2]
    assert below.count("equal") == 3
    assert "differs" not in below
    rows = _csv(_get(client, "provisions_file", since=str(TODAY - DAY)))
    assert [(row["account"], row["closing"]) for row in rows] == [
        ("provisions", "10000.00"),
        ("loss_reserve", "700.00"),
    ]


# --- overrides ----------------------------------------------------------------------------------
def test_a_class_is_proposed_approved_and_ended_on_pages(
    signed_in: Browser, lent: Loan, bob: User, charlie: User
) -> None:
    officer, manager = signed_in(bob), signed_in(charlie)
    panel = reverse("npa:override_panel", args=[lent.pk])
    assert f'hx-get="{panel}"' in officer.get(reverse("loans:detail", args=[lent.pk])).text
    propose = reverse("npa:override_propose", args=[lent.pk])
    assert propose in officer.get(panel, headers=HTMX).text

    given = {
        "asset_class": "substandard",
        "from_date": TODAY.isoformat(),
        "until_date": (TODAY + 20 * DAY).isoformat(),
    }
    refused = officer.post(propose, {**given, "reason": ""})
    assert (refused.status_code, Override.objects.count()) == (422, 0)
    assert officer.post(propose, {**given, "reason": REASON}).status_code == 302
    made = Override.objects.get()
    own = officer.get(panel, headers=HTMX).text
    assert reverse("npa:override_withdraw", args=[made.pk]) in own
    assert reverse("npa:override_approve", args=[made.pk]) not in own
    assert manager.get(reverse("npa:overrides_count")).text == "1"
    assert officer.get(reverse("npa:overrides_count")).text == ""
    assert REASON in _get(manager, "overrides", state="waiting").text

    manager.post(reverse("npa:override_approve", args=[made.pk]))
    made.refresh_from_db()
    assert made.status == "approved"
    officer.post(reverse("npa:override_propose_end", args=[made.pk]), {"reason": "Mended"})
    manager.post(reverse("npa:override_end", args=[made.pk]))
    made.refresh_from_db()
    assert (made.status, made.ended_on) == ("ended", TODAY)
    assert "Ended before its time" in manager.get(panel, headers=HTMX).text


def test_a_proposal_is_refused_on_a_page_with_a_reason(
    signed_in: Browser, lent: Loan, bob: User, charlie: User
) -> None:
    made = services.propose_override(actor=bob, loan=lent, asked=factories.asked(), now=at(TODAY))
    manager = signed_in(charlie)
    address = reverse("npa:override_refuse", args=[made.pk])

    assert manager.post(address, {"note": ""}).status_code == 422
    assert manager.post(address, {"note": "Ticket closed"}).status_code == 302
    made.refresh_from_db()
    assert (made.status, made.answer_note) == ("refused", "Ticket closed")


def test_the_report_for_the_audit_committee_is_a_file(
    signed_in: Browser, lent: Loan, bob: User, charlie: User, amir: User
) -> None:
    factories.approved(lent, bob, charlie)
    client = signed_in(amir)

    response = _get(client, "overrides_report", start=str(TODAY), end=str(TODAY))

    [row] = _csv(response)
    assert (row["loan"], row["reason"], row["answered_by"]) == (lent.number, REASON, "Charlie")
    backwards = _get(client, "overrides_report", start=str(TODAY), end=str(TODAY - DAY))
    assert backwards.status_code == 400


def test_the_list_of_overrides_asks_little(
    signed_in: Browser,
    lent: Loan,
    bob: User,
    charlie: User,
    django_assert_max_num_queries: Any,
) -> None:
    factories.approved(lent, bob, charlie)
    factories.approved(lent, bob, charlie, from_date=TODAY + 40 * DAY, until_date=TODAY + 50 * DAY)
    client = signed_in(charlie)
    _get(client, "overrides")

    with django_assert_max_num_queries(8):
        page = _get(client, "overrides")

    assert page.text.count("row-link") == 2


# --- alerts -------------------------------------------------------------------------------------
def test_an_alert_is_shown_counted_and_acknowledged(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User
) -> None:
    factories.threshold(charlie, india, "npa_ratio", "0.05")
    npa(lent, TODAY)
    night(india, TODAY)
    client = signed_in(charlie)
    alert = Alert.objects.get()

    assert _get(client, "alerts_count").text == "1"
    page = _get(client, "alerts", state="standing").text
    address = reverse("npa:acknowledge", args=[alert.pk])
    assert address in page
    assert "100.00" in page
    assert client.post(address, {"note": ""}).status_code == 422
    assert client.post(address, {"note": "Recovery informed"}).status_code == 302
    assert _get(client, "alerts_count").text == ""
    assert "Recovery informed" in _get(client, "alerts").text


def test_a_borrower_is_named_only_to_who_sees_one_of_the_loans(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User, nashik: Branch, make_person: Any
) -> None:
    factories.threshold(charlie, india, "largest_borrower", "0.05")
    factories.threshold(charlie, india, "largest_branch", "0.05")
    npa(lent, TODAY)
    night(india, TODAY)
    number, alert = lent.customer.number, Alert.objects.get(measure="largest_borrower")
    ours, elsewhere = (
        signed_in(charlie),
        signed_in(make_person("Nina", "collections_officer", branch=nashik)),
    )
    address = reverse("npa:acknowledge", args=[alert.pk])

    for browser, sees in ((ours, True), (elsewhere, False)):
        page, form = _get(browser, "alerts").text, browser.get(address).text
        told = {
            one["measure"]: one["subject"]
            for one in browser.get("/api/v1/npa/alerts").json()["results"]
        }
        assert (number in page, number in form, number in str(told)) == (sees, sees, sees)
        assert ("whose loans you may not see" in page) is not sees
        assert told["largest_branch"] == lent.branch.code
        assert f'<span class="table__sub">{lent.branch.name} ·' in page

    figures = DayFigures.objects.get()
    nina = User.objects.get(name="Nina")
    assert watch_rows.named(charlie, figures)["largest_borrower"] == number
    assert watch_rows.named(nina, figures)["largest_borrower"] == wording.UNSEEN


def test_a_threshold_is_set_on_a_page(
    signed_in: Browser, india: Entity, charlie: User, bob: User, amir: User
) -> None:
    client = signed_in(charlie)
    address = reverse("npa:threshold", args=["sahyadri", "npa_ratio"])
    assert address in _get(client, "thresholds").text
    assert address not in _get(signed_in(amir), "thresholds").text

    refused = client.post(address, {"bound": "0", "owner": str(bob.pk), "is_watched": "on"})
    assert (refused.status_code, Threshold.objects.count()) == (422, 0)
    hooked = {"bound": "5", "owner": str(bob.pk), "webhook_url": "http://x/", "is_watched": "on"}
    refused = client.post(address, hooked)
    assert "https://" in refused.text
    done = client.post(address, {**hooked, "webhook_url": ""})
    assert done.status_code == 302
    row = Threshold.objects.get()
    assert (row.bound, row.owner, row.is_watched) == (Decimal("0.05"), bob, True)
    assert 'value="5"' in client.get(address).text
    assert Event.objects.filter(verb="npa.threshold_set").count() == 1
    unknown = reverse("npa:threshold", args=["sahyadri", "luck"])
    assert client.get(unknown).status_code == 404


def test_the_form_says_whose_figures_are_shown_and_of_which_days(
    amir: User, lent: Loan, signed_in: Browser
) -> None:
    other = Entity.objects.create(code="aaa", name="Another", country="IN", currency="INR")
    Branch.objects.create(entity=other, code="here", name="Here")
    npa(lent, TODAY)
    night(lent.branch.entity, TODAY)

    page = _get(signed_in(amir), "provisions").content.decode()
    narrowed = _get(signed_in(amir), "provisions", day=str(TODAY)).content.decode()

    own = lent.branch.entity
    for shown in (page, narrowed):
        assert f'<option value="{own.code}" selected>{own.name}</option>' in shown
        assert f'value="{TODAY:%Y-%m-%d}"' in shown
