"""What a model's manifest says, arranged for reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.scoring import feature_words


@dataclass(frozen=True)
class Figure:
    """One figure of a model with its name."""

    label: str
    value: str


@dataclass(frozen=True)
class FeatureLine:
    """One feature the model looks at."""

    label: str
    name: str
    group: str
    kind: str
    unit: str
    direction: str
    missing: str


@dataclass(frozen=True)
class Card:
    """Everything the page of a model shows from its manifest."""

    figures: list[Figure]
    facts: list[Figure]
    bands: list[Mapping[str, Any]]
    features: list[FeatureLine]


def headline(manifest: Mapping[str, Any], name: str) -> str:
    """Return one out-of-fold figure as text; a dash when the model does not carry it."""
    found = manifest.get("metrics", {}).get(name)
    return formatting.format_number(found, decimals=3) if isinstance(found, float) else "\u2014"


def of_manifest(manifest: Mapping[str, Any]) -> Card:
    """Return the card of a registered model."""
    return Card(
        figures=_figures(manifest),
        facts=_facts(manifest),
        bands=list(manifest.get("metrics", {}).get("bands", [])),
        features=[_line(feature) for feature in manifest["schema"]["features"]],
    )


def _figures(manifest: Mapping[str, Any]) -> list[Figure]:
    names = [
        ("auc", _("AUC")),
        ("gini", _("Gini")),
        ("ks", _("KS")),
        ("brier", _("Brier score")),
        ("brier_skill", _("Brier skill")),
        ("log_loss", _("Log loss")),
        ("expected_calibration_error", _("Calibration error")),
    ]
    return [Figure(label, headline(manifest, name)) for name, label in names]


def _facts(manifest: Mapping[str, Any]) -> list[Figure]:
    scale, config = manifest["scale"], manifest["config"]
    libraries = ", ".join(f"{name} {version}" for name, version in manifest["libraries"].items())
    return [
        Figure(_("Trained on"), _("%(rows)s loans") % {"rows": f"{manifest['rows']:,}"}),
        Figure(_("Defaulted among them"), formatting.format_percent(manifest["bad_rate"])),
        Figure(_("Trees"), _trees(manifest)),
        Figure(
            _("Scale"),
            _("%(score)s points at odds of %(odds)s to 1; %(step)s points double the odds")
            % {
                "score": formatting.format_number(scale["base_score"]),
                "odds": formatting.format_number(scale["base_odds"]),
                "step": formatting.format_number(scale["points_to_double"]),
            },
        ),
        Figure(_("Schema"), f"{manifest['schema']['name']} {manifest['schema']['version']}"),
        Figure(_("Seed"), str(config["seed"])),
        Figure(_("Libraries"), libraries),
    ]


def _trees(manifest: Mapping[str, Any]) -> str:
    return _("%(trees)s with up to %(leaves)s leaves") % {
        "trees": manifest["trees"],
        "leaves": manifest["config"]["num_leaves"],
    }


def _line(feature: Mapping[str, Any]) -> FeatureLine:
    return FeatureLine(
        label=feature_words.feature(feature["name"]),
        name=feature["name"],
        group=feature_words.group(feature["group"]),
        kind=feature["kind"],
        unit=feature["unit"],
        direction=str(feature_words.DIRECTIONS[feature["direction"]]),
        missing=feature["missing_meaning"] or _("must be given"),
    )
