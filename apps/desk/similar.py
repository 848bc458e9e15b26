"""Which past applications are most alike, in the terms of the model that decided. Pure.

Two applications are as far apart as their attributions: the sum, over all factors, of how
differently each moved the log-odds of default. A factor that the model does not use counts for
nothing, and one that it leans on counts as much as it leans.

Under one model the attributions add up to the log-odds (but for the common base), so the distance
is never smaller than the difference of the log-odds. That makes a search near the own log-odds
exact as soon as the last one found is nearer than the edge of what was searched.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A past application: any key of its own, and what each factor did to its log-odds."""

    key: str
    attributions: Mapping[str, float]


@dataclass(frozen=True)
class Match:
    """A past application and how far it is from the own one, in log-odds."""

    key: str
    distance: float


def distance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the sum of the absolute differences, factor by factor; a missing factor did nothing.

    Never negative, zero for the same attributions, the same both ways.
    """
    return _apart(sorted(one.items()), one, other)


def nearest(
    own: Mapping[str, float], candidates: Iterable[Candidate], *, count: int
) -> list[Match]:
    """Return the nearest candidates, the nearest first; equally near ones in the order of keys."""
    factors = sorted(own.items())
    found = (Match(one.key, _apart(factors, own, one.attributions)) for one in candidates)
    return heapq.nsmallest(count, found, key=lambda match: (match.distance, match.key))


def _apart(
    factors: Sequence[tuple[str, float]], own: Mapping[str, float], other: Mapping[str, float]
) -> float:
    """Return what `distance` says; who asks about many keeps the own `factors` in their order."""
    there = other.get
    apart = sum([abs(share - there(name, 0.0)) for name, share in factors])
    if other.keys() <= own.keys():
        return apart
    return apart + sum(abs(other[name]) for name in sorted(other.keys() - own.keys()))


def is_certain(found: Sequence[Match], *, searched_to: float | None, count: int) -> bool:
    """Say whether nobody outside of what was searched can be nearer than those found.

    `searched_to` is the smallest difference in log-odds at which the search stopped; None where it
    went through everybody.
    """
    if searched_to is None:
        return True
    return len(found) == count and found[-1].distance <= searched_to
