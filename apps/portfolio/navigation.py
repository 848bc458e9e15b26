"""The place of the risk of portfolios in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.portfolio import policies

register(
    Entry(
        group="quality",
        label=_("Portfolio summary"),
        url_name="portfolio:summary",
        icon="gauge",
        permission=policies.VIEW,
        order=49,
    ),
    Entry(
        group="quality",
        label=_("Vintages"),
        url_name="portfolio:vintages",
        icon="chart-line",
        permission=policies.VIEW,
        order=50,
    ),
    Entry(
        group="quality",
        label=_("Cohorts"),
        url_name="portfolio:cohorts",
        icon="layers",
        permission=policies.VIEW,
        order=50,
    ),
    Entry(
        group="quality",
        label=_("Roll rates"),
        url_name="portfolio:roll_rates",
        icon="table",
        permission=policies.VIEW,
        order=50,
    ),
    Entry(
        group="quality",
        label=_("Concentration"),
        url_name="portfolio:concentration",
        icon="target",
        permission=policies.VIEW,
        order=50,
    ),
)
