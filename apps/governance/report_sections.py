"""A validation report arranged for reading: the same for the page and for the paper."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.governance import probe_sections
from apps.governance import report_words as words
from apps.governance.interval_chart import Chart, Reading, chart
from apps.governance.report_words import Section, Table
from apps.scoring import feature_words, model_words

Facts = Mapping[str, Any]
_MOST_FEATURES = 12


def sections(facts: Facts) -> list[Section]:
    """Return all sections in the order in which a validator asks."""
    return [
        _data(facts),
        _ranking(facts["ranking"]),
        _calibration(facts["calibration"]),
        _steadiness(facts["steadiness"]),
        _population(facts["population"]),
        _benchmark(facts),
        probe_sections.explanation(facts["explanation"]),
        probe_sections.robustness(facts["robustness"], facts["cut_off"]),
        probe_sections.treatment(facts["treatment"], facts["cut_off"]),
        probe_sections.proof(facts["proof"], facts["speed"], facts["model"]),
    ]


def _data(facts: Facts) -> Section:
    data, model = facts["data"], facts["model"]
    pairs = [
        (_("Kind of model"), model_words.kind(model["kind"])),
        (_("Learned from"), words.days(data["from"], data["to"])),
        (_("Loans learned from"), words.count(data["learned_rows"])),
        (_("Defaults among them"), words.count(data["learned_bads"])),
        (_("Validated on"), words.days(data["later_from"], data["later_to"])),
        (_("Loans validated on"), words.count(data["later_rows"])),
        (_("Defaults among them"), words.count(data["later_bads"])),
        (_("Data hash"), data["sha256"][:16]),
    ]
    lead = _("Every figure below is of later loans, which the model has not seen.")
    if not data["as_trained"]:
        lead = _(
            "Every figure below is of later loans, which the model has not seen. The loans learned"
            " from are not the same as on the day of the training."
        )
    return Section("data", _("What it was measured on"), lead, pairs)


def _ranking(found: Facts) -> Section:
    auc, top = found["auc"], found["riskiest_tenth"]
    if auc is None:
        lead = _("Only one outcome occurred among these loans, so ranking cannot be measured.")
    else:
        lead = _(
            "Of a loan that defaulted and one that did not, the model calls the right one riskier"
            " in %(share)s of all pairs."
        ) % {"share": words.share(auc["value"])}
    pairs = [
        (_("AUC"), words.estimate(auc)),
        (_("Gini"), words.estimate(found["gini"])),
        (_("KS"), words.figure(found["ks"] and found["ks"]["ks"], 3)),
        (_("H measure"), words.figure(found["h_measure"], 3)),
        (_("Default rate"), words.share(found["bad_rate"])),
        (_("Defaults caught among the riskiest tenth"), words.share(top["recall"])),
    ]
    return Section("ranking", _("Does it tell bad from good?"), lead, pairs)


def _calibration(found: Facts) -> Section:
    test, line = found["hosmer_lemeshow"], found["line"]
    red = found["red_bands"]
    lead = ngettext(
        "%(count)d of %(bands)d bands has more defaults than its promise can explain.",
        "%(count)d of %(bands)d bands have more defaults than their promise can explain.",
        red,
    ) % {"count": red, "bands": len(found["bands"])}
    pairs = [
        (_("Calibration error"), words.share(found["error"], 2)),
        (_("Hosmer-Lemeshow, p-value"), words.chance(test and test["p_value"])),
        (_("Level (0 is right, above it the PDs are too low)"), _line(line, "in_the_large")),
        (_("Slope (1 is right, below it the PDs are too extreme)"), _line(line, "slope")),
        (_("Brier score"), words.figure(found["brier"])),
        (_("Brier skill"), words.share(found["brier_skill"])),
    ]
    readings = [
        Reading(
            _("Band %(name)s") % {"name": band["name"]},
            band["observed_rate"],
            words.bounds(band["interval"]),
            band["mean_pd"],
        )
        for band in found["bands"]
    ]
    drawn = chart(
        _("Default rate of each band with its interval, and what was promised"),
        readings,
        words=words.share,
    )
    return Section(
        "calibration",
        _("Do its probabilities come true?"),
        lead,
        pairs,
        [drawn] if drawn else [],
        [_bands(found)],
    )


def _bands(found: Facts) -> Table:
    lights = {"green": _("as promised"), "amber": _("look at it"), "red": _("too low")}
    return Table(
        _("Tests by band, from the safest"),
        (
            *(_("Band"), _("Loans"), _("Defaults"), _("Mean PD"), _("Default rate")),
            *(_("Binomial p"), _("Jeffreys p"), _("Verdict")),
        ),
        [
            (
                band["name"],
                words.count(band["n"]),
                words.count(band["bads"]),
                words.share(band["mean_pd"]),
                words.share(band["observed_rate"]),
                words.chance(band["binomial_p"]),
                words.chance(band["jeffreys_p"]),
                lights[band["light"]],
            )
            for band in found["bands"]
        ],
        _("One-sided: is the PD too low? Red: p below 0.01; amber: below 0.05."),
    )


def _line(line: Facts | None, name: str) -> str:
    if line is None or line[name] is None:
        return words.DASH
    error = line[f"{name}_error"]
    said = words.figure(line[name], 2)
    return said if error is None else f"{said} \u00b1 {words.figure(1.96 * error, 2)}"


def _steadiness(found: Facts) -> Section:
    drop = found["auc_drop"]
    if drop is None:
        lead = _("How far ranking fell from the development sample cannot be measured.")
    elif drop > 0:
        lead = _("The AUC fell by %(drop)s from unseen development loans to later ones.") % {
            "drop": words.figure(drop, 3)
        }
    else:
        lead = _("The AUC did not fall from unseen development loans to later ones.")
    charts = [
        _parts_chart(_("AUC by month of payment"), found["months"]["parts"]),
        *(
            _parts_chart(
                _("AUC by %(feature)s") % {"feature": feature_words.feature(name)},
                report["parts"],
                name=feature_words.category,
            )
            for name, report in found["segments"].items()
        ),
    ]
    pairs = [
        (_("AUC on unseen development loans"), words.figure(found["development_auc"], 3)),
        (_("AUC on later loans"), words.figure(found["later_auc"], 3)),
    ]
    return Section(
        "steadiness",
        _("Does it hold over time and everywhere?"),
        lead,
        pairs,
        [one for one in charts if one is not None],
        [_months(found["months"]["parts"])],
    )


def _parts_chart(title: str, parts: list[Facts], name: Any = str) -> Chart | None:
    readings = [
        Reading(str(name(part["label"])), part["auc"], words.bounds(part["auc_interval"]))
        for part in parts
        if not part["small"]
    ]
    return chart(
        title, readings, words=words.short, mark=0.5, mark_words=_("no better than chance")
    )


def _months(parts: list[Facts]) -> Table:
    return Table(
        _("By month of payment"),
        (
            *(_("Month"), _("Loans"), _("Defaults"), _("Default rate"), _("Mean PD")),
            *(_("AUC"), _("KS"), _("PSI"), _("PSI by chance")),
        ),
        [
            (
                part["label"] + (" *" if part["small"] else ""),
                words.count(part["n"]),
                words.count(part["bads"]),
                words.share(part["bad_rate"]),
                words.share(part["mean_pd_of_all"]),
                words.figure(part["auc"], 3),
                words.figure(part["ks"], 3),
                words.figure(part["psi"], 3),
                words.figure(part["psi_noise_limit"], 3),
            )
            for part in parts
        ],
        _(
            "* too few defaults or good loans to judge. PSI by chance: what chance alone exceeds"
            " once in twenty times."
        ),
    )


def _population(found: Facts | None) -> Section:
    title = _("Are these the people it knows?")
    if found is None:
        return Section("population", title, _("The model keeps no picture of its own sample."))
    score, features = found["score"], found["features"]
    lead = ngettext(
        "%(count)d feature has moved further than chance explains.",
        "%(count)d features have moved further than chance explains.",
        len(found["alarmed"]),
    ) % {"count": len(found["alarmed"])}
    pairs = [
        (_("PSI of the score"), words.figure(score["psi"], 3)),
        (_("PSI that chance alone exceeds once in twenty"), words.figure(score["noise_limit"], 3)),
    ]
    table = Table(
        _("Features that moved most"),
        (_("Feature"), _("PSI"), _("PSI by chance"), _("Missing then"), _("Missing now")),
        [
            (
                words.feature(one["name"]),
                words.figure(one["psi"], 3),
                words.figure(one["noise_limit"], 3),
                words.share(one["missing_before"]),
                words.share(one["missing_now"]),
            )
            for one in features[:_MOST_FEATURES]
        ],
    )
    return Section("population", title, lead, pairs, [], [table])


def _benchmark(facts: Facts) -> Section:
    rivals = [(_("Present champion"), facts["champion"]), (_("Scorecard"), facts["scorecard"])]
    tables = [
        _rival(f"{label}: {found['name']}", found) for label, found in rivals if found is not None
    ]
    if facts["champion"] is None:
        lead = _("No other model decides in this segment, so there is no champion to compare with.")
    else:
        lead = _better(facts["champion"])
    return Section("benchmark", _("Is it better than what there is?"), lead, [], [], tables)


def _better(found: Facts) -> str:
    test = found["delong"]
    if test is None or test["p_value"] is None:
        return _("Whether it ranks better than the champion cannot be told on these loans.")
    values = {"difference": words.figure(abs(test["difference"]), 3)}
    if test["p_value"] >= 0.05:
        return _(
            "Its AUC differs from the champion's by %(difference)s, which chance explains."
        ) % (values)
    if test["difference"] > 0:
        return _("It ranks better than the champion: its AUC is %(difference)s higher.") % values
    return _("It ranks worse than the champion: its AUC is %(difference)s lower.") % values


def _rival(title: str, found: Facts) -> Table:
    names = {"auc": _("AUC"), "ks": _("KS"), "brier": _("Brier score"), "log_loss": _("Log loss")}
    note = _("Differences are this model less the other one, on the same loans.")
    if found["has_learned_from_them"]:
        note = _("The other model has learned from some of these loans, which flatters it.")
    rows: list[words.Row] = [
        (
            names[one["measure"]],
            words.figure(one["second"]),
            words.figure(one["first"]),
            words.figure(one["difference"]),
            f"{words.figure(one['lower'])} \u2013 {words.figure(one['upper'])}",
            words.chance(one["p_value"]),
        )
        for one in found["differences"]
    ]
    test = found["delong"]
    if test is not None:
        interval = words.DASH
        if test["lower"] is not None:
            interval = f"{words.figure(test['lower'])} \u2013 {words.figure(test['upper'])}"
        rows.append(
            (
                _("AUC, DeLong's paired test"),
                words.figure(test["first"]),
                words.figure(test["second"]),
                words.figure(test["difference"]),
                interval,
                words.chance(test["p_value"]),
            )
        )
    heading = (
        *(_("Measure"), _("This model"), _("The other"), _("Difference")),
        *(_("Interval"), _("p-value")),
    )
    return Table(title, heading, rows, note)
