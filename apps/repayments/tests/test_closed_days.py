"""A payment is taken back whatever days were closed since; they stay, the rest is as without."""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.ledger import selectors as ledger
from apps.ledger import services as books
from apps.ledger import statements
from apps.ledger.models import Entry
from apps.ledger.refusals import DayClosed
from apps.loans.models import Loan
from apps.repayments import proofs, services
from apps.repayments.facts import Bucket, Charge, Fact
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories
from apps.schedules.refusals import TermsRefused

pytestmark = pytest.mark.django_db
CLERK = "system:test"
later, at = factories.later, factories.at


@dataclass(frozen=True)
class Step:
    """A fact that is entered on a day for the same or an earlier one, and what is closed after."""

    number: int
    known: date
    fact: Fact | None
    closes: bool


def _close(loan: Loan, day: date) -> None:
    entity, now = loan.branch.entity, at(day + timedelta(days=1))
    services.accrue_day(actor=CLERK, entity=entity, day=day, now=now)
    books.close_day(actor=CLERK, entity=entity, day=day, now=now)


def _history(seed: int) -> list[Step]:
    """Return what happens in about half a year; two days of three are closed after."""
    chance = random.Random(seed)  # noqa: S311 - the same histories each time
    steps: list[Step] = []
    known, opens = 10, 0
    for number in range(6):
        known += chance.randint(2, 30)
        # The first open day may be weeks ago.
        day = later(chance.randint(max(opens, known - 12), known))
        amount = Decimal(chance.randint(100, 150_000)) / 10
        fact: Fact | None = factories.receipt(day, amount, external_reference=f"UTR{number}")
        kind = "early" if number == 2 else chance.choice(["pay", "pay", "pay", "ask", "nothing"])
        if kind == "ask":
            fact = Charge(day=day, amount=amount / 10, bucket=Bucket.FEE, code="x", due_on=day)
        elif kind == "early":
            fact = factories.prepayment(later(known), amount + 60_000)
        elif kind == "nothing":
            fact = None
        closes = chance.random() < 0.65
        steps.append(Step(number, later(known), fact, closes))
        if closes:
            known += 1
            opens = known
    return steps


def _play(loan: Loan, steps: Sequence[Step], *, but: Collection[int] = ()) -> None:
    for one in steps:
        if one.fact is not None and one.number not in but:
            services.enter(
                actor=CLERK,
                loan=loan,
                fact=one.fact,
                reference=f"step:{one.number}",
                now=at(one.known),
            )
        if one.closes:
            _close(loan, one.known)


def _without(loan: Loan, steps: Sequence[Step], but: Collection[int]) -> dict[str, Any] | None:
    """Return how the loan stands where some of it never happened; None where that is impossible."""
    with transaction.atomic():
        try:
            _play(loan, steps, but=but)
            found = factories.standing(loan)
        except TermsRefused:
            found = None
        transaction.set_rollback(True)
    loan.refresh_from_db()
    return found


def _as_reported(loan: Loan, steps: Sequence[Step]) -> list[Any]:
    """Return the balances of each day that was closed, and the entries of all of them."""
    closed = [one.known for one in steps if one.closes]
    entries = Entry.objects.filter(loan_id=loan.pk, day__lte=closed[-1])
    return [
        [ledger.balances([loan.pk], day)[loan.pk] for day in closed],
        list(entries.order_by("pk").values_list("pk", flat=True)),
    ]


def _take_back(loan: Loan, number: int, actor: User, now: Any) -> AccountEvent:
    event = AccountEvent.objects.get(loan=loan, reference=f"step:{number}")
    return services.take_back(actor=actor, event=event, reason="The cheque bounced.", now=now)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_payment_of_any_history_is_taken_back_as_if_it_never_was(
    lent: Loan, charlie: User, seed: int
) -> None:
    steps = _history(seed)
    steps[-1] = Step(steps[-1].number, steps[-1].known, steps[-1].fact, closes=True)
    paid = [one.number for one in steps if one.fact is not None and one.fact.kind != "charge"]
    random.Random(seed).shuffle(paid)  # noqa: S311 - the same histories each time
    gone: list[int] = []
    twins = []
    for number in paid:
        twin = _without(lent, steps, [*gone, number])
        if twin is not None and len(gone) < 2:
            gone.append(number)
            twins.append(twin)
    assert gone
    _play(lent, steps)
    reported = _as_reported(lent, steps)
    now = at(steps[-1].known + timedelta(days=1))

    for number, twin in zip(gone, twins, strict=True):
        _take_back(lent, number, charlie, now)
        assert factories.standing(lent) == twin
        assert _as_reported(lent, steps) == reported
        before = Entry.objects.count()
        _take_back(lent, number, charlie, now)
        assert (Entry.objects.count(), proofs.difference(lent)) == (before, None)

    assert factories.offenders() == []


@pytest.fixture
def bounced(lent: Loan) -> tuple[AccountEvent, date]:
    """The first instalment, paid; its day and the next twenty are closed; the first open day."""
    day = factories.due_dates(lent)[0]
    event = factories.pay(CLERK, lent, day, lent.instalments.get(number=1).due)
    _close(lent, day + timedelta(days=20))
    return event, day + timedelta(days=21)


def test_what_corrects_a_closed_day_is_booked_on_the_first_open_one_and_says_so(
    lent: Loan, charlie: User, bounced: tuple[AccountEvent, date]
) -> None:
    event, opens_on = bounced
    known = at(opens_on + timedelta(days=3))

    services.take_back(actor=charlie, event=event, reason="The cheque bounced.", now=known)

    reversal = Entry.objects.get(reverses=event.entry_id)
    assert (reversal.day, reversal.facts["of_day"]) == (opens_on, event.day.isoformat())
    found = ledger.statement(lent.pk, start=opens_on, end=opens_on)
    row = next(one for one in found.rows if one.entry_id == reversal.pk)
    assert (row.of_day, row.charged) == (event.day, event.amount)
    assert statements.what(row) == f"Reversed, for {event.day.day} {event.day:%b %Y}"
    assert next(one[-1] for one in statements.table(found)) == "of_day"
    assert event.day in [one[-1] for one in statements.table(found)]
    assert factories.paid(lent) == []
    assert factories.offenders() == []


def test_rule_6_8_a_payment_that_bounces_leaves_its_closed_nights_charged_on_their_days(
    lent: Loan, charlie: User
) -> None:
    """What is paid later goes to those charges first, as if the first payment had never been."""
    day = factories.due_dates(lent)[0]
    nights = [day + timedelta(days=one) for one in (1, 2, 3, 5, 6)]
    steps = [
        Step(0, day, factories.receipt(day, lent.instalments.get(number=1).due), closes=True),
        *(Step(number, night, None, closes=True) for number, night in enumerate(nights[:3], 1)),
        Step(4, _day_after(nights[2]), _other(_day_after(nights[2])), closes=False),
        Step(5, nights[3], None, closes=True),
        Step(6, nights[4], None, closes=True),
    ]
    twin = _without(lent, steps, [0])
    _play(lent, steps)
    reported = _as_reported(lent, steps)
    assert _charged(lent) == []

    _take_back(lent, 0, charlie, at(nights[-1] + timedelta(days=1)))

    # A day of 9,793 at 24 % a year; what was paid on the fourth day counts from its end.
    charged = _charged(lent)
    assert [one for one, _amount in charged] == nights
    assert charged[0][1] == Decimal("6.44")
    assert factories.standing(lent) == twin
    assert _as_reported(lent, steps) == reported
    penal = Entry.objects.filter(loan_id=lent.pk, event="penal_charge", reversal=None)
    assert {one.day for one in penal} == {nights[-1] + timedelta(days=1)}
    assert sorted(one.facts["of_day"] for one in penal) == [one.isoformat() for one in nights]
    assert factories.offenders() == []


def _day_after(day: date) -> date:
    return day + timedelta(days=1)


def _other(day: date) -> Fact:
    return factories.receipt(day, 3_000, external_reference="UTR-other")


def _charged(loan: Loan) -> list[tuple[date, Decimal | None]]:
    rows = AccountEvent.objects.filter(loan=loan, status="live", parameters__code="late_payment")
    return list(rows.order_by("day").values_list("day", "amount"))


def test_the_page_says_before_on_which_day_the_books_change(
    charlie: User, bounced: tuple[AccountEvent, date], signed_in: Callable[[User], Client]
) -> None:
    event, opens_on = bounced

    page = signed_in(charlie).get(reverse("repayments:take_back", args=[event.pk]))

    assert f"is booked on {opens_on.day} {opens_on:%b %Y}" in page.content.decode()


def test_a_receipt_of_a_closed_day_stays_refused(
    lent: Loan, charlie: User, bounced: tuple[AccountEvent, date]
) -> None:
    event, opens_on = bounced
    now = at(opens_on)
    services.take_back(actor=charlie, event=event, reason="The cheque bounced.", now=now)
    before = factories.state(lent)

    with pytest.raises(DayClosed, match="or later"):
        factories.pay(CLERK, lent, event.day, 500, now=now)

    assert factories.state(lent) == before


def test_what_was_corrected_is_corrected_again_after_that_day_is_closed_too(
    lent: Loan, charlie: User, bounced: tuple[AccountEvent, date]
) -> None:
    """A pre-payment makes each later day's interest another one; both go, one after the other."""
    event, opens_on = bounced
    now = at(opens_on)
    early = services.enter(
        actor=CLERK,
        loan=lent,
        fact=factories.prepayment(opens_on, 60_000),
        reference="early",
        now=now,
    )
    _close(lent, opens_on + timedelta(days=5))
    _close(lent, opens_on + timedelta(days=6))
    next_open = opens_on + timedelta(days=7)

    services.take_back(actor=charlie, event=early, reason="The cheque bounced.", now=at(next_open))
    corrected = Entry.objects.filter(
        loan_id=lent.pk, event="interest_accrual", day=next_open, reversal__isnull=True
    )
    assert {one.facts["of_day"] for one in corrected} >= {(opens_on + timedelta(6)).isoformat()}
    _close(lent, next_open)
    services.take_back(
        actor=charlie,
        event=event,
        reason="The cheque bounced.",
        now=at(next_open + timedelta(days=2)),
    )

    assert factories.paid(lent) == []
    assert factories.books(lent)["principal"] == lent.principal
    assert factories.offenders() == []
