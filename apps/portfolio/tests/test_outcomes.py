"""What became of loans is what their snapshots say, counted loan by loan; and who they are."""

import io
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, Entity, User
from apps.loans.models import Loan
from apps.npa.models import DayEnd, LoanDay
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import months, services, summary_page
from apps.portfolio.figures import OUTCOMES, Figure
from apps.portfolio.models import DayTotal, RolledDay, SummedDay, Turn
from apps.portfolio.services import following
from apps.portfolio.turns import Turned
from benchmarks import loan_book

Browser = Callable[[User], Client]
LAST = date(2026, 9, 30)
# Fourteen ends of months, the last of them the last day that was ended.
ENDS = months.window(LAST, 13)
NOW = nights.at(LAST + timedelta(days=1))
# What a loan is at the end of a month: performing, not, gone one way or the other.
_NEXT = {"good": "ggggggbbw", "bad": "bbbbggcw"}
_STATES = {"g": "good", "b": "bad", "c": "closed", "w": "written_off"}
_GONE = ("closed", "written_off")


@pytest.fixture
def book(db: None) -> Entity:
    """Twenty loans; their own snapshots are of other months."""
    for command in ("sync_roles", "load_products"):
        call_command(command, stdout=io.StringIO())
    return loan_book.build(20, day=LAST, seeds=20).entity


@pytest.fixture
def pune(book: Entity) -> Branch:
    """The branch the loans were lent by."""
    return Branch.objects.get(code="pune")


@pytest.fixture
def nashik(book: Entity) -> Branch:
    """Another branch of the same lender."""
    return Branch.objects.create(entity=book, code="outcomes", name="Outcomes")


def _manager(branch: Branch) -> User:
    person = User(email=f"{branch.code}@lender.example", name="Mira", branch=branch)
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name="credit_reviewer"))
    return person


def _live(
    entity: Entity, seed: int, branches: list[Branch], *, not_ended: date | None = None
) -> None:
    """Let each loan perform, stop, come back and leave by chance, and end all months but one."""
    chance = random.Random(seed)  # noqa: S311 - a test
    for day in ENDS:
        if day != not_ended:
            nights.ended(entity, day)
    for loan in Loan.objects.order_by("number"):
        state, branch = chance.choice(["good", "good", "bad"]), chance.choice(branches)
        for day in ENDS[chance.choice([0, 0, 0, 0, 0, 3]) :]:
            _snapshot(loan, day, state, branch)
            if state in _GONE:
                break
            state = _STATES[chance.choice(_NEXT[state])]


def _snapshot(loan: Loan, day: date, state: str, branch: Branch) -> None:
    """Write how a loan stands; what left did so in the middle of the month."""
    place = {"branch_id": branch.pk, "entity_id": branch.entity_id}
    if state in _GONE:
        middle = day.replace(day=15)
        nights.snapshot(loan, middle, asset_class=state, principal=Decimal(0), **place)
    elif state == "bad":
        nights.npa(loan, day, **place)
    else:
        nights.snapshot(loan, day, **place)


def _within_the_next_month(entity: Entity) -> date:
    """End a day on which every loan stands the other way round, and return it."""
    day = LAST + timedelta(days=4)
    nights.ended(entity, day)
    for row in LoanDay.objects.filter(day=LAST).select_related("loan", "branch"):
        _snapshot(row.loan, day, "good" if row.npa_date else "bad", row.branch)
    return day


def _histories() -> dict[Any, dict[date, LoanDay]]:
    """Return each loan's snapshots by the end of the month that they are of."""
    found: dict[Any, dict[date, LoanDay]] = defaultdict(dict)
    for row in LoanDay.objects.select_related("loan"):
        found[row.loan_id][months.last_of(row.day)] = row
    return found


def _state(row: LoanDay | None) -> str:
    if row is None:
        return "none"
    if row.asset_class in _GONE:
        return row.asset_class
    return "bad" if row.npa_date else "good"


def _computed(day: date) -> Counter[tuple[Any, str]]:
    """Count the outcomes at the end of a month from the snapshots, none of the statements used."""
    found: Counter[tuple[Any, str]] = Counter()
    for rows in _histories().values():
        for of in (6, 12):
            ends = months.window(day, of)
            if ends[0] < ENDS[0]:
                continue
            states = [_state(rows.get(end)) for end in ends]
            for name in _of_window(states, of):
                found[_place(rows[ends[0]]), name] += 1
            if of == 12:
                _came_back(found, rows, ends)
    return found


def _of_window(states: list[str], of: int) -> list[str]:
    first, *later = states
    found = []
    if first == "good":
        stopped = {"bad", "written_off"} & set(later)
        found = [f"performed_{of}", *([f"defaulted_{of}"] if stopped else [])]
    elif first == "bad" and of == 12:
        cured = "good" in later or "closed" in later
        found = ["impaired_12", *(["cured_12"] if cured else [])]
    return found


def _came_back(found: Counter[Any], rows: dict[date, LoanDay], ends: list[date]) -> None:
    states = [_state(rows.get(end)) for end in ends]
    for at, pair in enumerate(pairwise(states)):
        if pair == ("bad", "good"):
            place = _place(rows[ends[at + 1]])
            found[place, "back_12"] += 1
            if {"bad", "written_off"} & set(states[at + 1 :]):
                found[place, "again_12"] += 1
            return


def _place(row: LoanDay) -> Any:
    return (row.branch_id, row.loan.product_id, row.currency)


def _kept(day: date) -> Counter[tuple[Any, str]]:
    found: Counter[tuple[Any, str]] = Counter()
    for row in DayTotal.objects.filter(summed__day=day):
        place = (row.branch_id, row.product_id, row.currency)
        found.update({(place, name): getattr(row, name) for name in OUTCOMES})
    return +found


def _assert_equal() -> None:
    for day in ENDS:
        assert _kept(day) == _computed(day), day


def _listed(client: Client, figure: Figure, day: date = LAST) -> set[str]:
    query = {"figure": figure.value, "day": day.isoformat()}
    page = client.get(reverse("portfolio:summary_loans"), query).context["page"]
    return {row.number for row in page.rows}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_outcomes_are_what_the_snapshots_say(
    book: Entity, pune: Branch, nashik: Branch, seed: int
) -> None:
    _live(book, seed, [pune, nashik])

    services.summarise(entity=book, now=NOW)

    _assert_equal()
    # Not equal because nothing happened.
    names = {name for day in ENDS for _place, name in _kept(day)}
    assert names == set(OUTCOMES)
    assert not _kept(ENDS[5])
    assert following.follow(book) == []


def test_a_month_that_is_ended_once_more_changes_what_is_counted_since(
    book: Entity, pune: Branch
) -> None:
    _live(book, 4, [pune])
    services.summarise(entity=book, now=NOW)
    before = {day: _kept(day) for day in ENDS}

    day = ENDS[-3]
    well = LoanDay.objects.filter(day=day, npa_date=None, asset_class="standard")
    one = well.order_by("loan__number").first()
    assert one is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE npa_loanday SET npa_date = day WHERE loan_id = %s AND day = %s",
            [one.loan_id, day],
        )
    DayEnd.objects.filter(day=day).update(run=2)
    services.summarise(entity=book, now=NOW)

    _assert_equal()
    assert {end for end in ENDS if _kept(end) != before[end]} == set(ENDS[-3:])


def test_totals_made_anew_keep_their_outcomes(book: Entity, pune: Branch) -> None:
    _live(book, 5, [pune])
    services.summarise(entity=book, now=NOW)

    DayEnd.objects.filter(day=LAST).update(run=2)
    services.summarise(entity=book, now=NOW)
    _assert_equal()
    services.summarise(entity=book, now=NOW, again=True)

    _assert_equal()
    assert _kept(LAST)


def test_a_window_with_a_month_missing_is_not_known(
    book: Entity, pune: Branch, signed_in: Browser
) -> None:
    _live(book, 1, [pune], not_ended=ENDS[4])

    services.summarise(entity=book, now=NOW)

    names = {name for _place, name in _kept(LAST)}
    assert names == {"performed_6", "defaulted_6"}
    client = signed_in(_manager(pune))
    assert _listed(client, Figure.DEFAULT_6)
    for figure in (Figure.DEFAULT_12, Figure.CURE, Figure.REDEFAULT):
        assert _listed(client, figure) == set()


def test_each_outcome_leads_to_the_loans_it_counts(
    book: Entity, pune: Branch, nashik: Branch, signed_in: Browser
) -> None:
    _live(book, 2, [pune, nashik])
    services.summarise(entity=book, now=NOW)
    counted = {
        Figure.DEFAULT_6: "defaulted_6",
        Figure.DEFAULT_12: "defaulted_12",
        Figure.CURE: "cured_12",
        Figure.REDEFAULT: "again_12",
    }
    for branch in (pune, nashik):
        client = signed_in(_manager(branch))
        for figure, name in counted.items():
            own = [n for (place, of), n in _kept(LAST).items() if of == name]
            seen = [
                n for (place, of), n in _kept(LAST).items() if of == name and place[0] == branch.pk
            ]
            assert len(_listed(client, figure)) == sum(seen), (branch, figure)
            assert sum(own) > 0, figure


def test_the_page_shows_them_to_the_end_of_the_last_month(
    book: Entity, pune: Branch, signed_in: Browser
) -> None:
    _live(book, 3, [pune])
    within = _within_the_next_month(book)
    client = signed_in(_manager(pune))
    services.summarise(entity=book, now=NOW)

    page = client.get(reverse("portfolio:summary"), {"day": within.isoformat()})

    group = next(one for one in page.context["groups"] if one["code"] == "window")
    assert (group["day"], group["month_before"]) == (LAST, ENDS[-2])
    assert summary_page.UNKNOWN not in {row["value"] for row in group["rows"]}
    assert f'id="is-{Figure.REDEFAULT}"' in page.text
    assert _listed(client, Figure.DEFAULT_6, within) == _listed(client, Figure.DEFAULT_6)
    early = client.get(reverse("portfolio:summary"), {"day": ENDS[3].isoformat()})
    assert [one["code"] for one in early.context["groups"]] == ["day", "month"]
    assert f'id="is-{Figure.REDEFAULT}"' not in early.text


def test_turns_are_of_whole_months_and_known_to_the_database(book: Entity, pune: Branch) -> None:
    _live(book, 1, [pune])
    within = _within_the_next_month(book)
    services.summarise(entity=book, now=NOW)

    assert set(Turn.objects.values_list("kind", flat=True)) == set(Turned)
    assert set(Turn.objects.values_list("day", flat=True)) <= set(ENDS[1:])
    assert RolledDay.objects.filter(day=within).exists()
    assert SummedDay.objects.get(day=LAST).turned == RolledDay.objects.get(day=LAST).pk
    with pytest.raises(IntegrityError, match="portfolio_turn_known"), transaction.atomic():
        Turn.objects.update(kind="late")


def test_no_rate_is_computed_out_of_a_month_that_lacks_a_snapshot(
    book: Entity, pune: Branch
) -> None:
    _live(book, 1, [pune])
    services.summarise(entity=book, now=NOW)
    last = DayTotal.objects.filter(summed__day=LAST)
    whole = last.aggregate(Sum("performed_6"), Sum("performed_12"))
    assert min(whole.values()) > 0

    # Of the longer window only.
    RolledDay.objects.filter(day=ENDS[-9]).update(missing=1)
    SummedDay.objects.filter(day=LAST).update(turned=None)
    services.summarise(entity=book, now=NOW)

    found = last.aggregate(Sum("performed_6"), Sum("performed_12"))
    assert found == whole | {"performed_12__sum": 0}
