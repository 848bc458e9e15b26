"""What of a loan is asked for on a day under a mandate, and why nothing is."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.debits import reasons, selecting
from apps.debits.selecting import Chosen, LeftOut, Owing, Row, Rule, Tried

DAY = date(2026, 12, 5)
EARLIER = date(2026, 11, 5)
ALL = Rule(takes_overdue=True, most_tries=3)


def owing(*rows: tuple[date, Any], **more: Any) -> Owing:
    amounts = {name: Decimal(str(value)) for name, value in more.items()}
    return Owing(tuple(Row(day, Decimal(str(amount))) for day, amount in rows), **amounts)


def choose(
    found: Owing, *tried: Tried, rule: Rule = ALL, maximum: Any = 20_000, day: date = DAY
) -> Any:
    return selecting.choose(found, tried, maximum=Decimal(str(maximum)), rule=rule, day=day)


def test_it_asks_for_what_falls_due_on_the_day() -> None:
    found = choose(owing((DAY, "9793.00"), (EARLIER, "100.00")), rule=Rule())

    assert found == Chosen(DAY, Decimal("9793.00"), Decimal("9793.00"), 1)


def test_it_takes_what_is_overdue_and_charged_where_the_rule_says_so() -> None:
    found = choose(owing((DAY, 9793), (EARLIER, 100), charges=50), rule=ALL)

    assert found == Chosen(DAY, Decimal(9943), Decimal(9943), 1)


def test_it_asks_for_no_more_than_the_mandate_allows_and_less_what_was_paid_ahead() -> None:
    found = choose(owing((DAY, 9793), advances=793), maximum=5_000)

    assert found == Chosen(DAY, Decimal(5_000), Decimal(9_000), 1)


@pytest.mark.parametrize(
    ("found", "tried", "rule", "why"),
    [
        pytest.param(owing(), (), ALL, LeftOut.NOTHING_DUE, id="nothing-owed"),
        pytest.param(
            owing((DAY + timedelta(days=1), 10)), (), ALL, LeftOut.NOTHING_DUE, id="due-tomorrow"
        ),
        pytest.param(
            owing((EARLIER, 10)), (), Rule(), LeftOut.NOTHING_DUE, id="overdue-without-the-rule"
        ),
        pytest.param(owing((DAY, 10), advances=10), (), ALL, LeftOut.PAID_AHEAD, id="paid-ahead"),
        pytest.param(
            owing((DAY, 10)),
            (Tried(EARLIER, "presented", 1),),
            ALL,
            LeftOut.UNDERWAY,
            id="another-is-underway",
        ),
        pytest.param(
            owing((DAY, 10)),
            (Tried(DAY, "collected", 1),),
            ALL,
            LeftOut.ASKED_BEFORE,
            id="collected-in-part",
        ),
        pytest.param(
            owing((DAY, 10)),
            (Tried(DAY, "failed", 1, DAY + timedelta(days=1)),),
            ALL,
            LeftOut.TRY_LATER,
            id="tried-again-tomorrow",
        ),
        pytest.param(
            owing((DAY, 10)),
            (Tried(DAY, "failed", 1, None),),
            ALL,
            LeftOut.TRIES_USED,
            id="never-tried-again",
        ),
        pytest.param(
            owing((DAY, 10)),
            (Tried(DAY, "failed", 3, DAY),),
            ALL,
            LeftOut.TRIES_USED,
            id="three-tries-were-used",
        ),
    ],
)
def test_it_says_why_nothing_is_asked_for(
    found: Owing, tried: tuple[Tried, ...], rule: Rule, why: LeftOut
) -> None:
    assert choose(found, *tried, rule=rule) is why


def test_it_tries_again_from_the_day_it_was_to() -> None:
    failed = Tried(EARLIER, "failed", 1, DAY)

    found = choose(owing((EARLIER, 10)), failed, rule=Rule(most_tries=2))

    assert found == Chosen(EARLIER, Decimal(10), Decimal(10), 2)


def test_it_counts_anew_with_the_next_due_date_and_leaves_out_what_was_withdrawn() -> None:
    tried = (Tried(EARLIER, "failed", 3, None), Tried(DAY, "withdrawn", 1))

    assert choose(owing((EARLIER, 5), (DAY, 10)), *tried) == Chosen(
        DAY, Decimal(15), Decimal(15), 1
    )


@given(
    rows=st.lists(
        st.tuples(
            st.dates(date(2026, 1, 1), date(2027, 1, 1)),
            st.decimals(0, 100_000, places=2, allow_nan=False),
        ),
        max_size=6,
    ),
    ahead=st.decimals(0, 100_000, places=2, allow_nan=False),
    maximum=st.decimals("0.01", 100_000, places=2, allow_nan=False),
    takes_overdue=st.booleans(),
)
def test_it_never_asks_for_more_than_is_owed_or_allowed(
    rows: Any, ahead: Decimal, maximum: Decimal, takes_overdue: bool
) -> None:
    found = choose(
        owing(*rows, advances=ahead), rule=Rule(takes_overdue=takes_overdue), maximum=maximum
    )

    due = sum((amount for day, amount in rows if day <= DAY), Decimal(0))
    if isinstance(found, Chosen):
        assert 0 < found.amount <= min(maximum, due - ahead)
        assert found.owed <= due - ahead
        assert found.due_date <= DAY


def test_every_reason_of_the_table_says_what_follows() -> None:
    found = reasons.table()

    again = {code for code, one in found.items() if one.tries_again}
    assert again == {"insufficient_funds", "bank_unavailable"}
    assert found["account_closed"].mandate == found["mandate_cancelled"].mandate == "cancel"
    assert [code for code, one in found.items() if one.charges] == ["insufficient_funds"]


def test_a_failed_debit_is_tried_again_as_often_as_the_rule_allows() -> None:
    short = reasons.table()["insufficient_funds"]
    closed = reasons.table()["account_closed"]

    def on(reason: reasons.Reason, attempt: int) -> date | None:
        return reasons.retry_on(reason, attempt=attempt, most_tries=2, answered=DAY, days_between=3)

    assert (on(short, 1), on(short, 2), on(closed, 1)) == (DAY + timedelta(days=3), None, None)
