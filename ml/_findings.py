"""What the leakage detector is told and what it reports; `ml.leakage` is the door to it."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Dates = npt.NDArray[np.datetime64]
Severity = Literal["stop", "check"]

FEWEST_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class LeakageConfig:
    """The limits; a figure at its limit counts as over it.

    `pair_auc`: a ratio of a suspicious feature to another one, such as repaid to borrowed.
    `joint_auc`: a small tree model of all features, out of fold. `copy_share`: how many of the
    rarer class a copy of the outcome may miss. `duplicate_share`: test rows found in training.
    `behavioural` allows what only a customer of some months has. The two costly figures, pair
    and joint, use `sampled_rows` at most.
    """

    check_auc: float = 0.75
    stop_auc: float = 0.90
    check_iv: float = 0.5
    stop_iv: float = 4.0
    pair_auc: float = 0.95
    joint_auc: float = 0.99
    copy_share: float = 0.02
    duplicate_share: float = 0.05
    order_p_value: float = 0.001
    behavioural: bool = False
    sampled_rows: int = 20_000
    seed: int = 42

    def __post_init__(self) -> None:
        """Refuse a stop below the limit of a look, which would let a finding fall between."""
        if self.stop_auc < self.check_auc or self.stop_iv < self.check_iv:
            raise ValueError("A limit that stops cannot lie below the one that asks for a look.")
        if self.sampled_rows < FEWEST_ROWS:
            raise ValueError(f"At least {FEWEST_ROWS} rows must be sampled.")


@dataclass(frozen=True)
class Timing:
    """When each row applied, and per feature the day from which its value was known.

    A day that is not known (NaT) says nothing about its row; an application always has its day.
    """

    applied: Dates
    known_since: Mapping[str, Dates]


@dataclass(frozen=True)
class Univariate:
    """What one feature alone says about the outcome.

    `mixed` are the rows in the minority of their level, as a fraction of the rarer class: 0 for
    a copy of the outcome, None where levels are too small to say.
    """

    feature: str
    auc: float
    iv: float
    mixed: float | None


@dataclass(frozen=True)
class Finding:
    """One suspicion: `figure` reached `limit` under `rule`; `accepted` is the reason given."""

    feature: str
    rule: str
    severity: Severity
    sentence: str
    _: KW_ONLY
    figure: float | None = None
    limit: float | None = None
    accepted: str | None = None


@dataclass(frozen=True)
class LeakageReport:
    """Every figure and finding. `stops` are those no accepted exception covers."""

    rows: int
    config: LeakageConfig
    univariate: tuple[Univariate, ...]
    joint_auc: float | None
    findings: tuple[Finding, ...]
    accepted: Mapping[str, str] = field(default_factory=dict)

    @property
    def stops(self) -> tuple[Finding, ...]:
        """Return the findings that forbid training."""
        return tuple(one for one in self.findings if one.severity == "stop" and not one.accepted)

    @property
    def checks(self) -> tuple[Finding, ...]:
        """Return the findings somebody should look at."""
        return tuple(one for one in self.findings if one.severity == "check" and not one.accepted)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {**asdict(self), "stopped": bool(self.stops)}


_MOST_SHOWN = 5
_BEHAVIOURAL = "A model of behaviour takes them with LeakageConfig(behavioural=True)."


class LeakageFound(ValueError):
    """Features know the outcome; the sentence lists up to five with their figure and rule."""

    def __init__(self, report: LeakageReport) -> None:
        self.report = report
        shown = [finding.sentence for finding in report.stops[:_MOST_SHOWN]]
        more = len(report.stops) - len(shown)
        if more:
            shown.append(f"And {more} more; the report lists them all.")
        if any(finding.rule == "availability" for finding in report.stops):
            shown.append(_BEHAVIOURAL)
        super().__init__(" ".join(shown))
