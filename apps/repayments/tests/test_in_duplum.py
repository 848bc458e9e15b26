"""What is withheld while a loan does not perform is never charged (rule book 2.2, Kenya)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.repayments import in_duplum
from apps.repayments.in_duplum import Cap, Ran, Stretch
from apps.repayments.lateness import Late
from apps.repayments.penal import Unpaid

START = date(2026, 1, 1)


def _on(number: int) -> date:
    return START + timedelta(days=number)


def _by_the_day(*per_day: int) -> Ran:
    return lambda day: [Decimal(one * (day - START).days) for one in per_day]


def _stretch(since: int, cleared: int | None) -> Stretch:
    return Stretch(_on(since), None if cleared is None else _on(cleared))


def _claimable(day: int, *caps: Cap, per_day: int = 10) -> Decimal:
    [found] = in_duplum.claimable(_by_the_day(per_day), _on(day), caps)
    return found


@pytest.mark.parametrize(
    ("principal", "accrued", "new", "charged"),
    [(100_000, 95_000, 8_000, 5_000), (100_000, 100_000, 1_000, 0), (100_000, 101_000, 1_000, 0)],
)
def test_rule_2_2_examples(principal: int, accrued: int, new: int, charged: int) -> None:
    found = in_duplum.chargeable(
        Decimal(new), accrued=Decimal(accrued), principal=Decimal(principal)
    )

    assert found == charged


@pytest.mark.parametrize(
    ("cleared", "day", "claimed"),
    [
        # Ten a day; from day 100 on there is room for 50.
        (None, 100, 1_000),
        (None, 103, 1_030),
        (None, 105, 1_050),
        (None, 130, 1_050),
        (130, 129, 1_050),
        (130, 130, 1_050),
        # The loan performs again: what ran in 25 days is never charged, only what runs since.
        (130, 131, 1_060),
        (130, 200, 1_750),
        # It performed again before there was no room any more.
        (104, 200, 2_000),
    ],
)
def test_rule_2_2_what_was_withheld_is_not_charged_when_the_loan_performs_again(
    cleared: int | None, day: int, claimed: int
) -> None:
    cap = Cap(_stretch(100, cleared), principal=Decimal(1_000), accrued=Decimal(950))

    assert _claimable(day, cap) == claimed


def test_rule_2_2_each_time_withholds_its_own() -> None:
    first = Cap(_stretch(100, 130), principal=Decimal(1_000), accrued=Decimal(950))
    second = Cap(_stretch(200, None), principal=Decimal(900), accrued=Decimal(870))

    assert _claimable(200, first) == 2_000 - 250
    assert _claimable(220, first, second) == 2_000 - 250 + 30


@pytest.mark.parametrize(
    ("day", "interest", "penal"),
    [
        (100, 1_000, 300),
        # There is room for 50: 13 a day in three days, and on the fourth interest first.
        (103, 1_030, 309),
        (104, 1_040, 310),
        (105, 1_040, 310),
        (400, 1_040, 310),
    ],
)
def test_rule_2_2_penal_charges_are_within_the_most_that_may_be_recovered(
    day: int, interest: int, penal: int
) -> None:
    cap = Cap(_stretch(100, None), principal=Decimal(1_000), accrued=Decimal(950))

    found = in_duplum.claimable(_by_the_day(10, 3), _on(day), [cap])

    assert found == [interest, penal]
    # Principal, and as much again for interest and whatever else being late costs.
    charged = sum(found) - 1_300
    assert 1_000 + 950 + charged <= in_duplum.most_recoverable(Decimal(1_000))


def _late(number: int, due: int, settled: int | None) -> Late:
    steps = [Unpaid(_on(due), Decimal(100))]
    if settled is not None:
        steps.append(Unpaid(_on(settled), Decimal(0)))
    return Late(number=number, due_on=_on(due), unpaid=tuple(steps))


def test_it_tells_every_time_in_which_a_loan_did_not_perform() -> None:
    rows = (_late(1, 0, 100), _late(2, 31, 110), _late(3, 120, 300), _late(4, 305, None))

    def found(day: int) -> tuple[Stretch, ...]:
        return in_duplum.stretches(rows, _on(day), after=in_duplum.BANK_DAYS)

    assert found(90) == ()
    assert found(91) == (_stretch(91, None),)
    assert found(109) == (_stretch(91, None),)
    assert found(110) == (_stretch(91, 110),)
    assert found(211) == (_stretch(91, 110), _stretch(211, None))
    assert found(305) == (_stretch(91, 110), _stretch(211, 300))
    assert found(396) == (_stretch(91, 110), _stretch(211, 300), _stretch(396, None))


_INSTALMENTS = st.lists(
    st.tuples(st.integers(0, 400), st.one_of(st.none(), st.integers(1, 300))),
    min_size=1,
    max_size=8,
)


@given(_INSTALMENTS, st.integers(0, 500), st.integers(0, 500))
def test_rule_2_2_nothing_of_an_earlier_time_is_ever_claimed_later(
    rows: list[tuple[int, int | None]], principal: int, accrued: int
) -> None:
    late = [
        _late(number, due, None if days is None else due + days)
        for number, (due, days) in enumerate(sorted(rows, key=lambda row: row[0]), start=1)
    ]
    before = Decimal(0)
    for day in range(0, 800, 7):
        times = in_duplum.stretches(late, _on(day), after=in_duplum.SACCO_DAYS)
        caps = [Cap(one, Decimal(principal), Decimal(accrued)) for one in times]

        claimed = _claimable(day, *caps)

        # A day adds no more than it brings; in a time without room nothing; never less.
        assert 0 <= claimed - before <= 70
        within = [one for one in times if one.cleared_on is None]
        assert len(within) <= 1
        assert within == list(times[-1:]) or not within
        if within and within[0].since <= _on(day - 7) and accrued >= principal:
            assert claimed == before
        before = claimed
