"""What measures, levels and incidents are called, and how their values are written."""

from collections.abc import Mapping
from datetime import date

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.monitoring.measures import BREACHED_BELOW, Level, Measure
from apps.monitoring.models import Incident
from apps.monitoring.spans import Span
from apps.scoring import feature_words

MEASURES: Mapping[str, Promise] = {
    Measure.FEATURE_PSI: gettext_lazy("Population stability of a feature"),
    Measure.SCORE_PSI: gettext_lazy("Population stability of the score"),
    Measure.MISSING_CHANGE: gettext_lazy("Change of missing values"),
    Measure.OUT_OF_RANGE: gettext_lazy("Values out of range"),
    Measure.UNSEEN: gettext_lazy("Values never seen in training"),
    Measure.APPROVAL_CHANGE: gettext_lazy("Change of the approval rate"),
    Measure.DEPARTURES: gettext_lazy("Machine decisions that people changed"),
    Measure.FAILURES: gettext_lazy("Applications that could not be scored"),
    Measure.LATENCY: gettext_lazy("Time to decide, 95th percentile"),
    Measure.AUC_DROP: gettext_lazy("Loss of AUC"),
    Measure.LEVEL_CHANGE: gettext_lazy("Change of the default level"),
    Measure.SLOPE_CHANGE: gettext_lazy("Change of the calibration slope"),
    Measure.IMPACT_RATIO: gettext_lazy("Adverse impact ratio"),
}
DEFINITIONS: Mapping[str, Promise] = {
    Measure.FEATURE_PSI: gettext_lazy(
        "How far a feature moved from the training sample; counts only where chance does not"
        " explain it, with all that is tested and all months allowed for."
    ),
    Measure.SCORE_PSI: gettext_lazy(
        "How far the score moved from the training sample, judged as that of a feature is."
    ),
    Measure.MISSING_CHANGE: gettext_lazy(
        "By how much the share without a value differs from training."
    ),
    Measure.OUT_OF_RANGE: gettext_lazy("Share outside the limits that the schema declares."),
    Measure.UNSEEN: gettext_lazy("Share of categories that the model was never trained on."),
    Measure.APPROVAL_CHANGE: gettext_lazy(
        "By how much the share that the machine approved differs from the month or day before."
    ),
    Measure.DEPARTURES: gettext_lazy(
        "Of what the machine approved or declined, the share that people later decided otherwise."
    ),
    Measure.FAILURES: gettext_lazy("Of what came to the machine, the share without a score."),
    Measure.LATENCY: gettext_lazy("Seconds from when it was submitted to the machine's decision."),
    Measure.AUC_DROP: gettext_lazy(
        "By how much the newest mature vintage lies below development, tested by DeLong."
    ),
    Measure.LEVEL_CHANGE: gettext_lazy(
        "By how many log-odds more or fewer loans default than the model said, beside development."
    ),
    Measure.SLOPE_CHANGE: gettext_lazy(
        "By how much the slope of outcomes on the predicted log-odds changed since development."
    ),
    Measure.IMPACT_RATIO: gettext_lazy(
        "Approval rate of a group over that of the reference group; small groups get no verdict."
    ),
}
LEVELS: Mapping[str, Promise] = {
    Level.INFORM: gettext_lazy("Inform"),
    Level.REVIEW: gettext_lazy("Review"),
    Level.STOP: gettext_lazy("Stop"),
}
ASKED: Mapping[str, Promise] = {
    Level.INFORM: gettext_lazy("Nothing is asked of you but to know it."),
    Level.REVIEW: gettext_lazy("You are asked to review the model and to write down what follows."),
    Level.STOP: gettext_lazy(
        "You are asked to stop automated decisions, or to write down why they go on."
    ),
}
SPANS: Mapping[str, Promise] = {
    Span.DAY: gettext_lazy("By day"),
    Span.MONTH: gettext_lazy("By month"),
}
_SHARES = frozenset(
    {
        Measure.MISSING_CHANGE,
        Measure.OUT_OF_RANGE,
        Measure.UNSEEN,
        Measure.APPROVAL_CHANGE,
        Measure.DEPARTURES,
        Measure.FAILURES,
    }
)


def measure(code: str) -> str:
    """Return what a measure is called."""
    return str(MEASURES[code])


def subject(code: str) -> str:
    """Return what a measure is about: a feature in words, or the group as it stands."""
    return str(feature_words.FEATURES.get(code, code))


def value(code: str, number: float) -> str:
    """Return a value of a measure in its unit."""
    if code in _SHARES:
        return formatting.format_percent(number, decimals=1)
    if code == Measure.LATENCY:
        return _("%s s") % formats.number_format(number, decimal_pos=1)
    return formats.number_format(number, decimal_pos=3)


def when(span: str, start: date) -> str:
    """Return the name of a day or a month."""
    return formats.date_format(start, "F Y" if span == Span.MONTH else "j F Y")


def sentence(incident: Incident) -> str:
    """Return what happened, in one sentence."""
    values = {
        "what": measure(incident.measure),
        "of": subject(incident.subject),
        "value": value(incident.measure, incident.value),
        "bound": value(incident.measure, float(incident.bound)),
        "when": when(incident.span, incident.start),
    }
    is_below = incident.measure in BREACHED_BELOW
    if incident.subject and is_below:
        text = _("%(what)s (%(of)s) was %(value)s in %(when)s, below the limit of %(bound)s.")
    elif incident.subject:
        text = _("%(what)s (%(of)s) was %(value)s in %(when)s, above the limit of %(bound)s.")
    elif is_below:
        text = _("%(what)s was %(value)s in %(when)s, below the limit of %(bound)s.")
    else:
        text = _("%(what)s was %(value)s in %(when)s, above the limit of %(bound)s.")
    return text % values
