"""Which figures are worth a question: what became clearly worse, and nothing else."""

from decimal import Decimal

from apps.portfolio import attention
from apps.portfolio.figures import Figure, Sums

THEN = Sums(
    principal=Decimal(1000),
    npa_principal=Decimal(50),
    npa_provision=Decimal(20),
    over_30=Decimal(80),
    due=Decimal(100),
    collected=Decimal(90),
)


def _now(**changes: int) -> Sums:
    kept = {name: getattr(THEN, name) for name in THEN.__dataclass_fields__}
    return Sums(**{**kept, **{name: Decimal(value) for name, value in changes.items()}})


def test_nothing_is_worse_that_stayed_or_cannot_be_compared() -> None:
    assert attention.worse(THEN, THEN) == []
    assert attention.worse(_now(npa_principal=900), None) == []
    # Nothing fell due: no efficiency to compare.
    assert attention.worse(_now(due=0, collected=0), THEN) == []


def test_a_tenth_is_worse_and_less_is_not() -> None:
    assert attention.worse(_now(over_30=88), THEN) == [Figure.PAR30]
    assert attention.worse(_now(over_30=87), THEN) == []


def test_less_of_what_is_good_is_worse_and_more_is_not() -> None:
    assert attention.worse(_now(collected=81), THEN) == [Figure.COLLECTION]
    assert attention.worse(_now(collected=99), THEN) == []
    assert attention.worse(_now(over_30=10), THEN) == []


def test_a_ratio_that_moved_by_a_tenth_of_a_point_at_most_is_not_worth_a_look() -> None:
    then = Sums(principal=Decimal(10_000), over_30=Decimal(10))

    assert attention.worse(Sums(principal=Decimal(10_000), over_30=Decimal(20)), then) == []
    assert attention.worse(Sums(principal=Decimal(10_000), over_30=Decimal(21)), then) == [
        Figure.PAR30
    ]


def test_the_worst_comes_first_and_what_was_nothing_before_all() -> None:
    now = _now(over_30=160, collected=45, written_off=1)

    assert attention.worse(now, THEN) == [Figure.WRITTEN_OFF, Figure.PAR30, Figure.COLLECTION]
