"""Kinds, states and figures of stress tests in words, and what the figures are."""

from django.utils.translation import gettext_lazy as _

from apps.stress.reading import Kind

KINDS = {
    Kind.SCENARIO: _("Scenario"),
    Kind.SENSITIVITIES: _("Sensitivities"),
    Kind.FIGURES: _("Capital and profit"),
}
KIND_TEXTS = {
    Kind.SCENARIO: _(
        "How far unemployment and rates (as fractions: 0.01 is one point), prices of what secures"
        " loans and incomes (as shares) lie from today in each year; a segment may have years of"
        " its own. State where the severity comes from."
    ),
    Kind.SENSITIVITIES: _(
        "What one point of a change adds to the log-odds of default, which loans roll later, and"
        " which share of a change of prices reaches each kind of security."
    ),
    Kind.FIGURES: _(
        "Capital, risk-weighted assets, planned profit before provisions and tax for each year, the"
        " tax rate and the repricing gap, with their day and source."
    ),
}
STATES = {
    "proposed": (_("Waits for another person"), "warning", "clock"),
    "approved": (_("Approved"), "success", "circle-check"),
    "refused": (_("Refused"), "danger", "circle-x"),
    "withdrawn": (_("Taken back"), "neutral", "rotate-ccw"),
}
TESTS = {
    "waiting": (_("Waits for a worker"), "neutral", "clock"),
    "running": (_("Running"), "info", "loader"),
    "done": (_("Done"), "success", "circle-check"),
    "failed": (_("Failed"), "danger", "circle-x"),
}
# What is compared year by year: whether it is a share, and whether it is of a year or at its end.
FIGURES = {
    "default_rate": (_("Default rate of the year"), True),
    "npa": (_("Non-performing"), False),
    "npa_ratio": (_("NPA ratio"), True),
    "ecl": (_("Expected credit loss"), False),
    "coverage": (_("Coverage"), True),
    "provisions": (_("Provisions"), False),
    "charge": (_("Charge of the year"), False),
    "after_tax": (_("Profit after tax"), False),
    "capital": (_("Capital"), False),
    "ratio": (_("Capital ratio"), True),
}
CHARTED = ("default_rate", "npa_ratio", "ecl", "ratio")
SUMS = {
    "performing": _("Performing"),
    "stage_2": _("Of that stage 2"),
    "npa": _("Non-performing"),
    "ecl": _("Expected credit loss"),
    "regulatory": _("Provisions of the regulator"),
}
BY = {"segment": _("By segment"), "security": _("By security")}
