"""The queue: what comes first and why, filters, pages, counts, the next case."""

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Branch, User
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.decisions import services as cases
from apps.decisions.models import ReviewCase
from apps.decisions.services import InterestEntry
from apps.decisions.tests import factories as decisions
from apps.desk import presentation, selectors, services
from apps.desk.models import SavedView, ServiceLevel
from apps.desk.selectors import Filters, Place
from apps.desk.services import LevelEntry
from apps.desk.tests import factories
from tests.kept import kept

NOW = factories.NOW
HOUR = timedelta(hours=1)
MakePerson = Callable[..., User]


def _listed(actor: User, *, sort: str = "priority", **filters: Any) -> list[ReviewCase]:
    return selectors.page(actor, Filters(**filters), Place(sort=sort), now=NOW).rows


@pytest.fixture
@kept
def three(_known_book: None, alice: User, pune: Branch) -> list[ReviewCase]:
    """Three cases: one an hour late, one due in an hour, one due in a day."""
    decisions.policy(pune.entity)
    factories.level(pune.entity)
    made = [decisions.referred(alice, amount=amount) for amount in (100_000, 200_000, 300_000)]
    for case, due in zip(made, (-1, 1, 24), strict=True):
        ReviewCase.objects.filter(pk=case.pk).update(due_at=NOW + due * HOUR)
    return [ReviewCase.objects.get(pk=case.pk) for case in made]


def test_a_case_is_due_by_the_service_level_of_its_lender(alice: User, pune: Branch) -> None:
    decisions.policy(pune.entity)
    factories.level(pune.entity)
    factories.level(pune.entity, cause="no_champion", hours=6, owner="Operations")

    case = decisions.referred(alice)

    assert case.due_at == case.opened_at + 6 * HOUR
    assert case.service == {
        "hours": 6,
        "owner": "Operations",
        "cause": "no_champion",
        "product": "",
        "from_amount": "0.00",
    }


def test_a_case_without_a_service_level_keeps_its_arrival(case: ReviewCase, bob: User) -> None:
    shown = presentation.standing(_listed(bob)[0], now=NOW + 1000 * HOUR)

    assert (case.due_at, case.service) == (case.opened_at, {})
    assert shown.word == "No service level"
    assert _listed(bob, show="overdue") == []


def test_what_is_most_overdue_comes_first(bob: User, three: list[ReviewCase]) -> None:
    assert _listed(bob) == three
    assert _listed(bob, sort="-priority") == three[::-1]
    assert _listed(bob, sort="-amount") == three[::-1]
    assert _listed(bob, sort="number") == three


def test_escalated_cases_come_first_and_those_that_wait_last(
    bob: User, charlie: User, three: list[ReviewCase]
) -> None:
    late, soon, tomorrow = three
    services.escalate(actor=bob, case=tomorrow, to=charlie, why="Unclear.", now=NOW)
    factories.asked(bob, late)

    found = _listed(bob)

    assert found == [tomorrow, soon, late]
    assert (found[0].escalated_to, str(found[2].waits_until)) == ("Charlie", "2026-11-27")
    assert presentation.standing(found[0], now=NOW).working[0] == (
        "Escalated to Charlie: before all that are not."
    )
    assert presentation.standing(found[2], now=NOW).word == "Clock stands still"


def test_its_working_is_shown(bob: User, three: list[ReviewCase]) -> None:
    late, soon, tomorrow = _listed(bob)

    assert presentation.standing(late, now=NOW).word == "1 h late"
    assert presentation.standing(soon, now=NOW).tone == "warning"
    assert presentation.standing(tomorrow, now=NOW).word == "1 d 0 h left"
    assert presentation.standing(tomorrow, now=NOW).working == (
        "Service level 24 hours, for every case.",
        "Owner: Head of credit.",
    )


def test_it_filters(bob: User, beth: User, charlie: User, three: list[ReviewCase]) -> None:
    late, soon, tomorrow = three
    cases.claim(actor=bob, case=late, now=NOW)
    cases.claim(actor=beth, case=soon, now=NOW)
    services.escalate(actor=bob, case=tomorrow, to=charlie, why="Unclear.", now=NOW)

    expected: list[tuple[dict[str, Any], list[ReviewCase]]] = [
        ({"show": "mine"}, [late]),
        ({"show": "others"}, [soon]),
        ({"show": "unclaimed"}, [tomorrow]),
        ({"show": "overdue"}, [late]),
        ({"show": "escalated"}, [tomorrow]),
        ({"show": "to_me"}, []),
        ({"show": "information"}, []),
        ({"cause": "no_champion"}, [tomorrow, late, soon]),
        ({"cause": "pd_band"}, []),
        ({"least": Decimal(150_000), "most": Decimal(250_000)}, [soon]),
        ({"text": late.application.number.lower()}, [late]),
        ({"branch": "pune", "product": late.application.product.code}, [tomorrow, late, soon]),
        ({"branch": "nashik"}, []),
        ({"waiting_hours": 1}, []),
    ]
    for filters, found in expected:
        assert _listed(bob, **filters) == found, filters
    assert _listed(charlie, show="to_me") == [tomorrow]


def test_a_claim_that_ran_out_holds_nothing(bob: User, beth: User, three: list[ReviewCase]) -> None:
    cases.claim(actor=bob, case=three[0], now=NOW - HOUR)

    assert _listed(beth, show="unclaimed") == three
    assert _listed(bob, show="mine") == []


def test_it_counts_every_way_of_looking_with_one_query(
    bob: User, beth: User, three: list[ReviewCase], django_assert_num_queries: Any
) -> None:
    cases.claim(actor=bob, case=three[0], now=NOW)
    factories.asked(bob, three[1])

    selectors.counts(bob, Filters(), now=NOW)

    with django_assert_num_queries(2):
        # One of them asks in which branches the person works.
        found = selectors.counts(bob, Filters(), now=NOW)

    assert found == {
        "all": 3,
        "unclaimed": 2,
        "mine": 1,
        "others": 0,
        "overdue": 1,
        "escalated": 0,
        "to_me": 0,
        "information": 1,
        "awaiting_second": 0,
    }


def test_its_queries_do_not_grow_with_the_queue(
    alice: User, bob: User, three: list[ReviewCase], django_assert_num_queries: Any
) -> None:
    def read(size: int) -> list[str]:
        page = selectors.page(bob, Filters(), Place(size=size), now=NOW)
        return [
            f"{row.application.customer} {row.application.branch.entity} {row.claimed_by}"
            for row in page.rows
        ]

    read(1)
    for size in (1, 3):
        with django_assert_num_queries(2):
            assert len(read(size)) == size


def test_it_is_read_along_its_index_however_many_are_closed(
    charlie: User, three: list[ReviewCase]
) -> None:
    query = selectors.waiting(charlie, Filters(), now=NOW).order_by("rank", "due_at", "id")[:26]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")

    assert "decisions_case_priority" in query.explain()


@pytest.mark.parametrize("sort", selectors.SORTS)
def test_its_pages_hold_every_case_once(bob: User, three: list[ReviewCase], sort: str) -> None:
    seen, after = [], ""
    for _page in range(3):
        page = selectors.page(bob, Filters(), Place(sort=sort, after=after, size=1), now=NOW)
        seen += page.rows
        after = page.after

    assert (sorted(seen, key=str), after) == (sorted(three, key=str), "")
    assert seen == _listed(bob, sort=sort)


def test_a_place_that_is_none_is_refused(bob: User, three: list[ReviewCase]) -> None:
    with pytest.raises(DomainError):
        selectors.page(bob, Filters(), Place(after="nonsense"), now=NOW)


def test_the_next_case_is_ones_own_then_the_first_that_is_free(
    bob: User, beth: User, three: list[ReviewCase]
) -> None:
    late, soon, tomorrow = three
    assert selectors.next_case(bob, now=NOW) == late
    cases.claim(actor=beth, case=late, now=NOW)
    factories.asked(beth, soon)
    assert selectors.next_case(bob, now=NOW) == tomorrow
    entry = InterestEntry(
        relation="friend",
        reason="Old friend.",
        customer_number=tomorrow.application.customer.number,
    )
    cases.declare_interest(actor=bob, entry=entry, now=NOW)

    assert selectors.next_case(bob, now=NOW) is None
    assert selectors.next_case(beth, now=NOW) == late
    assert selectors.next_case(beth, now=NOW, after=late.pk) == tomorrow


def test_it_offers_only_people_who_may_hold_a_case(
    alice: User,
    bob: User,
    beth: User,
    charlie: User,
    case: ReviewCase,
    nashik: Branch,
    make_person: MakePerson,
) -> None:
    make_person("Nina", "credit_reviewer", branch=nashik)

    assert selectors.reviewers(case) == [beth, bob, charlie]
    assert selectors.managers(case, besides=bob) == [charlie]
    assert selectors.managers(case, besides=charlie) == []


def test_a_manager_changes_a_service_level_for_the_cases_to_come(
    alice: User, charlie: User, pune: Branch, case: ReviewCase
) -> None:
    before = factories.level(pune.entity)
    entry = LevelEntry(entity=pune.entity, hours=12, owner="Head of credit")

    made = services.enter_level(actor=charlie, entry=entry, now=NOW)

    before.refresh_from_db()
    assert (before.ended_by, before.ended_at) == (charlie, NOW)
    assert list(ServiceLevel.objects.standing()) == [made]
    assert decisions.referred(alice).service["hours"] == 12
    case.refresh_from_db()
    assert case.service == {}


def test_others_do_not_change_service_levels(bob: User, pune: Branch) -> None:
    level = factories.level(pune.entity)
    entry = LevelEntry(entity=pune.entity, hours=12, owner="Me")

    for act in (
        lambda: services.enter_level(actor=bob, entry=entry, now=NOW),
        lambda: services.end_level(actor=bob, level=level, now=NOW),
    ):
        with pytest.raises(NotPermitted):
            act()

    assert ServiceLevel.objects.standing().get() == level


def test_a_row_ends_once_and_never_changes(charlie: User, pune: Branch) -> None:
    level = factories.level(pune.entity)
    services.end_level(actor=charlie, level=level, now=NOW)

    with pytest.raises(Conflict):
        services.end_level(actor=charlie, level=level, now=NOW)
    for change in ({"hours": 1}, {"ended_at": None, "ended_by": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ServiceLevel.objects.filter(pk=level.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        level.delete()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hours": 0}, "hours"),
        ({"hours": 10_000}, "hours"),
        ({"owner": " "}, "owner"),
        ({"from_amount": Decimal(-1)}, "from_amount"),
    ],
)
def test_a_row_that_cannot_be_is_refused(
    charlie: User, pune: Branch, changes: dict[str, Any], field: str
) -> None:
    entry = LevelEntry(**{"entity": pune.entity, "hours": 12, "owner": "Me", **changes})

    with pytest.raises(DomainError) as refusal:
        services.enter_level(actor=charlie, entry=entry, now=NOW)

    assert set(refusal.value.fields) == {field}
    assert not ServiceLevel.objects.exists()


def test_the_first_service_levels_come_with_the_installation(db: None, tmp_path: Any) -> None:
    call_command("load_products", stdout=io.StringIO())

    call_command("load_service_levels", stdout=io.StringIO())
    call_command("load_service_levels", stdout=io.StringIO())

    assert ServiceLevel.objects.filter(entity__code="sahyadri").count() == 6
    assert ServiceLevel.objects.filter(entered_by=None).count() == 11
    nonsense = tmp_path / "levels.json"
    nonsense.write_text('{"service_levels": [{"entity": "nobody", "hours": 1, "owner": "x"}]}')
    with pytest.raises(CommandError):
        call_command("load_service_levels", nonsense)


def test_a_view_is_kept_replaced_shared_and_thrown_away(bob: User, beth: User) -> None:
    services.save_view(actor=bob, name="Late", query="show=overdue", is_default=True)
    services.save_view(
        actor=bob, name=" Late ", query="show=mine", role="credit_reviewer", is_default=True
    )
    large = services.save_view(actor=bob, name="Large", query="least=500000", is_default=True)

    late = SavedView.objects.get(name="Late")
    assert (late.query, late.is_default) == ("show=mine", False)
    assert selectors.default_view(bob) == large
    assert list(selectors.views(beth)) == [late]
    with pytest.raises(NotPermitted):
        services.delete_view(actor=beth, view=late)
    services.delete_view(actor=bob, view=late)
    assert list(SavedView.objects.all()) == [large]


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"name": " ", "query": ""}, "name"),
        ({"name": "x" * 61, "query": ""}, "name"),
        ({"name": "Late", "query": "q=" + "x" * 1000}, "name"),
        ({"name": "Late", "query": "", "role": "credit_manager"}, "role"),
    ],
)
def test_a_view_that_cannot_be_kept_is_refused(
    bob: User, entry: dict[str, str], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        services.save_view(actor=bob, **entry)

    assert set(refusal.value.fields) == {field}
    assert not SavedView.objects.exists()


def test_who_sees_no_queue_keeps_no_view(alice: User) -> None:
    with pytest.raises(NotPermitted):
        services.save_view(actor=alice, name="Late", query="")
