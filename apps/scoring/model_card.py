"""What a model's manifest says, arranged for reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import formatting
from apps.scoring import feature_words, model_words


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
    remarks: list[str]
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
        facts=[*how_trained(manifest), *_facts(manifest)],
        remarks=remarks(manifest),
        bands=list(manifest.get("metrics", {}).get("bands", [])),
        features=[_line(feature) for feature in manifest["schema"]["features"]],
    )


def how_trained(manifest: Mapping[str, Any]) -> list[Figure]:
    """Return kind, size, calibration and check for leakage of a manifest, or of figures like it.

    Models and runs from before there were several kinds carry less; nothing is made up for them.
    """
    model = _model(manifest)
    if model is None:
        return []
    reason = manifest.get("calibration_choice", {}).get("reason", "")
    found = [
        Figure(_("Kind of model"), model_words.kind(model["kind"])),
        Figure(_("Size"), model_words.size(model)),
        Figure(
            _("Calibration"), model_words.calibration(manifest["calibration"]["method"], reason)
        ),
        Figure(_("Check for leakage"), _leakage(manifest.get("leakage"))),
    ]
    if manifest.get("out_of_time"):
        found.append(Figure(_("Out of time"), _out_of_time(manifest["out_of_time"])))
    return found


def remarks(manifest: Mapping[str, Any]) -> list[str]:
    """Return what a person should look at: findings of the check, then other warnings."""
    findings = (manifest.get("leakage") or {}).get("findings", [])
    told = {one["sentence"] for one in findings}
    others = [sentence for sentence in manifest.get("warnings", []) if sentence not in told]
    return [*(model_words.finding(one) for one in findings), *others]


def _model(manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return kind and size, from where the format of the manifest has them; None without."""
    if "model" in manifest:
        facts: Mapping[str, Any] = manifest["model"]
        return facts
    if "trees" in manifest:
        leaves = manifest["config"]["num_leaves"]
        return {"kind": "lightgbm", "trees": manifest["trees"], "leaves": leaves}
    return None


def _leakage(report: Mapping[str, Any] | None) -> str:
    if report is None:
        return _("not made when this model was trained")
    count = len(report["findings"])
    if not count:
        return _("passed: nothing gives the outcome away")
    return ngettext(
        "passed, with %(count)d thing to look at", "passed, with %(count)d things to look at", count
    ) % {"count": count}


def _out_of_time(figures: Mapping[str, Any]) -> str:
    auc = figures["auc"]
    return _("AUC %(auc)s on the %(rows)s newest loans, held out of training") % {
        "auc": "\u2014" if auc is None else formatting.format_number(auc, decimals=3),
        "rows": formatting.format_number(figures["rows"]),
    }


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
    config = manifest["config"]
    libraries = ", ".join(f"{name} {version}" for name, version in manifest["libraries"].items())
    return [
        Figure(_("Trained on"), _("%(rows)s loans") % {"rows": f"{manifest['rows']:,}"}),
        Figure(_("Defaulted among them"), formatting.format_percent(manifest["bad_rate"])),
        Figure(_("Scale"), model_words.scale(manifest["scale"])),
        Figure(_("Schema"), f"{manifest['schema']['name']} {manifest['schema']['version']}"),
        Figure(_("Seed"), str(config["seed"])),
        Figure(_("Libraries"), libraries),
    ]


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
