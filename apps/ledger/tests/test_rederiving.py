"""What follows from a changed day: taken back and posted anew, the same way each time."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Branch, User
from apps.audit.models import Event as AuditEvent
from apps.ledger import refusals, selectors, services
from apps.ledger.chart import Account, Event
from apps.ledger.difference import Change, Planned, Standing, changes, difference
from apps.ledger.lines import credit, debit
from apps.ledger.models import Entry
from apps.ledger.tests import factories
from apps.ledger.tests.factories import LOAN, NOW, OTHER


def _interest(day: int, amount: str) -> Planned:
    lines = (
        debit(Account.INTEREST_RECEIVABLE, Decimal(amount)),
        credit(Account.INTEREST_INCOME, Decimal(amount)),
    )
    return Planned(Event.INTEREST_ACCRUAL, date(2026, 6, day), lines)


A, B, C = _interest(1, "1.00"), _interest(2, "2.00"), _interest(3, "3.00")


def test_it_leaves_alone_what_should_stay() -> None:
    found = difference([Standing(7, A), Standing(8, B)], [A, C])

    assert [one.entry_id for one in found.kept] == [7]
    assert [one.entry_id for one in found.taken_back] == [8]
    assert found.posted == (C,)


def test_it_changes_nothing_where_nothing_differs() -> None:
    found = difference([Standing(7, A), Standing(8, A)], [A, A])

    assert not found
    assert [one.entry_id for one in found.kept] == [7, 8]


def test_it_keeps_the_first_of_two_that_say_the_same() -> None:
    found = difference([Standing(7, A), Standing(8, A)], [A])

    assert [one.entry_id for one in found.taken_back] == [8]


def test_it_takes_back_from_the_last_and_posts_from_the_first() -> None:
    found = difference([Standing(1, A), Standing(2, C), Standing(3, B)], [_interest(9, "9.00")])

    assert [one.entry_id for one in found.taken_back] == [2, 3, 1]
    assert difference([], [C, A, B]).posted == (A, B, C)


_PLANS = st.lists(st.sampled_from([A, B, C, _interest(1, "1.01")]), max_size=8)


# On a machine that does much else, drawing two short lists may take a second.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_PLANS, _PLANS)
def test_it_makes_what_stands_into_what_should(stood: list[Planned], wanted: list[Planned]) -> None:
    standing = [Standing(number, plan) for number, plan in enumerate(stood)]

    found = difference(standing, wanted)

    after = [one.says for one in found.kept] + list(found.posted)
    assert sorted(map(str, after)) == sorted(map(str, wanted))
    assert not difference([Standing(n, plan) for n, plan in enumerate(after)], wanted)
    assert len(found.kept) + len(found.taken_back) == len(stood)


def test_it_reports_balances_before_and_after() -> None:
    before = {Account.INTEREST_RECEIVABLE: Decimal("3.00"), Account.CASH: Decimal(9)}

    found = changes(before, difference([Standing(7, A)], [B]))

    assert found == [
        Change(Account.INTEREST_RECEIVABLE, Decimal("3.00"), Decimal("4.00")),
        Change(Account.INTEREST_INCOME, Decimal(0), Decimal("-1.00")),
    ]


def _rederive(derive: Any, reference: str = "c-1", **changes_: Any) -> Any:
    said = {"actor": "system:tests", "loan_id": LOAN, "since": date(2026, 6, 2)}
    said |= {"reason": "Receipt of 2 June came in late", "now": NOW}
    return services.rederive(**(said | changes_), derive=derive, reference=reference)


def _accrued(branch: Branch) -> None:
    factories.post(branch)
    for plan in (A, B, C):
        factories.post(branch, f"a-{plan.day}", event=plan.event, day=plan.day, lines=plan.lines)


@pytest.mark.django_db
def test_it_takes_back_what_differs_and_posts_the_rest(pune: Branch, alice: User) -> None:
    _accrued(pune)
    lower = _interest(3, "2.50")

    found = _rederive(lambda _standing: [B, lower], actor=alice)

    assert [one.event for one in found.reversals] == ["reversal"]
    assert [(one.day, one.reference) for one in found.posted] == [(date(2026, 6, 3), "c-1:1")]
    assert [(c.account.value, c.before, c.after) for c in found.changes] == [
        ("interest_receivable", Decimal("6.00"), Decimal("5.50")),
        ("interest_income", Decimal("-6.00"), Decimal("-5.50")),
    ]
    held = selectors.balances([LOAN])[LOAN]
    assert held[Account.INTEREST_RECEIVABLE] == Decimal("5.50")
    assert selectors.balances([LOAN], date(2026, 6, 2))[LOAN].owed == Decimal("1003.00")
    assert AuditEvent.objects.get(verb="ledger.rederived").facts == {
        "since": "2026-06-02",
        "reference": "c-1",
        "taken_back": 1,
        "posted": 1,
        "kept": 1,
    }


@pytest.mark.django_db
def test_it_foresees_what_it_would_change(pune: Branch) -> None:
    _accrued(pune)
    before = Entry.objects.count()

    def derive(_standing: Any) -> list[Planned]:
        return [B, _interest(3, "2.50")]

    difference_, changes_ = services.foresee(loan_id=LOAN, since=date(2026, 6, 2), derive=derive)

    assert Entry.objects.count() == before
    done = _rederive(derive)
    assert (done.difference, done.changes) == (difference_, changes_)


@pytest.mark.django_db
def test_it_changes_nothing_the_second_time(pune: Branch) -> None:
    _accrued(pune)
    _rederive(lambda _standing: [B])
    before = Entry.objects.count()

    for reference in ("c-1", "c-2"):
        found = _rederive(lambda _standing: [B], reference)
        assert (found.reversals, found.posted, found.changes) == ((), (), ())

    assert Entry.objects.count() == before


@pytest.mark.django_db
def test_it_asks_about_what_stands_from_the_day_on(pune: Branch) -> None:
    _accrued(pune)
    factories.post(pune, "elsewhere", loan_id=OTHER, day=date(2026, 6, 5))
    seen: list[Planned] = []

    def derive(standing: Sequence[Standing]) -> Iterable[Planned]:
        seen.extend(one.says for one in standing)
        return [one.says for one in standing]

    found = _rederive(derive)

    assert seen == [B, C]
    assert not found.difference


@pytest.mark.django_db
def test_it_looks_at_some_events_only(pune: Branch) -> None:
    _accrued(pune)
    factories.repayment(pune)

    found = _rederive(lambda _standing: [], events=[Event.INTEREST_ACCRUAL])

    assert len(found.reversals) == 2
    assert selectors.live_entries(LOAN, since=date(2026, 6, 2)).get().event == "repayment"


@pytest.mark.django_db
@pytest.mark.parametrize("planned", [[A], [A, B]], ids=["alone", "among-others"])
def test_it_derives_nothing_before_the_day_that_changed(
    pune: Branch, planned: list[Planned]
) -> None:
    _accrued(pune)

    with pytest.raises(refusals.LedgerRefused, match="before the day that changed"):
        _rederive(lambda _standing: planned)

    assert Entry.objects.count() == 4


@pytest.mark.django_db
def test_it_changes_all_or_nothing(pune: Branch) -> None:
    """The 2nd is closed: nothing is taken back there, nor of the open 3rd."""
    _accrued(pune)
    services.close_day(actor="system:tests", entity=pune.entity, day=date(2026, 6, 2), now=NOW)

    with pytest.raises(refusals.DayClosed, match="closed up to 2 Jun 2026"):
        _rederive(lambda _standing: [])

    assert Entry.objects.count() == 4


@pytest.mark.django_db
def test_it_takes_no_entry_that_was_taken_back_for_one_that_stands(pune: Branch) -> None:
    _accrued(pune)
    lower = _interest(3, "2.50")
    _rederive(lambda _standing: [B, lower], "c-1")
    _rederive(lambda _standing: [B], "c-2")

    with pytest.raises(refusals.ReferenceTaken, match="under the reference c-1:1"):
        _rederive(lambda _standing: [B, lower], "c-1")
    _rederive(lambda _standing: [B, lower], "c-3")

    assert selectors.balances([LOAN])[LOAN][Account.INTEREST_RECEIVABLE] == Decimal("5.50")


@pytest.mark.django_db
def test_it_derives_nothing_for_a_loan_without_entries(pune: Branch) -> None:
    with pytest.raises(refusals.LedgerRefused, match="Nothing was posted to this loan"):
        _rederive(lambda _standing: [B])


@pytest.mark.django_db
def test_it_gives_the_same_history_the_same_way(pune: Branch) -> None:
    """Two loans with one history, corrected alike, hold the same entries in the same order."""
    _accrued(pune)
    for plan in (A, B, C):
        factories.post(
            pune,
            f"o-{plan.day}",
            event=plan.event,
            day=plan.day,
            lines=plan.lines,
            loan_id=OTHER,
        )
    plans = [_interest(4, "4.00"), _interest(3, "0.30"), _interest(4, "0.40")]

    _rederive(lambda _standing: plans, "c-1")
    _rederive(lambda _standing: plans, "c-2", loan_id=OTHER)

    def said(loan: Any) -> list[Any]:
        rows = Entry.objects.filter(loan_id=loan, day__gte=date(2026, 6, 2)).order_by("id")
        return [(row.event, row.day, row.content()) for row in rows]

    assert said(LOAN) == said(OTHER)
    assert len(said(LOAN)) == 7


def _corrected(derive: Any, reference: str, **changes_: Any) -> Any:
    return _rederive(derive, reference, corrects_closed=True, **changes_)


@pytest.mark.django_db
def test_it_corrects_closed_days_on_the_first_open_one_and_says_which(pune: Branch) -> None:
    """The 2nd is closed, the 3rd is open: each is corrected where it can be."""
    _accrued(pune)
    closed = date(2026, 6, 2)
    services.close_day(actor="system:tests", entity=pune.entity, day=closed, now=NOW)
    reported = selectors.balances([LOAN], closed)
    lower, higher = _interest(2, "1.50"), _interest(3, "3.50")

    found = _corrected(lambda _standing: [lower, higher], "c-1")

    said = [(one.day, one.facts.get("of_day")) for one in (*found.reversals, *found.posted)]
    assert said == [
        (date(2026, 6, 3), None),
        (date(2026, 6, 3), "2026-06-02"),
        (date(2026, 6, 3), "2026-06-02"),
        (date(2026, 6, 3), None),
    ]
    assert selectors.balances([LOAN], closed) == reported
    held = selectors.balances([LOAN], date(2026, 6, 3))[LOAN]
    assert held[Account.INTEREST_RECEIVABLE] == Decimal("6.00")


@pytest.mark.django_db
def test_it_corrects_again_what_it_corrected(pune: Branch) -> None:
    _accrued(pune)
    lower = _interest(2, "1.50")
    for number, day in enumerate((2, 3)):
        closed = date(2026, 6, day)
        services.close_day(actor="system:tests", entity=pune.entity, day=closed, now=NOW)
        wanted = [lower, C] if number == 0 else [B, C]
        _corrected(lambda _standing, w=wanted: w, f"c-{day}")
        before = Entry.objects.count()
        again = _corrected(lambda _standing, w=wanted: w, f"c-{day}-again")
        assert (again.difference.posted, Entry.objects.count()) == ((), before)

    standing = selectors.live_entries(LOAN, since=date(2026, 6, 2))
    assert sorted((str(one.of_day), str(one.day)) for one in standing) == [  # type: ignore[attr-defined]
        ("2026-06-02", "2026-06-04"),
        ("2026-06-03", "2026-06-03"),
    ]
    assert [one.day.day for one in selectors.live_entries(LOAN, since=date(2026, 6, 3))] == [3]
