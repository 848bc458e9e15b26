"""Early signals of a whole book: the statement says what the rules say; they begin and they end."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.collections import services, signal_statement, warning
from apps.collections.models import Contact, EarlySignal, Rule, SignalNight
from apps.collections.rules import NUMBERS, Code
from apps.collections.services import signalling
from apps.collections.tests import factories
from apps.collections.tests.factories import NOW, TODAY, at
from apps.collections.warning import Facts, Report
from apps.customers.models import BureauReport
from apps.loans.models import Loan
from apps.npa.models import DayEnd, LoanDay
from apps.npa.tests import portfolio_factories as nights
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent, Promise
from apps.repayments.tests import factories as repaid

Browser = Callable[[User], Client]
DAY = TODAY + timedelta(days=200)


@pytest.fixture
def other(lent: Loan, alice: User, bob: User) -> Loan:
    """Another loan, of a borrower of its own until a snapshot says otherwise."""
    return repaid.lent(alice, bob)


# --- what a book may hold -----------------------------------------------------------------------
def _money(loan: Loan, day: date, amount: int, place: int) -> None:
    AccountEvent.objects.create(
        loan=loan,
        kind="receipt",
        day=day,
        position=place,
        amount=Decimal(amount),
        currency=loan.currency,
        parameters={"channel": "cash", "external_reference": f"R{place}"},
        reference=f"test:{loan.pk}:{place}",
        made_at=NOW,
    )


def _promise(loan: Loan, actor: User, day: date) -> None:
    Promise.objects.create(
        loan=loan,
        amount=1000,
        currency=loan.currency,
        promised_date=day,
        channel="phone",
        status="broken",
        taken_by=actor,
        taken_at=NOW,
        taken_date=min(day, TODAY),
    )


def _contact(loan: Loan, actor: User, day: date) -> None:
    Contact.objects.create(
        loan=loan,
        customer=loan.customer,
        way="call",
        made_at=at(day),
        made_on=day,
        outcome="job_lost",
        made_by=actor,
    )


def _report(loan: Loan, day: date, chance: random.Random) -> None:
    BureauReport.objects.create(
        customer=loan.customer,
        bureau=chance.choice(["CIBIL", "Experian"]),
        pulled_date=day,
        enquiries_6m=chance.choice([None, 0, 1, 4, 9]),
        delinquencies_24m=chance.choice([None, 0, 1, 2]),
        currency=loan.currency,
    )


def _fill(loan: Loan, actor: User, chance: random.Random, *, customer: Any) -> None:
    """Write what chance gives of everything a signal looks at, near the bounds of the rules."""
    dues = repaid.due_dates(loan)
    days = {due + timedelta(days=chance.choice([1, 2])) for due in dues}
    days |= {DAY - timedelta(days=chance.randrange(1, 200)) for _ in range(30)}
    for day in sorted(one for one in days if one < DAY):
        nights.snapshot(loan, day, dpd_ifrs=chance.choice([0, 0, 1, 5]), customer_id=customer)
    nights.snapshot(loan, DAY, dpd_ifrs=chance.choice([0, 29, 30, 31]), customer_id=customer)
    late = list(LoanDay.objects.filter(loan=loan).values_list("day", flat=True))
    for place in range(1, chance.randrange(4, 14)):
        _money(loan, chance.choice(late), chance.choice([500, 3000, 9800]), place)
    for ago in chance.sample([-1, 0, 59, 60, 61], 2):
        _promise(loan, actor, DAY - timedelta(days=ago))
    if chance.random() < 0.6:
        _contact(loan, actor, DAY - timedelta(days=chance.choice([0, 179, 180, 181])))
    for ago in chance.sample([0, 30, 89, 90, 300, 500], 4):
        _report(loan, DAY - timedelta(days=ago), chance)


def _facts(loan: Loan) -> Facts:
    """Return what is known of a loan as the rules take it, read row by row."""
    customer = LoanDay.objects.get(loan=loan, day=DAY).customer_id
    money = AccountEvent.objects.filter(loan=loan, status="live", kind__in=list(MONEY_IN))
    reports = BureauReport.objects.filter(customer=customer, pulled_date__lte=DAY)
    last = reports.order_by("-pulled_date", "-created_at").first()
    of_bureau = reports.filter(bureau=last.bureau if last else "")
    others = LoanDay.objects.filter(day=DAY, customer=customer).exclude(loan=loan)
    return Facts(
        day=DAY,
        dues=[
            (one.due_date, one.principal + one.interest + one.fee)
            for one in loan.instalments.filter(in_force=True, due_date__lte=DAY)
        ],
        late=dict(LoanDay.objects.filter(loan=loan).values_list("day", "dpd_ifrs")),
        money=[(one.day, one.amount or Decimal(0)) for one in money],
        broken=list(
            Promise.objects.filter(loan=loan, status="broken").values_list(
                "promised_date", flat=True
            )
        ),
        reports=[
            Report(one.pulled_date, one.enquiries_6m, one.delinquencies_24m) for one in of_bureau
        ],
        jobs=list(
            Contact.objects.filter(customer=customer, outcome="job_lost").values_list(
                "made_on", flat=True
            )
        ),
        siblings=list(others.values_list("dpd_ifrs", flat=True)),
    )


@transaction.atomic
def _found(loan: Loan) -> set[tuple[Any, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(signal_statement.FIND, signalling.values_of(loan.branch.entity, DAY))
        cursor.execute("SELECT loan_id, code, value FROM collections_found")
        found = set(cursor.fetchall())
        cursor.execute("DROP TABLE collections_found")
    return found


@pytest.mark.parametrize("seed", range(8))
def test_the_statement_finds_what_the_rules_say(
    lent: Loan, other: Loan, dev: User, charlie: User, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same book for the same seed
    if seed % 2:
        for code in chance.sample(list(Code), 6):
            number = NUMBERS[code]
            value = chance.choice([number.least, max(number.least, number.house - 1)])
            Rule.objects.create(
                entity=lent.branch.entity,
                code=code.value,
                value=value,
                from_date=TODAY,
                set_by=charlie,
                set_at=NOW,
            )
    values = signalling.values_of(lent.branch.entity, DAY)
    numbers = {code: values[code.value] for code in Code}
    _fill(lent, dev, chance, customer=lent.customer_id)
    same = lent.customer_id if chance.random() < 0.7 else other.customer_id
    _fill(other, dev, chance, customer=same)

    expected = {
        (loan.pk, signal.value, value)
        for loan in (lent, other)
        for signal, value in warning.signals(_facts(loan), numbers).items()
    }

    assert expected
    assert _found(lent) == expected


def test_no_month_is_read_that_no_signal_needs(lent: Loan) -> None:
    old = DAY - timedelta(days=700)
    nights.snapshot(lent, old, dpd_ifrs=5)
    for place, ago in enumerate((60, 30, 1), start=1):
        nights.snapshot(lent, DAY - timedelta(days=ago), dpd_ifrs=5)
        _money(lent, DAY - timedelta(days=ago), 500, place)
    nights.snapshot(lent, DAY, dpd_ifrs=5)
    select = signal_statement.FIND.partition(" AS\n")[2]

    with connection.cursor() as cursor:
        # As for a whole book: what is joined is read once, and not looked up row by row.
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off")
        cursor.execute(
            f"EXPLAIN (ANALYZE, TIMING OFF) {select}", signalling.values_of(lent.branch.entity, DAY)
        )
        plan = [line for (line,) in cursor.fetchall()]

    read = [line for line in plan if "npa_loanday_" in line and "never executed" not in line]
    assert any(f"npa_loanday_{DAY:%Y_%m}" in line for line in read)
    assert [line for line in read if f"npa_loanday_{old:%Y_%m}" in line] == []


# --- nights -------------------------------------------------------------------------------------
def _end(loan: Loan, day: date, dpd: int = 0) -> None:
    factories.overdue(loan, dpd, 1000 if dpd else 0, day=day)


def _rows() -> list[tuple[str, int, date, date | None]]:
    rows = EarlySignal.objects.order_by("began_on", "code")
    return list(rows.values_list("code", "value", "began_on", "ended_on"))


def _night(loan: Loan) -> SignalNight | None:
    return services.find_signals(entity=loan.branch.entity, now=NOW)


def test_a_signal_begins_stands_changes_and_ends(lent: Loan, dev: User) -> None:
    entity = lent.branch.entity
    assert _night(lent) is None
    first, last = TODAY, TODAY + timedelta(days=180)
    _contact(lent, dev, TODAY)
    _end(lent, first)

    night = _night(lent)

    assert night is not None
    assert (night.day, night.begun, night.ended) == (first, 1, 0)
    assert _rows() == [("job_lost", 1, first, None)]
    assert _night(lent) is None
    _contact(lent, dev, first + timedelta(days=1))
    _end(lent, first + timedelta(days=1))
    _night(lent)
    assert _rows() == [("job_lost", 2, first, None)]
    _end(lent, last + timedelta(days=1))
    _night(lent)
    assert _rows() == [("job_lost", 2, first, last + timedelta(days=1))]
    assert SignalNight.objects.filter(entity=entity).count() == 3


def test_a_day_that_was_ended_once_more_is_looked_at_again(lent: Loan, dev: User) -> None:
    _end(lent, TODAY)
    assert _night(lent) is not None
    _contact(lent, dev, TODAY)

    DayEnd.objects.filter(day=TODAY).update(run=2)

    assert _night(lent) is not None
    assert _rows() == [("job_lost", 1, TODAY, None)]


def test_a_loan_that_is_repaid_warns_no_more(lent: Loan, dev: User) -> None:
    _contact(lent, dev, TODAY)
    _end(lent, TODAY)
    _night(lent)
    day = TODAY + timedelta(days=1)
    factories.overdue(lent, 0, 0, day=day, asset_class="closed")

    _night(lent)

    assert [row[3] for row in _rows()] == [day]


def test_the_database_keeps_what_was_noticed(lent: Loan, dev: User) -> None:
    _contact(lent, dev, TODAY)
    _end(lent, TODAY)
    _night(lent)

    for act in (
        lambda: EarlySignal.objects.update(began_on=TODAY - timedelta(days=1)),
        lambda: EarlySignal.objects.all().delete(),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            act()


# --- pages, the file and the API ----------------------------------------------------------------
def test_pages_list_filter_and_mark_what_stands(
    signed_in: Browser,
    lent: Loan,
    other: Loan,
    dev: User,
    nina: User,
    alice: User,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    _contact(lent, dev, TODAY)
    _end(lent, TODAY, 10)
    factories.overdue(other, 12, 1000, day=TODAY)
    _night(lent)
    client, address = signed_in(dev), reverse("collections:signals")

    page = client.get(address).text
    assert "Lost the job" in page
    assert "said 1 time" in page
    assert lent.number in page
    assert lent.number not in client.get(address, {"signal": "sibling"}).text
    assert lent.number not in client.get(address, {"state": "over"}).text
    assert lent.number in client.get(address, {"state": "any"}).text
    assert lent.number not in signed_in(nina).get(address).text
    assert signed_in(alice).get(address).status_code == 403
    lines = client.get(reverse("collections:signals_file"))
    text = b"".join(lines.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.split("\r\n")[1].endswith(f"INR,job_lost,1,{TODAY},,10")
    worklist = reverse("collections:worklist")
    chosen = client.get(worklist, {"signal": "job_lost"}).text
    assert lent.number in chosen
    assert other.number not in chosen
    assert "Lost the job" in client.get(reverse("collections:case", args=[lent.pk])).text
    assert "Lost the job" in client.get(reverse("collections:loan_panel", args=[lent.pk])).text


def test_the_api_lists_them(
    signed_in: Browser, lent: Loan, dev: User, nina: User, monkeypatch: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(TODAY))
    _contact(lent, dev, TODAY)
    _end(lent, TODAY, 10)
    _night(lent)
    client, address = signed_in(dev), "/api/v1/collections/signals"

    [row] = client.get(address).json()["results"]

    assert (row["number"], row["signal"], row["until"]) == (lent.number, "job_lost", None)
    assert client.get(address, {"state": "over"}).json()["results"] == []
    assert client.get(address, {"signal": "nonsense"}).status_code == 400
    assert signed_in(nina).get(address).json()["results"] == []
    [one] = client.get("/api/v1/collections/worklist", {"signal": "job_lost"}).json()["results"]
    assert one["signals"] == ["job_lost"]
