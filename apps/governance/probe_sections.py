"""The sections of a validation report on explanations, spoilt input, groups, and proof."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.governance import report_words as words
from apps.governance.interval_chart import Reading, chart
from apps.governance.report_words import Section, Table
from apps.scoring import feature_words

Facts = Mapping[str, Any]
_MOST_EFFECTS = 10


def explanation(found: Facts) -> Section:
    """Say how exact explanations are and whether other methods name the same factors."""
    exact = found["additivity_error"] <= found["tolerance"]
    lead = (
        _("Every explanation adds up to its score exactly.")
        if exact
        else _("Explanations do not add up to their scores.")
    )
    lime, against = found["lime"], found["against_direction"]
    pairs = [
        (_("Loans explained"), words.count(found["rows"])),
        (_("Largest error, log-odds"), f"{found['additivity_error']:.1e}"),
        (
            _("Agreement with permutation importance"),
            words.figure(found["permutation_agreement"], 2),
        ),
        (_("Top factors shared with LIME"), words.share(lime["jaccard"])),
        (_("Same sign as LIME"), words.share(lime["same_sign"])),
        (_("Features that work in the known direction"), words.count(found["with_direction"])),
        (
            _("Features that work against it"),
            ", ".join(map(feature_words.feature, against)) or _("none"),
        ),
    ]
    table = Table(
        _("What moves the score most"),
        (_("Feature"), _("Mean effect, log-odds"), _("Interval"), _("Share")),
        [
            (
                feature_words.feature(one["name"]),
                words.figure(one["mean_absolute"], 3),
                words.DASH
                if one["low"] is None
                else f"{words.figure(one['low'], 3)} \u2013 {words.figure(one['high'], 3)}",
                words.share(one["share"]),
            )
            for one in found["importance"]
        ],
    )
    return Section("explanation", _("Does it say truly why?"), lead, pairs, [], [table])


def robustness(found: Facts, cut_off: Facts) -> Section:
    """Say what missing values, noise and extremes do to decisions at the cut-off."""
    violating, broken = found["violating"], found["extremes"]["broken"]
    if violating or broken:
        lead = _(
            "Some inputs move the probability the wrong way or break it; they are named below."
        )
    else:
        lead = _(
            "No value moves the probability against its known direction, and no extreme breaks it."
        )
    pairs = [
        (_("Loans tried"), words.count(found["rows"])),
        (_("Cut-off"), _cut_off(cut_off)),
        (_("Features swept"), words.count(found["swept"])),
        (
            _("Against their direction"),
            ", ".join(feature_words.feature(one["feature"]) for one in violating) or _("none"),
        ),
        (_("Extremes without a probability"), words.count(len(broken))),
    ]
    noise = _("Noise of %(share)s in") % {"share": words.share(found["noise_share"], 0)}
    tables = [
        _effects(_("When a value is missing"), found["missing"]),
        _effects(noise, found["noise"]),
    ]
    return Section("robustness", _("What if its input is spoilt?"), lead, pairs, [], tables)


def treatment(found: list[Facts], cut_off: Facts) -> Section:
    """Say how groups fare below the cut-off. Rule book 4.6."""
    title = _("Does it treat groups alike?")
    if not found:
        return Section(
            "treatment",
            title,
            _("None of these borrowers has stated a protected attribute, so nothing is judged."),
        )
    flagged = sum(len(one["flagged"]) for one in found)
    lead = ngettext(
        "%(count)d group is approved at less than four fifths of the rate of its reference group.",
        "%(count)d groups are approved at less than four fifths of the rate of their reference"
        " group.",
        flagged,
    ) % {"count": flagged}
    charts = [_ratios(one) for one in found]
    return Section(
        "treatment",
        title,
        lead,
        [(_("Cut-off"), _cut_off(cut_off))],
        [one for one in charts if one is not None],
        [_groups(one) for one in found],
    )


def proof(found: Facts, speed: Facts, model: Facts) -> Section:
    """Say whether the model came out again, and how fast it answers."""
    return Section(
        "proof",
        _("Can it be made again?"),
        _proved(found),
        [
            (_("Model hash"), model["sha256"]),
            (_("Hash found"), found["found_sha256"]),
            (_("Largest difference of a probability"), f"{found['largest_difference']:.1e}"),
            (
                _("Libraries of another version"),
                ", ".join(f"{name} {old} \u2192 {new}" for name, (old, new) in _moved(found))
                or _("none"),
            ),
            (_("One score with its reasons, usually"), _milliseconds(speed["median_ms"])),
            (_("Nineteen of twenty within"), _milliseconds(speed["slow_ms"])),
        ],
    )


def _proved(found: Facts) -> str:
    if found["way"] == "trained_again":
        if found["same"]:
            return _("Trained again on the same loans, the very same model came out.")
        return _("Trained again on the same loans, another model came out.")
    whys = {
        "data_changed": _("the loans are not the same as on the day of the training"),
        "way_unknown": _("how it was trained cannot be told from the model"),
    }
    values = {"why": whys[found["why"]]}
    if found["same"]:
        sentence = _(
            "It was not trained again, because %(why)s. Read anew, the stored model gives the"
            " same probabilities to the last bit."
        )
    else:
        sentence = _(
            "It was not trained again, because %(why)s, and the stored model scores otherwise."
        )
    return sentence % values


def _moved(found: Facts) -> list[tuple[str, list[str]]]:
    return sorted(found["libraries"].items())


def _milliseconds(value: float) -> str:
    return _("%(number)s ms") % {"number": words.figure(value, 2)}


def _cut_off(found: Facts) -> str:
    below = words.share(found["below"], 2)
    if found["whose"] == "policy":
        return _("a PD of %(below)s, where the policy in force stops approving") % {"below": below}
    return _("a PD of %(below)s, the middle of these loans, as no policy is in force") % {
        "below": below
    }


def _effects(title: str, effects: list[Facts]) -> Table:
    worst = sorted(effects, key=lambda one: -float(one["flipped"]))[:_MOST_EFFECTS]
    return Table(
        title,
        (_("What"), _("Decisions changed"), _("Newly declined"), _("Mean PD"), _("AUC")),
        [
            (
                _what(one),
                words.share(one["flipped"]),
                words.share(one["newly_declined"]),
                _signed(one["mean_pd_change"]),
                words.DASH if one["auc_change"] is None else words.figure(one["auc_change"], 3),
            )
            for one in worst
        ],
        _("Those that change most decisions; mean PD and AUC are changes."),
    )


def _what(effect: Facts) -> str:
    kind, what = effect["kind"], effect["what"]
    if kind == "feature":
        return feature_words.feature(what)
    if kind == "group":
        return _("All of: %(group)s") % {"group": feature_words.group(what)}
    if kind == "random":
        return _("Values at random: %(share)s") % {"share": what.split()[0]}
    return _("All features at once")


def _signed(change: float) -> str:
    return ("+" if change > 0 else "") + words.share(change, 2)


def _ratios(found: Facts) -> Any:
    readings = [
        Reading(
            words.group(found["attribute"], group["name"]),
            group["comparison"]["ratio"],
            words.bounds(group["comparison"]["ratio_interval"]),
        )
        for group in found["groups"]
        if group["comparison"] is not None and group["comparison"]["caution"] is None
    ]
    title = _("%(attribute)s: approval rate against the reference group") % {
        "attribute": words.attribute(found["attribute"])
    }
    return chart(title, readings, words=words.short, mark=0.8, mark_words=_("four fifths"))


def _groups(found: Facts) -> Table:
    attribute = found["attribute"]
    verdicts = {
        "insufficient sample": _("too few to judge"),
        "undefined": _("not defined"),
        "below four fifths": _("below four fifths"),
        "within four fifths": _("within four fifths"),
    }

    def row(group: Facts) -> words.Row:
        compared, known = group["comparison"] or {}, group["outcomes"] or {}
        return (
            words.group(attribute, group["name"]),
            words.count(group["n"]),
            words.share(group["selection_rate"]),
            words.figure(compared.get("ratio"), 2),
            words.chance(compared.get("p_value")),
            words.share(known.get("mean_pd")),
            words.share(known.get("observed_rate")),
            verdicts.get(compared.get("verdict", ""), _("reference")),
        )

    return Table(
        words.attribute(attribute),
        (
            *(_("Group"), _("Loans"), _("Approved"), _("Ratio"), _("p-value")),
            *(_("Mean PD"), _("Default rate"), _("Verdict")),
        ),
        [row(group) for group in found["groups"]],
        _("The four-fifths ratio is evidence for people, not a safe harbour in law."),
    )
