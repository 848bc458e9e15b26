"""Portfolios are added up once, again where a day was ended once more, and never wrongly."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Branch, Entity, User
from apps.loans.models import Loan
from apps.npa.models import DayEnd
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import roll_rows, services, vintage_rows
from apps.portfolio.bands import Band
from apps.portfolio.models import Roll, RolledDay, VintageLent, VintageLost, VintagesMade
from apps.portfolio.months import Width, last_of
from apps.portfolio.roll_rows import Chosen
from apps.portfolio.services import Summarised
from apps.portfolio.statements.rolling import BOTH
from apps.portfolio.vintages import Sum
from apps.servicing import services as servicing
from apps.servicing.tests import factories

NOW, TODAY = nights.NOW, nights.TODAY
DAY = timedelta(days=1)
# The ends of the month of the payment and of the two after it.
FIRST = last_of(TODAY)
SECOND = last_of(FIRST + DAY)
THIRD = last_of(SECOND + DAY)


def _ended(loan: Loan, day: date, days: int, **changes: Any) -> None:
    """End a day on which a loan is so many days past due."""
    nights.ended(loan.branch.entity, day)
    nights.snapshot(loan, day, dpd_ifrs=days, dpd_rbi=days, **changes)


def _cells() -> list[tuple[date, str, str, int, Decimal]]:
    rows = Roll.objects.order_by("rolled__day")
    return list(rows.values_list("rolled__day", "before", "after", "loans", "principal"))


def _summarise(entity: Entity, **changes: Any) -> Summarised:
    return services.summarise(entity=entity, now=NOW, **changes)


def test_loans_roll_from_one_end_of_a_month_to_the_next(lent: Loan, india: Entity) -> None:
    _ended(lent, FIRST, 0)
    _ended(lent, SECOND, 12)
    _ended(lent, THIRD, 43)

    assert _summarise(india) == Summarised(True, 2, 3)

    amount = Decimal(100_000)
    assert _cells() == [
        (SECOND, "current", "1-29", 1, amount),
        (THIRD, "1-29", "30-59", 1, amount),
    ]
    # What is known is not made twice.
    assert _summarise(india) == Summarised(False, 0)
    assert _summarise(india, again=True) == Summarised(True, 2, 3)
    assert len(_cells()) == 2


def test_a_loan_without_a_snapshot_on_that_night_is_in_no_cell_and_counted_as_missing(
    lent: Loan, india: Entity, charlie: User
) -> None:
    _ended(lent, FIRST, 0)
    nights.ended(india, SECOND)

    assert _summarise(india) == Summarised(True, 1, 2)

    rolled = RolledDay.objects.get()
    assert (rolled.missing, _cells()) == (1, [])
    chosen = Chosen(entity=india, currency="INR", rolled=rolled)
    assert roll_rows.trend(charlie, chosen) == []
    # Once its night is run again, and finds the loan, the month is whole.
    DayEnd.objects.filter(day=SECOND).update(run=2)
    nights.snapshot(lent, SECOND, dpd_ifrs=31, dpd_rbi=31)
    assert _summarise(india) == Summarised(False, 1, 1)
    assert _cells() == [(SECOND, "current", "30-59", 1, Decimal(100_000))]
    assert [one.missing for one, _matrix in roll_rows.trend(charlie, chosen)] == [0]


def test_a_first_night_whose_snapshots_are_gone_counts_all_its_loans_as_missing(
    lent: Loan, india: Entity
) -> None:
    nights.ended(india, FIRST)
    DayEnd.objects.filter(day=FIRST).update(loans=7)
    _ended(lent, SECOND, 12)

    _summarise(india)

    assert (RolledDay.objects.get().missing, _cells()) == (7, [])


@pytest.mark.parametrize("left", ["closed", "written_off"])
def test_what_left_in_between_is_seen_by_its_last_row(lent: Loan, india: Entity, left: str) -> None:
    _ended(lent, FIRST, 70)
    nights.snapshot(lent, FIRST + 5 * DAY, asset_class=left, principal=0)
    nights.ended(india, SECOND)

    _summarise(india)

    assert _cells() == [(SECOND, "60-89", left, 1, Decimal(100_000))]


def test_what_left_is_found_by_an_index_of_its_own(lent: Loan, india: Entity) -> None:
    """Without it the last row of each loan that left is looked for among a month of snapshots."""
    _ended(lent, FIRST, 0)
    nights.snapshot(lent, FIRST + 5 * DAY, asset_class="closed", principal=0)
    values = {"entity": india.pk, "since": FIRST, "day": SECOND}

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {BOTH}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    month = f"npa_loanday_{SECOND:%Y_%m}"
    assert f"on {month} g" in plan
    assert f"{month}_loan_id_day_idx" in plan


def test_the_last_day_stands_for_the_month_that_runs(lent: Loan, india: Entity) -> None:
    _ended(lent, FIRST, 0)
    _ended(lent, FIRST + 3 * DAY, 3)
    _summarise(india)
    assert [day for day, *_rest in _cells()] == [FIRST + 3 * DAY]

    _ended(lent, FIRST + 4 * DAY, 4)
    _summarise(india)

    assert [day for day, *_rest in _cells()] == [FIRST + 4 * DAY]


def test_a_day_that_is_ended_once_more_is_added_up_once_more(lent: Loan, india: Entity) -> None:
    _ended(lent, FIRST, 0)
    _ended(lent, SECOND, 31)
    _summarise(india)

    DayEnd.objects.filter(day=SECOND).update(run=2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE npa_loanday SET dpd_ifrs = 0 WHERE day = %s", [SECOND])
    assert _summarise(india) == Summarised(False, 1, 1)

    assert _cells() == [(SECOND, "current", "current", 1, Decimal(100_000))]


def test_a_month_whose_end_is_not_ended_has_no_rates(lent: Loan, india: Entity) -> None:
    _ended(lent, FIRST + DAY, 0)
    _ended(lent, SECOND, 31)

    _summarise(india)

    assert _cells() == []


def test_the_loans_behind_a_cell_are_those_it_counts(
    lent: Loan, india: Entity, charlie: User
) -> None:
    _ended(lent, FIRST, 0)
    _ended(lent, SECOND, 31)
    nights.snapshot(lent, SECOND + 9 * DAY, asset_class="written_off", principal=0)
    nights.ended(india, THIRD)
    _summarise(india)

    for rolled in RolledDay.objects.all():
        chosen = Chosen(entity=india, currency="INR", rolled=rolled)
        matrix = roll_rows.matrix(charlie, chosen)
        assert len(matrix.cells) == 1
        for before in list(Band)[:-2]:
            for after in Band:
                found = roll_rows.loans(charlie, chosen, before=before, after=after)
                assert found.count() == matrix.sum(before, after).loans, (before, after)


def test_what_the_ledger_wrote_off_is_lost_at_its_age(
    lent: Loan, india: Entity, alice: User, charlie: User
) -> None:
    day = factories.late(lent, 200)
    relief = servicing.Relief(kind="write_off", reason="The borrower cannot be found")
    proposal = servicing.propose(actor=alice, loan=lent, relief=relief, now=nights.at(day))
    servicing.approve(actor=charlie, proposal=proposal, now=nights.at(day))

    _summarise(india)

    lost = VintageLost.objects.get()
    assert (lost.vintage, lost.loans) == (TODAY.replace(day=1), 1)
    assert lost.months_on_book == (day.year - TODAY.year) * 12 + day.month - TODAY.month
    assert lost.principal == Decimal(200_000)
    [lent_then] = VintageLent.objects.all()
    assert (lent_then.loans, lent_then.principal) == (1, Decimal(200_000))
    chosen = vintage_rows.Chosen(entity=india, currency="INR", day=last_of(day))
    [curve] = vintage_rows.curves(charlie, chosen, width=Width.MONTH)
    assert curve.by_amount(lost.months_on_book) == 1
    assert curve.lost[lost.months_on_book - 1] == Sum()
    behind = vintage_rows.loans(
        charlie, chosen, vintage=lost.vintage, width=Width.MONTH, lost_only=True
    )
    assert [one.pk for one in behind] == [lent.pk]


def test_vintages_are_added_up_once_a_day(lent: Loan, india: Entity) -> None:
    _summarise(india)
    later = services.summarise(entity=india, now=NOW + DAY)

    assert later.vintages
    assert VintageLent.objects.count() == 1
    assert VintagesMade.objects.get().made_at == NOW + DAY


def test_another_branch_sees_no_sums(
    lent: Loan, india: Entity, nashik: Branch, make_person: Any
) -> None:
    _ended(lent, FIRST, 0)
    _ended(lent, SECOND, 31)
    _summarise(india)
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    rolled = RolledDay.objects.get()

    chosen = Chosen(entity=india, currency="INR", rolled=rolled)
    assert roll_rows.matrix(nina, chosen).cells == {}
    known = vintage_rows.Chosen(entity=india, currency="INR", day=THIRD)
    assert vintage_rows.curves(nina, known, width=Width.MONTH) == []


def test_the_database_knows_the_bands(lent: Loan, india: Entity) -> None:
    rolled = RolledDay.objects.create(entity=india, since=FIRST, day=SECOND, since_run=1, day_run=1)
    for before, after in (("closed", "current"), ("current", "late")):
        with pytest.raises(IntegrityError, match="bands_known"), transaction.atomic():
            Roll.objects.create(
                rolled=rolled,
                branch=lent.branch,
                product=lent.product,
                currency="INR",
                before=before,
                after=after,
                loans=1,
            )
    assert _cells() == []


def test_the_command_says_what_it_added_up(lent: Loan, india: Entity) -> None:
    said = io.StringIO()

    call_command("summarise_portfolio", entity=india.code, stdout=said)

    assert said.getvalue() == f"{india.code}: vintages, 0 months of roll rates, 0 days.\n"
    with pytest.raises(CommandError, match="no lender nowhere"):
        call_command("summarise_portfolio", entity="nowhere")
