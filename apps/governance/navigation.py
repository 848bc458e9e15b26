"""Governance's places in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.governance import policies, trial_policies

register(
    Entry(
        group="models",
        label=_("Trainings"),
        url_name="governance:training_runs",
        icon="activity",
        permission=policies.SEE,
        order=20,
    ),
    Entry(
        group="models",
        label=_("Promotions"),
        url_name="governance:promotions",
        icon="clipboard-check",
        permission=policies.SEE,
        order=30,
    ),
    Entry(
        group="models",
        label=_("Register of models"),
        url_name="governance:register",
        icon="layers",
        permission=policies.SEE,
        order=32,
    ),
    Entry(
        group="models",
        label=_("Gates"),
        url_name="governance:gates",
        icon="shield-check",
        permission=policies.SEE,
        order=34,
    ),
    Entry(
        group="models",
        label=_("Findings"),
        url_name="governance:findings",
        icon="flag",
        permission=policies.SEE,
        order=36,
    ),
    Entry(
        group="models",
        label=_("Trials"),
        url_name="governance:trials",
        icon="layers",
        permission=trial_policies.SEE,
        order=25,
    ),
)
