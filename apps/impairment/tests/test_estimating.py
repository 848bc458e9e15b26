"""What the history says by one statement is what it says loan by loan."""

import io
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.decisions.models import Decision
from apps.impairment import cells, stored
from apps.impairment.models import Estimate, ParameterSet
from apps.impairment.services import estimating
from apps.impairment.tests import factories
from apps.impairment.tests.factories import ENDS, LAST, refused, terms
from apps.loans.models import Loan
from apps.npa.models import DayEnd, LoanDay
from apps.portfolio import months

GONE = ("closed", "written_off")


@pytest.mark.parametrize("seed", [1, 2])
def test_months_at_risk_are_counted_as_loan_by_loan(book: Entity, seed: int) -> None:
    factories.live(book, seed)

    found = estimating.counts(book, ENDS, terms())

    counted: Any = {
        (one.lead, one.late, one.band, one.age): [one.exposed, one.defaults] for one in found
    }
    assert counted == _by_hand(terms().bands)  # fmt: skip
    assert sum(one.defaults for one in found) > 0


def _by_hand(bounds: tuple[Decimal, ...]) -> dict[tuple[int, ...], list[int]]:
    lives: dict[Any, dict[date, LoanDay]] = defaultdict(dict)
    for row in LoanDay.objects.all():
        lives[row.loan_id][row.day] = row
    cellsof: dict[tuple[int, ...], list[int]] = defaultdict(lambda: [0, 0])
    for key, rows in lives.items():
        loan = Loan.objects.get(pk=key)
        scored = Decision.objects.filter(application=loan.application_id, score_run__isnull=False)
        run = scored.order_by("-number").values_list("score_run__pd", flat=True).first()
        band = cells.band_of(None if run is None else round(Decimal(run), 6), bounds)
        for place, (day, after) in enumerate(pairwise(ENDS)):
            if not _performs(rows.get(day)):
                continue
            written = any(
                row.asset_class == "written_off" and day < when <= after
                for when, row in rows.items()
            )
            then = rows.get(after)
            bad = not _performs(then) if then and then.asset_class not in GONE else written
            age = cells.age_of(months.age(loan.disbursed_date, day) + 1)  # type: ignore[arg-type]
            for lead in range(1, cells.LEADS + 1):
                if place - lead + 1 < 0 or not _performs(rows.get(ENDS[place - lead + 1])):
                    continue
                late = cells.late_of(rows[ENDS[place - lead + 1]].dpd_ifrs)
                cell = cellsof[lead, late, band, age]
                cell[0] += 1
                cell[1] += bad
    return dict(cellsof)


def _performs(row: LoanDay | None) -> bool:
    return (
        row is not None
        and row.asset_class not in GONE
        and row.npa_date is None
        and row.dpd_ifrs < 90
    )


def test_it_keeps_what_it_found_as_a_version(book: Entity, approved: ParameterSet) -> None:
    factories.live(book)

    made = factories.estimated(book)
    again = factories.estimated(book)

    assert again == made
    assert (made.version, made.as_of, made.months) == (1, LAST, len(ENDS))
    assert made.sha256 == stored.sha256(made.body)
    assert made.loan_months == sum(map(sum, made.body["exposed"])) > 0
    assert made.defaults == sum(map(sum, made.body["defaults"])) > 0
    assert Event.objects.filter(verb="impairment.estimated").count() == 1
    stored.read(made.body)


def test_another_history_is_another_version(book: Entity, approved: ParameterSet) -> None:
    factories.live(book)
    first = factories.estimated(book, ENDS[-2])

    second = factories.estimated(book)

    assert (first.version, second.version) == (1, 2)
    assert refused(lambda: factories.estimated(book, ENDS[-2])).code == "estimated_later"


def test_the_database_keeps_a_version_as_it_was(book: Entity, approved: ParameterSet) -> None:
    factories.live(book)
    made = factories.estimated(book)

    with pytest.raises(DatabaseError), transaction.atomic():
        Estimate.objects.filter(pk=made.pk).update(defaults=0)
    with pytest.raises(DatabaseError), transaction.atomic():
        made.delete()


def test_it_says_what_is_missing(book: Entity, analyst: User, manager: User) -> None:
    assert refused(lambda: factories.estimated(book)).code == "no_parameters"
    factories.approved(book, analyst, manager)
    assert refused(lambda: factories.estimated(book)).code == "no_history"


def test_a_month_that_is_missing_begins_the_history_anew(
    book: Entity, approved: ParameterSet
) -> None:
    factories.live(book)
    DayEnd.objects.filter(entity=book, day=ENDS[5]).update(status="running", finished_at=None)

    assert estimating.month_ends(book, LAST) == ENDS[6:]


def test_recoveries_are_followed_for_their_months(book: Entity, approved: ParameterSet) -> None:
    """Twelve months after it: one that performs again, one with nothing, one too young."""
    rules = terms(recoveries={"workout_months": 12})
    for day in ENDS:
        factories.nights.ended(book, day)
    back, lost, young = Loan.objects.order_by("number")[:3]
    for loan, late in (
        (back, [0] + [90] * 12 + [0]),
        (lost, [0] + [90] * 13),
        (young, [0] * 5 + [90] * 9),
    ):
        for day, days in zip(ENDS, late, strict=True):
            factories.stands(loan, day, days)

    found = estimating.cases(book, ENDS, rules)

    assert len(found) == 2
    assert {one.owed for one in found} == {Decimal(100_000)}
    assert {one.kind for one in found} == {"unsecured"}
    [cured] = [one for one in found if one.recovered]
    rate = (1 + back.annual_rate / 12) ** 12
    days = (ENDS[13] - ENDS[1]).days
    assert abs(cured.recovered - 100_000 * rate ** (Decimal(-days) / 365)) < Decimal("0.01")
    assert [one.lgd for one in found if one is not cured] == [1]


@pytest.mark.parametrize("is_bad_again", [False, True])
def test_what_came_back_is_counted_to_the_end_of_its_months(
    book: Entity, approved: ParameterSet, is_bad_again: bool
) -> None:
    """One default at the end of each month of a year, into a leap year, followed for twelve.

    What is paid in the last of them counts beside what is owed after it, not beside what was owed
    a month before; and a loan that is bad again by then has not come back.
    """
    ends = months.window(date(2024, 12, 31), 24)
    day_after = timedelta(days=1)
    for place, loan in enumerate(Loan.objects.order_by("number")):
        factories.stands(loan, ends[place], 0)
        for month in range(1, 12):
            factories.stands(loan, ends[place + month], 90)
        before, end = ends[place + 12 : place + 14]
        factories.stands(loan, before, 0, principal=Decimal(40_000))
        factories.stands(loan, end, 90 if is_bad_again else 0, principal=Decimal(30_000))
        factories.paid(loan, end, 10_000)
        factories.paid(loan, end + day_after, 500)

    found = estimating.cases(book, ends, terms(recoveries={"workout_months": 12}))

    assert len(found) == 12
    came = 10_000 if is_bad_again else 40_000
    expected = []
    for place, loan in enumerate(Loan.objects.order_by("number")):
        days = (ends[place + 13] - ends[place + 1]).days
        rate = (1 + loan.annual_rate / 12) ** 12
        expected.append(came * rate ** (Decimal(-days) / 365))
    for one, by_hand in zip(
        sorted(case.recovered for case in found), sorted(expected), strict=True
    ):
        assert abs(one - by_hand) < Decimal("0.01")


def test_what_was_bad_from_the_first_is_no_default_of_that_day(
    book: Entity, approved: ParameterSet
) -> None:
    """One bad all along, one that comes to perform and defaults later, one bad and written off."""
    rules = terms(recoveries={"workout_months": 12})
    ends = months.window(LAST, 20)
    always, later, lost = Loan.objects.order_by("number")[:3]
    for place, day in enumerate(ends):
        factories.stands(always, day, 90)
        factories.stands(later, day, 0 if place == 2 else 90, principal=1_000 * (place + 1))
        if place < 3:
            factories.stands(lost, day, 90)
    factories.gone(lost, ends[3] - timedelta(days=9), written_off=True)

    [case] = estimating.cases(book, ends, rules)

    assert case.owed == 4_000, "at the end of the month it defaulted in after it performed"


def test_what_was_written_off_within_a_month_counts_by_its_security(
    book: Entity, approved: ParameterSet
) -> None:
    """And once, with what was owed, where it was written back and written off again."""
    rules = terms(recoveries={"workout_months": 12})
    loan = Loan.objects.order_by("number")[0]
    for day in ENDS[:2]:
        factories.stands(loan, day, 0, secured=50_000)
    factories.gone(loan, ENDS[1] + timedelta(days=10), written_off=True)
    factories.stands(loan, ENDS[2], 0, principal=90_000)
    factories.gone(loan, ENDS[2] + timedelta(days=10), written_off=True)

    [case] = estimating.cases(book, months.window(date(2026, 11, 30), 15), rules)

    assert (case.kind, case.owed) == ("other", 100_000)


def test_what_came_since_the_balance_was_taken_came_back(
    book: Entity, approved: ParameterSet
) -> None:
    """Paid on the very day on which the rest was written off; what came before is out of it."""
    rules = terms(recoveries={"workout_months": 12})
    loan = Loan.objects.order_by("number")[0]
    for day in ENDS[:2]:
        factories.stands(loan, day, 0)
    gone = ENDS[1] + timedelta(days=10)
    factories.paid(loan, ENDS[1], 5_000)
    factories.paid(loan, gone, 60_000)
    factories.gone(loan, gone, written_off=True)

    [case] = estimating.cases(book, months.window(date(2026, 11, 30), 15), rules)

    assert (case.owed, case.recovered, case.lgd) == (100_000, 60_000, Decimal("0.4"))


def test_the_command_says_what_it_found(book: Entity, approved: ParameterSet) -> None:
    factories.live(book)
    said = io.StringIO()

    call_command("estimate_ecl", date=LAST, entity=book.code, stdout=said)

    assert "version 1" in said.getvalue()
    with pytest.raises(CommandError, match="no lender"):
        call_command("estimate_ecl", date=LAST, entity="nobody")
    with pytest.raises(CommandError, match="later day"):
        call_command("estimate_ecl", date=LAST - timedelta(days=40), entity=book.code)


def test_counts_add_up_over_lateness(book: Entity) -> None:
    """Every month at risk stands once under lead 1, whatever the lateness."""
    factories.live(book)
    found = estimating.counts(book, ENDS, terms())
    by_lead: Counter[int] = Counter()
    for one in found:
        by_lead[one.lead] += one.exposed

    assert by_lead[1] == max(by_lead.values())
    assert sorted(by_lead.values(), reverse=True) == [by_lead[n] for n in sorted(by_lead)]
