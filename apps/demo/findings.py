"""What the decisions on a tape say, set beside what became of its loans."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from apps.decisions.models import Decision
from apps.demo.judging import Chosen
from apps.governance import evaluation

_WORDS = (("approve", "approved"), ("refer", "referred"), ("decline", "declined"))


@dataclass(frozen=True)
class Group:
    """The applications of one outcome: how many, and the share of them that defaulted."""

    count: int
    share: float
    default_rate: float | None


@dataclass(frozen=True)
class Findings:
    """The figures of a judged tape. `figures` are of the PDs stored in score runs.

    `seconds` run from the first decision to the last decision or letter, with the pauses of an
    interrupted run.
    """

    decided: int
    scored: int
    failures: Mapping[str, int]
    figures: Mapping[str, Any]
    groups: Mapping[str, Group]
    seconds: float

    @property
    def per_second(self) -> float:
        """Decisions a second, each with its letter."""
        return self.decided / max(self.seconds, 0.001)


def gather(chosen: Chosen) -> Findings:
    """Return what the machine's first decisions say. Raises ValueError where there are none."""
    rows = list(
        Decision.objects.filter(number=1, **chosen.lookups("application__")).values_list(
            "outcome",
            "failure",
            "score_run__pd",
            "application__loan__outcome__defaulted",
            "decided_at",
            "letter__rendered_at",
        )
    )
    if not rows:
        raise ValueError("Nothing has been decided yet.")
    known = [(pd, bad) for _, _, pd, bad, *_ in rows if pd is not None and bad is not None]
    causes = [failure for _, failure, *_ in rows if failure]
    return Findings(
        decided=len(rows),
        scored=len(known),
        failures={cause: causes.count(cause) for cause in sorted(set(causes))},
        figures=evaluation.measure(
            np.array([pd for pd, _ in known]), np.array([float(bad) for _, bad in known])
        ),
        groups={word: _group(rows, code) for code, word in _WORDS},
        seconds=_span([moment for *_, at, sent in rows for moment in (at, sent) if moment]),
    )


def _group(rows: list[Any], outcome: str) -> Group:
    bads = [bad for code, _, _, bad, *_ in rows if code == outcome]
    known = [bad for bad in bads if bad is not None]
    return Group(
        count=len(bads),
        share=len(bads) / len(rows),
        default_rate=sum(known) / len(known) if known else None,
    )


def _span(moments: list[datetime]) -> float:
    return (max(moments) - min(moments)).total_seconds()
