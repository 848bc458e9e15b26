"""Which decisions are sampled, that the rule and its SQL agree, and how far two agree."""

import uuid
from decimal import Decimal

import pytest
from django.db.models import Value
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Entity
from apps.desk import agreement, rubber_stamping, sampling
from apps.desk.agreement import Pairs
from apps.desk.blind_rows import Place
from apps.desk.rubber_stamping import Habit, Limits

LIMITS = Limits(least_verdicts=30, same_share=Decimal("0.98"), median_seconds=120)
shares = st.decimals(min_value="0.0001", max_value="0.5", places=4)


def test_it_falls_where_the_key_alone_says() -> None:
    # SHA-256 of "blind quality control:00000000-0000-0000-0000-000000000000", first four bytes.
    assert sampling.place(uuid.UUID(int=0)) == 0xB961CC59


@given(st.uuids(), shares)
def test_it_samples_the_same_again_and_more_by_a_larger_share(
    key: uuid.UUID, share: Decimal
) -> None:
    sampled = sampling.is_sampled(key, share)

    assert sampling.is_sampled(uuid.UUID(str(key)), share) == sampled
    assert not sampled or sampling.is_sampled(key, sampling.LARGEST_SHARE)


def test_it_samples_about_the_share() -> None:
    keys = [uuid.UUID(int=n) for n in range(20_000)]

    found = sum(sampling.is_sampled(key, Decimal("0.05")) for key in keys)

    # Four standard deviations of a binomial count around 1,000.
    assert abs(found - 1_000) < 4 * (20_000 * 0.05 * 0.95) ** 0.5


@pytest.mark.django_db
def test_it_falls_at_the_same_place_in_sql(pune: object) -> None:
    for key in (uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), *(uuid.uuid4() for _ in range(200))):
        found = Entity.objects.annotate(place=Place(Value(str(key)))).values_list("place")[0][0]

        assert found == sampling.place(key)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        # Worked by hand: 35 of 50 agree, 0.5 by chance: (0.7 - 0.5) / 0.5.
        (Pairs(20, 5, 10, 15), 0.4),
        # 60 of 100 agree; chance is 0.6 * 0.7 + 0.4 * 0.3 = 0.54: 0.06 / 0.46.
        (Pairs(45, 15, 25, 15), 0.06 / 0.46),
        # Same agreement, other margins: chance is 0.6 * 0.3 + 0.4 * 0.7 = 0.46: 0.14 / 0.54.
        (Pairs(25, 35, 5, 35), 0.14 / 0.54),
        (Pairs(10, 0, 0, 10), 1.0),
        (Pairs(0, 10, 10, 0), -1.0),
        (Pairs(5, 5, 5, 5), 0.0),
        # One of them always says the same: no more than chance.
        (Pairs(8, 2, 0, 0), 0.0),
        (Pairs(10, 0, 0, 0), None),
        (Pairs(), None),
    ],
    ids=["20-5-10-15", "45-15-25-15", "25-35-5-35", "all", "none", "chance", "one", "same", "no"],
)
def test_it_measures_agreement_beyond_chance(pairs: Pairs, expected: float | None) -> None:
    found = agreement.kappa(pairs)

    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


counts = st.integers(0, 500)


@given(st.builds(Pairs, counts, counts, counts, counts))
def test_it_agrees_with_the_textbook_and_stays_in_its_range(pairs: Pairs) -> None:
    found = agreement.kappa(pairs)
    turned = Pairs(
        pairs.both_decline, pairs.person_approves, pairs.machine_approves, pairs.both_approve
    )

    assert agreement.kappa(turned) == found
    if found is None:
        assert pairs.total == max(pairs.both_approve, pairs.both_decline)
        return
    n = pairs.total
    machine = (pairs.both_approve + pairs.machine_approves) / n
    person = (pairs.both_approve + pairs.person_approves) / n
    chance = machine * person + (1 - machine) * (1 - person)
    assert found == pytest.approx((pairs.agreed / n - chance) / (1 - chance), abs=1e-9)
    assert -1 - 1e-9 <= found <= 1


def test_it_counts_pairs_of_verdicts() -> None:
    found = agreement.counted(
        [("approve", "approve", 3), ("decline", "approve", 2), ("decline", "decline", 1)]
    )

    assert found == Pairs(both_approve=3, person_approves=2, both_decline=1)
    assert (found.total, found.agreed, found.is_few) == (6, 4, True)


def test_it_refuses_counts_below_zero() -> None:
    with pytest.raises(ValueError, match="below zero"):
        Pairs(both_approve=-1)


@pytest.mark.parametrize(
    ("habit", "flagged"),
    [
        (Habit(50, 49, 119.9), True),
        (Habit(30, 30, 10), True),
        (Habit(29, 29, 10), False),
        (Habit(50, 48, 10), False),
        (Habit(50, 50, 120), False),
        (Habit(50, 50, None), False),
    ],
    ids=["at-the-share", "just-enough", "too-few", "departs", "slow-enough", "no-time-known"],
)
def test_it_flags_who_follows_nearly_always_and_fast(habit: Habit, flagged: bool) -> None:
    assert rubber_stamping.is_flagged(habit, LIMITS) is flagged


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0, 1000))
def test_it_flags_nobody_for_being_slower_or_departing_more(
    recommended: int, same: int, seconds: float
) -> None:
    same = min(same, recommended)
    habit = Habit(recommended, same, seconds)

    if not rubber_stamping.is_flagged(habit, LIMITS):
        slower = Habit(recommended, same, seconds + 60)
        departing = Habit(recommended, max(0, same - 1), seconds)
        assert not rubber_stamping.is_flagged(slower, LIMITS)
        assert not rubber_stamping.is_flagged(departing, LIMITS)
