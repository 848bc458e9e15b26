"""A loan that was paid out in part: on the books is what went out, and never the rest."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.loans import services as loans
from apps.loans.models import Disbursement, Loan
from apps.loans.tests import factories as lending
from apps.npa import borrower_facts, explaining, proofs
from apps.npa.models import DayEnd
from apps.npa.services import snapshotting
from apps.npa.statements import facilities
from apps.npa.tests import day_factories as days
from apps.repayments.tests import factories as repaying
from apps.repayments.tests.factories import at, later

pytestmark = pytest.mark.django_db
FIRST = Decimal(80_000)


@pytest.fixture
def loan(staged: Loan) -> Loan:
    """A loan of 200,000 of which 80,000 were paid out today, and the rules of its lender."""
    days.rules()
    return staged


def _part(loan: Loan, alice: User, bob: User, day: date, amount: int) -> Disbursement:
    rest_on = None if amount == 120_000 else later(40)
    payment = lending.payment(
        loan, planned_date=day, amount=Decimal(amount), rest_planned_date=rest_on
    )
    asked = loans.request(actor=alice, loan=loan, payment=payment, now=at(day))
    loans.approve(actor=bob, disbursement=asked, now=at(day))
    return loans.confirm(
        actor=bob, disbursement=asked, paid_date=day, bank_reference=f"UTR-{amount}", now=at(day)
    )


def _closed(loan: Loan, day: date) -> Decimal:
    """Close a day; return its principal, which the ledger and the explanation have as well."""
    assert days.end(loan, day, close=True).status == "closed"
    assert proofs.principal_is_booked() is None
    assert explaining.explain(loan, day).differences == ()
    return days.of_day(loan, day).principal


def _give_up(loan: Loan, bob: User, day: date) -> Loan:
    return loans.give_up_rest(actor=bob, loan=loan, reason="No more is needed", now=at(day))


def test_each_closed_day_has_what_went_out_also_after_the_rest_is_given_up(
    loan: Loan, bob: User
) -> None:
    before = [_closed(loan, later(day)) for day in (1, 2, 3)]
    loan = _give_up(loan, bob, later(4))
    after = [_closed(loan, later(day)) for day in (4, 5)]

    assert before == [FIRST] * 3
    assert after == [FIRST] * 2
    assert repaying.offenders() == []


def test_the_rest_is_on_the_books_from_the_day_it_goes_out(
    loan: Loan, alice: User, bob: User
) -> None:
    days.end(loan, later(1))
    _part(loan, alice, bob, later(3), 120_000)

    # The second day is ended once the rest has gone out on the third.
    found = [_closed(loan, later(day)) for day in (1, 2, 3, 4)]

    assert found == [FIRST, FIRST, 200_000, 200_000]
    assert repaying.offenders() == []


def test_a_part_that_came_back_was_on_the_books_until_then(
    loan: Loan, alice: User, bob: User, charlie: User
) -> None:
    part = _part(loan, alice, bob, later(1), 60_000)
    _give_up(loan, bob, later(1))
    before = _closed(loan, later(1))
    loans.reverse(
        actor=charlie, disbursement=part, day=later(3), reason="It bounced.", now=at(later(3))
    )
    loan.refresh_from_db()

    after = [_closed(loan, later(day)) for day in (2, 3, 4)]

    assert (before, after) == (140_000, [140_000, FIRST, FIRST])
    assert repaying.offenders() == []


def test_what_is_repaid_comes_off_what_went_out_and_a_day_ended_later_stands_as_it_did(
    loan: Loan, alice: User
) -> None:
    first = repaying.due_dates(loan)[0]
    following = first + timedelta(days=1)
    days.end(loan, first)
    row = loan.instalments.get(in_force=True, number=1)
    # It is paid the day after, and then the day before is ended once more.
    repaying.pay(alice, loan, following, row.due)

    again = days.end(loan, first)

    assert again.stages["classify"]["looked_back"] == 1
    found = days.of_day(loan, first)
    assert (found.principal, found.principal_due) == (FIRST, row.principal)
    assert explaining.explain(loan, first).differences == ()
    days.end(loan, following)
    assert days.of_day(loan, following).principal == FIRST - row.principal
    assert explaining.explain(loan, following).differences == ()
    assert repaying.offenders() == []


def _agreed(day_end: DayEnd) -> Decimal:
    """Return how much the night has as lent at first, beside which small security is none."""
    values = snapshotting.values_of(day_end) | {"read_until": None}
    with connection.cursor() as cursor:
        kinds = snapshotting.kinds(day_end)
        cursor.execute(facilities.make(kinds, with_pd=False, rolls=False), values)
        cursor.execute("SELECT exposure_at_start FROM npa_facility")
        [(found,)] = cursor.fetchall()
        cursor.execute("DROP TABLE npa_facility")
    return Decimal(found)


def test_small_security_is_measured_by_what_the_contract_stood_for_on_the_day(
    loan: Loan, bob: User
) -> None:
    _give_up(loan, bob, later(2))
    loan.refresh_from_db()

    # The first day is ended once the rest is given up on the second.
    by_night = [_agreed(days.end(loan, later(day))) for day in (1, 2, 3)]
    anew = [
        stood.facility.exposure_at_start
        for day in (1, 2, 3)
        for stood in borrower_facts.of_borrower(loan, later(day))
    ]

    assert by_night == anew == [200_000, FIRST, FIRST]
