"""The map of addresses: pages by app, the API under /api/v1/."""

from django.urls import include, path

from apps.accounts.views import sessions
from apps.core.style_guide import moved, style_guide

handler400 = "apps.core.problems.bad_request"
handler403 = "apps.core.problems.forbidden"
handler404 = "apps.core.problems.not_found"
handler500 = "apps.core.problems.server_error"

urlpatterns = [
    # First: programs ask more often than people, and what is tried before costs each of them.
    path("api/v1/", include("creditrisk.api")),
    path("", include("apps.dashboards.urls")),
    path("people/", include("apps.accounts.urls")),
    path("customers/", include("apps.customers.urls")),
    path("products/", include("apps.products.urls")),
    path("quotes/", include("apps.schedules.urls")),
    path("applications/", include("apps.applications.urls")),
    path("review/", include("apps.desk.urls")),
    path("review/", include("apps.decisions.urls")),
    path("appeals/", include("apps.appeals.urls")),
    path("offers/", include("apps.offers.urls")),
    path("collateral/", include("apps.collateral.urls")),
    path("my/", include("apps.portal.urls")),
    path("letters/", include("apps.letters.urls")),
    path("loans/", include("apps.loans.urls")),
    path("repayments/", include("apps.repayments.urls")),
    path("debits/", include("apps.debits.urls")),
    path("servicing/", include("apps.servicing.urls")),
    path("npa/", include("apps.npa.urls")),
    path("portfolio/", include("apps.portfolio.urls")),
    path("impairment/", include("apps.impairment.urls")),
    path("stress/", include("apps.stress.urls")),
    path("collections/", include("apps.collections.urls")),
    path("ledger/", include("apps.ledger.urls")),
    path("models/", include("apps.scoring.urls")),
    path("governance/", include("apps.governance.urls")),
    path("monitoring/", include("apps.monitoring.urls")),
    path("bulk/", include("apps.bulk.urls")),
    path("laboratory/", include("apps.laboratory.urls")),
    path("audit/", include("apps.audit.urls")),
    path("language/", sessions.set_language, name="set_language"),
    path("styleguide/", style_guide, name="style_guide"),
    path("style-guide/", moved),
]
