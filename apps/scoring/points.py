"""The table of points of a scorecard in words: what each value adds to the score."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.scoring import feature_words
from ml import scorecard_points
from ml.binning import Bin, Binning
from ml.schema import Feature
from ml.scorecard import Scorecard
from ml.serving import Scorer

# Shares carry their sign and counts need none.
_UNITS = {
    "months": gettext_lazy("in months"),
    "currency": gettext_lazy("in the loan's currency"),
    "currency per year": gettext_lazy("in the loan's currency"),
}


@dataclass(frozen=True)
class Line:
    """One bin: the values in it, the share of the training loans, and what they add."""

    label: str
    share: str
    bad_rate: str
    woe: str
    points: int


@dataclass(frozen=True)
class Characteristic:
    """One feature of the scorecard with its bins."""

    label: str
    unit: str
    lines: list[Line]


@dataclass(frozen=True)
class Sheet:
    """The whole table; `has_curve` says that a curve still follows the sum of points."""

    characteristics: list[Characteristic]
    has_curve: bool


def sheet(scorer: Scorer) -> Sheet | None:
    """Return the table of points on the model's own scale; None for any other kind of model."""
    card = scorer.model
    if not isinstance(card, Scorecard):
        return None
    table = scorecard_points.points_table(card, scorer.scale, line=scorer.calibration.line)
    return Sheet(
        characteristics=[
            _characteristic(card.schema.feature(item.feature), item, part)
            for (item, _estimate), part in zip(card.characteristics, table, strict=True)
        ],
        has_curve=scorer.calibration.curve is not None,
    )


def _characteristic(
    feature: Feature, item: Binning, part: scorecard_points.Characteristic
) -> Characteristic:
    total = sum(row.n for row in part.rows)
    lines = [
        Line(
            label=label,
            share=formatting.format_percent(row.n / total),
            bad_rate="\u2014" if row.bad_rate is None else formatting.format_percent(row.bad_rate),
            woe=formatting.format_number(row.woe, decimals=3),
            points=row.points,
        )
        for label, row in zip(_labels(feature, item), part.rows, strict=True)
    ]
    return Characteristic(
        feature_words.feature(feature.name), str(_UNITS.get(feature.unit, "")), lines
    )


def _labels(feature: Feature, item: Binning) -> Iterator[str]:
    """Yield what each bin holds: intervals or categories first, then specials, then missing."""
    intervals = iter(_intervals(feature, item.edges))
    for part in item.bins:
        label = next(intervals) if part.kind == "interval" else _label(feature, part)
        yield label if part.n else _("%(values)s (never seen in training)") % {"values": label}


def _label(feature: Feature, part: Bin) -> str:
    if part.kind == "missing":
        return _("not known")
    if part.kind == "category":
        names = (feature.categories[int(code)] for code in part.values)
        return ", ".join(feature_words.category(name) for name in names)
    return ", ".join(_number(feature, value) for value in part.values)


def _intervals(feature: Feature, edges: tuple[float, ...]) -> list[str]:
    if not edges:
        return [_("any value")]
    if feature.kind == "boolean":
        return [_("no"), _("yes")]
    shown = [_number(feature, edge) for edge in edges]
    return [
        _("below %(number)s") % {"number": shown[0]},
        *(
            _("%(low)s to below %(high)s") % {"low": low, "high": high}
            for low, high in pairwise(shown)
        ),
        _("%(number)s and above") % {"number": shown[-1]},
    ]


def _number(feature: Feature, value: float) -> str:
    """Return an edge in full: rounded, two neighbours could read the same."""
    if feature.unit == "fraction":
        return formatting.format_percent(value, decimals=_decimals(value * 100))
    return formatting.format_number(value, decimals=_decimals(value))


def _decimals(value: float) -> int:
    """Return how many decimals a number needs; edges are short by construction."""
    _whole, _point, fraction = f"{value:.8f}".rstrip("0").partition(".")
    return len(fraction)
