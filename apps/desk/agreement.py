"""How far two who judge the same cases agree, beyond what chance alone would give. Pure.

Cohen's kappa (Educational and Psychological Measurement 20, 1960): the share of agreement above
what two judges with the same habits, judging at random, would reach, as a part of what was left to
reach. 1 is full agreement, 0 is chance, below 0 is worse than chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# Fewer pairs than this say little, whatever they say.
FEW = 30


@dataclass(frozen=True)
class Pairs:
    """Two verdicts on each case, counted: the machine's first, then the person's."""

    both_approve: int = 0
    machine_approves: int = 0  # ... and the person declines
    person_approves: int = 0  # ... and the machine declines
    both_decline: int = 0

    def __post_init__(self) -> None:
        """Refuse counts below zero."""
        if min(vars(self).values()) < 0:
            raise ValueError("A count is never below zero.")

    def __add__(self, other: "Pairs") -> "Pairs":
        """Return both counted together."""
        mine, theirs = vars(self), vars(other)
        return Pairs(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def total(self) -> int:
        """How many cases were judged by both."""
        return sum(vars(self).values())

    @property
    def agreed(self) -> int:
        """In how many both said the same."""
        return self.both_approve + self.both_decline

    @property
    def is_few(self) -> bool:
        """Whether there are too few to conclude anything."""
        return self.total < FEW


def counted(verdicts: Iterable[tuple[str, str, int]]) -> Pairs:
    """Return pairs from (machine's outcome, person's outcome, how many)."""
    names = {
        ("approve", "approve"): "both_approve",
        ("approve", "decline"): "machine_approves",
        ("decline", "approve"): "person_approves",
        ("decline", "decline"): "both_decline",
    }
    counts = dict.fromkeys(names.values(), 0)
    for machine, person, n in verdicts:
        counts[names[machine, person]] += n
    return Pairs(**counts)


def kappa(pairs: Pairs) -> float | None:
    """Return Cohen's kappa; None without cases, or where both always said one and the same.

    Then chance alone would give full agreement, and there is nothing left to measure.
    """
    n = pairs.total
    if n == 0:
        return None
    machine = pairs.both_approve + pairs.machine_approves
    person = pairs.both_approve + pairs.person_approves
    # In whole numbers, so that "nothing left" is exact.
    by_chance = machine * person + (n - machine) * (n - person)
    left = n * n - by_chance
    return None if left == 0 else (n * pairs.agreed - by_chance) / left
