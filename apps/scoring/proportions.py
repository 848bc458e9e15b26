"""How sure a share is, for apps that may not reach the library themselves."""

from collections.abc import Mapping
from dataclasses import dataclass

from ml import fairness, proportions
from ml.proportions import Count

NOT_STATED = fairness.NOT_STATED
_CONFIG = fairness.FairnessConfig()


@dataclass(frozen=True)
class Share:
    """How many of how many, with Wilson's 95 % interval; no rate of nothing."""

    hits: int
    total: int

    @property
    def rate(self) -> float | None:
        """The share, from 0 to 1."""
        return self.hits / self.total if self.total else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between which shares the truth lies with 95 % confidence."""
        return proportions.wilson(Count(self.hits, self.total)) if self.total else None


@dataclass(frozen=True)
class GroupShare:
    """A group's share beside the reference group's: the ratio, its interval, and a verdict.

    The verdict is empty for the reference group itself.
    """

    share: Share
    is_reference: bool
    ratio: float | None
    ratio_bounds: tuple[float, float] | None
    verdict: str


def compared(groups: Mapping[str, Share]) -> dict[str, GroupShare]:
    """Return each group against the reference group, as the fairness report does (rule book 4.7).

    Groups of nobody are left out; a small group gets its numbers and no verdict.
    """
    counts = {name: Count(one.hits, one.total) for name, one in groups.items() if one.total}
    if not counts:
        return {}
    reference = fairness.reference_group(counts, _CONFIG)
    return {name: _against(name, counts, reference, groups[name]) for name in counts}


def _against(name: str, counts: Mapping[str, Count], reference: str, share: Share) -> GroupShare:
    if name == reference:
        return GroupShare(share, is_reference=True, ratio=None, ratio_bounds=None, verdict="")
    found = fairness.compare(counts[name], counts[reference], _CONFIG)
    return GroupShare(
        share,
        is_reference=False,
        ratio=found.ratio,
        ratio_bounds=found.ratio_interval,
        verdict=str(found.verdict),
    )
