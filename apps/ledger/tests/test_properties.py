"""Whatever is posted and taken back: debits equal credits, and balances are sums."""

import uuid
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Branch
from apps.core.errors import Conflict
from apps.ledger import lines as contents
from apps.ledger import proofs, selectors, services
from apps.ledger.chart import REVERSALS, Account, Event, Side
from apps.ledger.lines import Fault, Line
from apps.ledger.models import Entry
from apps.ledger.models import Line as Row
from apps.ledger.tests import factories
from apps.ledger.tests.factories import NOW, TODAY

LOANS = [uuid.UUID(int=number) for number in (1, 2, 3)]
FIRST = date(2026, 5, 1)
# What branches owe each other cancels out only where both sides are posted.
_accounts = st.sampled_from([one for one in Account if one is not Account.INTER_BRANCH])
_amounts = st.decimals(min_value="0.01", max_value="9999999.99", places=2)
_line = st.builds(Line, account=_accounts, side=st.sampled_from(Side), amount=_amounts)


@st.composite
def balanced(draw: st.DrawFn) -> tuple[Line, ...]:
    """Some lines, and one that makes them balance."""
    some = draw(st.lists(_line, min_size=1, max_size=5))
    rest = sum((one.signed for one in some), Decimal(0))
    if not rest:
        return (*some, *contents.opposite(some)) if len(some) == 1 else tuple(some)
    side = Side.CREDIT if rest > 0 else Side.DEBIT
    return (*some, Line(draw(_accounts), side, abs(rest)))


_post = st.tuples(
    st.just("post"), st.sampled_from(LOANS), st.integers(0, 40), balanced(), st.booleans()
)
_reverse = st.tuples(st.just("reverse"), st.integers(0, 20), st.integers(0, 5))


@given(balanced())
def test_it_takes_what_balances(lines: tuple[Line, ...]) -> None:
    assert contents.problem(lines, "INR") is None
    assert contents.problem(contents.opposite(lines), "INR") is None
    assert contents.opposite(contents.opposite(lines)) == lines


@given(balanced(), _amounts, st.data())
def test_it_takes_nothing_that_does_not(
    lines: tuple[Line, ...], more: Decimal, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    changed = list(lines)
    changed[at] = Line(lines[at].account, lines[at].side, lines[at].amount + more)

    found = contents.problem(changed, "INR")

    assert found is not None
    assert found.fault is Fault.UNBALANCED
    assert abs(Decimal(found.found)) == more


@pytest.mark.django_db
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.one_of(_post, _reverse), min_size=1, max_size=12))
def test_it_keeps_the_books_whatever_is_done(pune: Branch, steps: list[Any]) -> None:
    run = uuid.uuid4().hex
    before = Entry.objects.count()
    loans = {loan: uuid.uuid4() for loan in LOANS}
    held: dict[Any, Decimal] = defaultdict(Decimal)
    posted: list[Entry] = []
    for number, step in enumerate(steps):
        made = _done(pune, step, f"{run}-{number}", posted, loans)
        if made is None:
            continue
        posted.append(made)
        for line in made.content():
            held[made.loan_id, made.day, line.account] += line.signed

    assert Entry.objects.count() == before + len(posted)
    sums = Row.objects.aggregate(debit=Sum("debit"), credit=Sum("credit"))
    assert sums["debit"] == sums["credit"]
    for day in {made.day for made in posted}:
        found = selectors.balances(loans.values(), day)
        for loan in loans.values():
            for account in Account:
                signed = found[loan][account] * (1 if account.normal is Side.DEBIT else -1)
                assert signed == sum(
                    amount
                    for (whose, when, which), amount in held.items()
                    if (whose, which) == (loan, account) and when <= day
                )
    assert [proofs.to_json(one.code, one.check()) for one in proofs.OWN if one.check()] == []


def _done(
    branch: Branch, step: Any, reference: str, posted: list[Entry], loans: dict[Any, Any]
) -> Entry | None:
    """Do one step; None where it must be refused, which then leaves everything as it was."""
    if step[0] == "post":
        _, loan, day, lines, twice = step
        changes = {"lines": lines, "day": FIRST + timedelta(days=day), "loan_id": loans[loan]}
        made = factories.post(branch, reference, event=Event.FEE, **changes)
        assert not twice or factories.post(branch, reference, event=Event.FEE, **changes) == made
        return made
    _, which, later = step
    if not posted:
        return None
    entry = posted[which % len(posted)]
    day = min(entry.day + timedelta(days=later), TODAY)
    is_free = entry.event not in REVERSALS and not any(
        one.reverses_id == entry.pk for one in posted
    )
    try:
        made = services.reverse(
            actor="system:tests",
            entry=Entry.objects.get(pk=entry.pk),
            day=day,
            reason="Because",
            now=NOW,
            reference=reference,
        )
    except Conflict:
        assert not is_free
        return None
    assert is_free
    return made
