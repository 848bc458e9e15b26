"""Returns: reconciled with the ledger, kept as made, personal data only by right and on record."""

import csv
import hashlib
import io
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Count, Sum
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.customers.models import Customer
from apps.ledger.chart import Account
from apps.ledger.chart import Event as Happened
from apps.loans.models import Loan
from apps.npa import (
    bureau_calendar,
    grading,
    portfolio_rows,
    return_page,
    return_rows,
    returns_rbi,
    returns_sasra,
    services,
)
from apps.npa.models import Return, ReturnOrder
from apps.npa.portfolio_forms import LoansForm
from apps.npa.portfolio_rows import Chosen
from apps.npa.services import Wanted, ordering
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import TODAY, at, night, npa, snapshot

Browser = Callable[[User], Client]
NOW = at(TODAY)
DAY = timedelta(days=1)
NINTH = date(2026, 12, 9)
LENT = Decimal(200_000)


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def on_books(lent: Loan, india: Entity) -> Loan:
    """The loan as the night found it today, and what it posted: all as the ledger has it."""
    npa(lent, TODAY, principal=LENT, unsecured=LENT, provision=Decimal(20_000))
    night(india, TODAY)
    factories.posted(
        lent.branch, Happened.PROVISION, Account.PROVISION_EXPENSE, Account.PROVISIONS, 20_000
    )
    return lent


def _wanted(entity: Entity, kind: str = "rbi_assets", day: date = TODAY) -> Wanted:
    return Wanted(kind=kind, entity=entity, day=day)


def _rows(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))


def test_it_equals_the_ledger_and_is_kept_with_its_hash(
    on_books: Loan, india: Entity, charlie: User
) -> None:
    made = services.make_return(actor=charlie, wanted=_wanted(india), now=NOW)

    assert made.reconciles
    assert {one["name"]: Decimal(one["difference"]) for one in made.checks} == dict.fromkeys(
        ("Principal", "Interest", "Held in suspense", "Provisions"), Decimal(0)
    )
    content = services.read_return(actor=charlie, made=made)
    assert hashlib.sha256(content.encode()).hexdigest() == made.sha256
    lines = {row["code"]: row for row in _rows(content)}
    assert (lines["2"]["principal"], lines["6"]["principal"]) == ("200000.00", "200000.00")
    assert lines["5"]["provision"] == "20000.00"
    said = Event.objects.filter(verb__startswith="npa.return").order_by("pk")
    assert [one.verb for one in said] == ["npa.return_made", "npa.return_downloaded"]


def test_form_4_of_a_sacco_equals_the_ledger_2_1(lent: Loan, india: Entity, charlie: User) -> None:
    Entity.objects.filter(pk=india.pk).update(kind=Entity.Kind.SACCO)
    sacco = Entity.objects.get(pk=india.pk)
    provision = Decimal(50_000)
    npa(lent, TODAY, principal=LENT, unsecured=LENT, provision=provision)
    night(sacco, TODAY)
    factories.posted(
        lent.branch, Happened.PROVISION, Account.PROVISION_EXPENSE, Account.PROVISIONS, 50_000
    )

    made = services.make_return(actor=charlie, wanted=_wanted(sacco, "sasra_form_4"), now=NOW)

    assert made.reconciles, made.checks
    lines = {row["code"]: row for row in _rows(services.read_return(actor=charlie, made=made))}
    assert (lines["A3"]["principal"], lines["A3"]["percent"]) == ("200000.00", "25.00")
    assert lines["A3"]["required"] == lines["C"]["required"] == "50000.00"
    assert lines["C"]["provision"] == str(provision) + ".00"
    refusal = factories.refused(
        lambda: services.make_return(actor=charlie, wanted=_wanted(sacco), now=NOW)
    )
    assert refusal.code == "not_owed"


def test_it_is_refused_where_the_ledger_differs_but_for_a_reason_that_stays(
    on_books: Loan, india: Entity, charlie: User
) -> None:
    factories.posted(
        on_books.branch, Happened.PROVISION, Account.WRITE_OFF_EXPENSE, Account.PROVISIONS, 5
    )
    wanted = _wanted(india)

    refusal = factories.refused(
        lambda: services.make_return(actor=charlie, wanted=wanted, now=NOW, reason=" ")
    )
    made = services.make_return(
        actor=charlie, wanted=wanted, now=NOW, reason="Five rupees under inquiry"
    )

    assert refusal.code == "does_not_reconcile"
    assert (made.reconciles, made.reason) == (False, "Five rupees under inquiry")
    [differs] = [one for one in made.checks if Decimal(one["difference"])]
    assert (differs["name"], Decimal(differs["difference"])) == ("Provisions", Decimal(-5))


def test_nothing_of_it_ever_changes(on_books: Loan, india: Entity, charlie: User) -> None:
    made = services.make_return(actor=charlie, wanted=_wanted(india), now=NOW)

    for attack in (
        "UPDATE npa_return SET sha256 = 'x' WHERE id = %s",
        "UPDATE npa_return SET reconciles = false, reason = 'x' WHERE id = %s",
        "DELETE FROM npa_return WHERE id = %s",
    ):
        assert "npa_return" in factories.database_refuses(attack, [made.pk])


@pytest.mark.parametrize(
    ("kind", "day", "code"),
    [
        ("sasra_form_4", TODAY, "not_owed"),
        ("rbi_assets", TODAY - DAY, "day_not_ended"),
        ("bureau", TODAY, "no_reference_day"),
    ],
    ids=["of another regulator", "day not ended", "no reference day"],
)
def test_what_cannot_be_made_is_refused(
    on_books: Loan, india: Entity, charlie: User, kind: str, day: date, code: str
) -> None:
    refusal = factories.refused(
        lambda: services.make_return(actor=charlie, wanted=_wanted(india, kind, day), now=NOW)
    )

    assert refusal.code == code


def test_it_needs_the_right_and_the_whole_lender(
    on_books: Loan, india: Entity, charlie: User, rita: User, bob: User, amir: User
) -> None:
    for actor, kind in ((bob, "rbi_assets"), (amir, "rbi_assets"), (rita, "bureau")):
        refusal = factories.refused(
            lambda actor=actor, kind=kind: services.make_return(
                actor=actor, wanted=_wanted(india, kind), now=NOW
            )
        )
        assert refusal.code == "not_permitted"
    assert services.make_return(actor=rita, wanted=_wanted(india), now=NOW).made_by == rita


# --- bureaus ------------------------------------------------------------------------------------
def _told(entity: Entity, reference: date) -> list[str]:
    report = bureau_calendar.reporting(reference)
    return [one.account_state for one in return_rows.accounts(entity, report)]


def test_an_incremental_file_tells_only_what_changed(lent: Loan, india: Entity) -> None:
    snapshot(lent, date(2026, 11, 30))
    assert _told(india, date(2026, 11, 30)) == ["active"]
    snapshot(lent, NINTH)
    assert _told(india, NINTH) == []
    npa(lent, date(2026, 12, 16))
    assert _told(india, date(2026, 12, 16)) == ["active"]
    snapshot(lent, date(2026, 12, 20), asset_class="closed", bucket="none", principal=0)
    assert _told(india, date(2026, 12, 23)) == ["closed"]
    assert _told(india, date(2026, 12, 31)) == []


def test_an_account_that_runs_again_is_told_of_as_running_alone(lent: Loan, india: Entity) -> None:
    gone = {"asset_class": "closed", "bucket": "none", "principal": 0}
    snapshot(lent, NINTH)
    snapshot(lent, date(2026, 12, 10), **gone)
    for day in (12, 16):
        snapshot(lent, date(2026, 12, day))

    assert _told(india, date(2026, 12, 16)) == []

    npa(lent, date(2026, 12, 17))
    for day in (18, 20):
        snapshot(lent, date(2026, 12, day), **gone)

    report = bureau_calendar.reporting(date(2026, 12, 23))
    [told] = return_rows.accounts(india, report)
    assert (told.account_state, told.closed_date) == ("closed", date(2026, 12, 20))


def test_a_full_file_tells_every_account_again(lent: Loan, india: Entity) -> None:
    for day in (date(2026, 12, 23), date(2026, 12, 31)):
        snapshot(lent, day)

    assert _told(india, date(2026, 12, 31)) == ["active"]


def test_a_bureaus_file_names_borrowers_sealed_and_on_record(
    lent: Loan, india: Entity, charlie: User
) -> None:
    npa(lent, NINTH, principal_due=Decimal(500), interest_due=Decimal(20))
    night(india, NINTH)

    made = services.make_return(
        actor=charlie,
        wanted=_wanted(india, "bureau", NINTH),
        now=at(NINTH + DAY),
        reason="The books of the test",
    )

    [row] = _rows(services.read_return(actor=charlie, made=made))
    customer = Customer.objects.get(pk=lent.customer_id)
    assert (row["full_name"], row["account_number"]) == (customer.full_name, lent.number)
    assert (row["days_past_due"], row["amount_overdue"]) == ("100", "520.00")
    assert (made.due_date, made.is_full, made.rows) == (date(2026, 12, 13), False, 1)
    sealed = Return.objects.filter(pk=made.pk).values_list("content", flat=True).get()
    assert customer.full_name.encode() not in bytes(sealed)
    facts = str([one.facts for one in Event.objects.filter(verb__startswith="npa.return")])
    assert customer.full_name not in facts


def test_a_long_file_is_ordered_made_once_by_a_worker_and_its_failure_is_shown(
    signed_in: Browser,
    lent: Loan,
    india: Entity,
    charlie: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ordering, "AT_ONCE", 0)
    npa(lent, NINTH)
    night(india, NINTH)
    client = signed_in(charlie)
    address = reverse("npa:return_preview", args=["bureau", "sahyadri", NINTH.isoformat()])
    asked = {"kind": "bureau", "lender": "sahyadri", "day": str(NINTH), "reason": "A test"}

    # Without the reason that it needs nothing is ordered.
    assert client.post(address).status_code == 422
    assert not ReturnOrder.objects.exists()
    told = client.post("/api/v1/npa/returns", asked, content_type="application/json")
    again = client.post("/api/v1/npa/returns", asked, content_type="application/json")
    assert (told.status_code, told.json()["state"]) == (202, "asked")
    assert (again.status_code, again.json()["code"]) == (409, "return_being_made")
    assert "Waits" in client.get(reverse("npa:returns")).text

    assert services.make_waiting_returns(clock=lambda: NOW) == 1
    assert services.make_waiting_returns(clock=lambda: NOW) == 0
    order = client.get(f"/api/v1/npa/returns/orders/{told.json()['id']}").json()
    assert (order["state"], order["made"]) == ("made", str(Return.objects.get().pk))

    assert client.post(address, {"reason": "A test"}).status_code == 302
    charlie.groups.clear()
    failed = services.make_ordered(order_id=ReturnOrder.objects.get(status="asked").pk, now=NOW)
    assert (failed.status, failed.obstacle, Return.objects.count()) == (
        "failed",
        "not_permitted",
        1,
    )


def test_an_order_whose_worker_was_lost_is_made_by_another(
    lent: Loan, india: Entity, charlie: User
) -> None:
    npa(lent, NINTH)
    night(india, NINTH)
    ReturnOrder.objects.create(
        entity=india,
        kind="bureau",
        day=NINTH,
        reason="A test",
        asked_by=charlie,
        asked_at=NOW,
        status="making",
        claimed_at=NOW,
        attempts=1,
    )

    assert services.make_waiting_returns(clock=lambda: NOW + ordering.CLAIM) == 0
    assert services.make_waiting_returns(clock=lambda: NOW + ordering.CLAIM + DAY) == 1
    assert ReturnOrder.objects.get().status == "made"


@pytest.mark.parametrize("ends", ["made", "refused", "broken"])
def test_a_worker_whose_claim_another_has_by_now_leaves_the_order_to_it(
    lent: Loan, india: Entity, charlie: User, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    npa(lent, NINTH)
    night(india, NINTH)
    order = _order(india, charlie, NINTH)
    made = ordering._made

    def slow(claimed: ReturnOrder, now: datetime) -> None:
        ReturnOrder.objects.filter(pk=order.pk).update(attempts=2)
        if ends == "refused":
            raise DomainError("not_owed", "Not owed.")
        if ends == "broken":
            raise ValueError
        made(claimed, now)

    monkeypatch.setattr(ordering, "_made", slow)

    left = services.make_ordered(order_id=order.pk, now=NOW)

    assert (left.status, left.attempts, left.obstacle) == ("making", 2, "")
    assert not Return.objects.exists()


def test_one_order_that_breaks_holds_up_no_other_and_each_is_claimed_in_its_turn(
    lent: Loan, india: Entity, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    npa(lent, NINTH)
    night(india, NINTH)
    first = _order(india, charlie, NINTH - DAY)
    second = _order(india, charlie, NINTH, asked_at=NOW + DAY)
    make_ordered, turns = ordering.make_ordered, iter(range(9))

    def breaking(*, order_id: Any, now: datetime) -> ReturnOrder:
        if order_id == first.pk:
            raise ValueError
        return make_ordered(order_id=order_id, now=now)

    monkeypatch.setattr(ordering, "make_ordered", breaking)

    assert services.make_waiting_returns(clock=lambda: NOW + next(turns) * DAY) == 2

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("asked", "made")
    assert second.claimed_at == NOW + 2 * DAY


def _order(entity: Entity, asked_by: User, day: date, **said: Any) -> ReturnOrder:
    values = {"kind": "bureau", "reason": "A test", "asked_at": NOW, **said}
    return ReturnOrder.objects.create(entity=entity, asked_by=asked_by, day=day, **values)


def test_every_refusal_of_an_order_is_said_in_its_own_words() -> None:
    codes = ["class_unknown", "not_owed", "no_reference_day", "day_not_ended", "unexpected"]

    said = {return_page.obstacle(ReturnOrder(obstacle=code)) for code in codes}

    assert len(said) == len(codes)


@pytest.mark.parametrize(
    ("layout", "best", "worst"),
    [(returns_rbi, "standard", "doubtful_1"), (returns_sasra, "performing", "doubtful")],
    ids=["rbi", "sasra"],
)
def test_every_line_leads_to_the_loans_whose_sums_it_states(
    layout: Any, best: str, worst: str, lent: Loan, india: Entity, charlie: User
) -> None:
    amount = 1_000
    for write, count, grade, bucket, flags in (
        (snapshot, 2, best, "standard", ""),
        (snapshot, 1, best, "sma_0", ""),
        (snapshot, 3, best, "sma_1", grading.RESTRUCTURED),
        (npa, 2, "substandard", "npa", ""),
        (npa, 1, worst, "npa", grading.RESTRUCTURED),
    ):
        for _one in range(count):
            amount *= 2
            sums = {"principal": Decimal(amount), "provision": Decimal(amount) / 100}
            write(
                lent,
                TODAY,
                loan_id=uuid.uuid4(),
                asset_class=grade,
                bucket=bucket,
                flags=flags,
                **sums,
            )
    night(india, TODAY)
    chosen = Chosen(entity=india, currency="INR", day=TODAY)

    lines = layout.sheet(return_rows.parts(india, TODAY)).lines

    empty = 0
    for line in lines:
        query = QueryDict(chosen.query(**line.filters))
        form = LoansForm(query, entities=[india], branches=[])
        assert form.is_valid(), form.errors
        behind = portfolio_rows.loans(charlie, chosen, form.filters())
        found = behind.aggregate(
            loans=Count("loan_id"), principal=Sum("principal"), provision=Sum("provision")
        )
        empty += not found["loans"]
        assert found["loans"] == line.amounts["accounts"], line.code
        for column in ("principal", "provision"):
            assert (found[column] or 0) == line.amounts[column], (line.code, column)
    [total] = [line for line in lines if line.is_total]
    assert total.amounts["accounts"] == 9
    assert 0 < empty < len(lines) - 5, "lines of each kind have loans, and some have none"


# --- pages --------------------------------------------------------------------------------------
def test_a_return_is_looked_at_and_made_on_pages(
    signed_in: Browser, on_books: Loan, india: Entity, charlie: User, amir: User
) -> None:
    client, auditor = signed_in(charlie), signed_in(amir)
    address = reverse("npa:return_preview", args=["rbi_assets", "sahyadri", TODAY.isoformat()])
    asked = {"kind": "rbi_assets", "lender": "sahyadri", "day": TODAY.isoformat()}

    assert client.get(reverse("npa:returns"), asked).headers["Location"] == address
    page = client.get(address).text
    assert page.count("equal") == 4
    assert "asset_class=substandard" in page
    assert "2,00,000.00" in page
    assert auditor.get(address).status_code == 403
    assert client.post(address).status_code == 302
    made = Return.objects.get()
    listed = client.get(reverse("npa:returns")).text
    assert made.sha256[:12] in listed
    assert reverse("npa:return_file", args=[made.pk]) in listed
    assert (
        reverse("npa:return_file", args=[made.pk]) not in auditor.get(reverse("npa:returns")).text
    )
    again = client.get(address).text
    assert "Not made yet" in page
    assert "Not made yet" not in again
    assert "This return was made already for this day" in again
    assert reverse("npa:return_file", args=[made.pk]) in again
    file = client.get(reverse("npa:return_file", args=[made.pk]))
    assert file.text.startswith("code,line,accounts")
    assert auditor.get(reverse("npa:return_file", args=[made.pk])).status_code == 403


def test_pages_of_returns_that_are_none_are_not_there(
    signed_in: Browser, india: Entity, charlie: User
) -> None:
    client = signed_in(charlie)

    for kind, lender, day in (
        ("luck", "sahyadri", "2026-11-30"),
        ("rbi_assets", "nobody", "2026-11-30"),
        ("rbi_assets", "sahyadri", "2026-13-30"),
    ):
        address = reverse("npa:return_preview", args=[kind, lender, day])
        assert client.get(address).status_code == 404
    unfinished = reverse("npa:return_preview", args=["rbi_assets", "sahyadri", "2026-11-30"])
    assert client.get(unfinished).headers["Location"] == reverse("npa:returns")
