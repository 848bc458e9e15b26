"""The map of addresses: pages by app, the API under /api/v1/."""

from django.urls import include, path
from django.views.i18n import set_language

from apps.core.access import PUBLIC, requires

urlpatterns = [
    path("", include("apps.dashboards.urls")),
    path("people/", include("apps.accounts.urls")),
    path("customers/", include("apps.customers.urls")),
    path("products/", include("apps.products.urls")),
    path("applications/", include("apps.applications.urls")),
    path("review/", include("apps.decisions.urls")),
    path("letters/", include("apps.letters.urls")),
    path("loans/", include("apps.loans.urls")),
    path("models/", include("apps.scoring.urls")),
    path("governance/", include("apps.governance.urls")),
    path("audit/", include("apps.audit.urls")),
    path("language/", requires(PUBLIC)(set_language), name="set_language"),
    path("api/v1/", include("creditrisk.api")),
]
