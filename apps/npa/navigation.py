"""The place of the portfolio's quality in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.npa import policies

register(
    Entry(
        group="quality",
        label=_("Portfolio quality"),
        url_name="npa:overview",
        icon="chart-column",
        permission=policies.VIEW,
        order=50,
    ),
    Entry(
        group="quality",
        label=_("Provisions"),
        url_name="npa:provisions",
        icon="scale",
        permission=policies.VIEW,
        order=51,
    ),
    Entry(
        group="quality",
        label=_("Releases from the reserve"),
        url_name="npa:releases",
        icon="lock-open",
        permission=policies.VIEW_RESERVE,
        order=51,
        badge_url_name="npa:releases_count",
    ),
    Entry(
        group="quality",
        label=_("Classes set by people"),
        url_name="npa:overrides",
        icon="hand",
        permission=policies.VIEW,
        order=52,
        badge_url_name="npa:overrides_count",
    ),
    Entry(
        group="quality",
        label=_("What was found"),
        url_name="npa:findings",
        icon="search",
        permission=policies.VIEW,
        order=52,
    ),
    Entry(
        group="quality",
        label=_("Alerts"),
        url_name="npa:alerts",
        icon="triangle-alert",
        permission=policies.VIEW,
        order=53,
        badge_url_name="npa:alerts_count",
    ),
    Entry(
        group="quality",
        label=_("Ends of days"),
        url_name="npa:day_ends",
        icon="calendar",
        permission=policies.VIEW,
        order=56,
    ),
    Entry(
        group="quality",
        label=_("Rules"),
        url_name="npa:rules",
        icon="book-open",
        permission=policies.VIEW,
        order=55,
    ),
    Entry(
        group="quality",
        label=_("Returns"),
        url_name="npa:returns",
        icon="file-text",
        permission=policies.VIEW,
        order=54,
    ),
)
