"""The API's map, version 1, and the document that describes it."""

from django.urls import include, path
from drf_spectacular import renderers
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.core.access import SIGNED_IN, requires
from apps.core.api_guards import DeclaredPermission


class Schema(SpectacularAPIView):
    """The OpenAPI document."""

    permission_classes = [DeclaredPermission]
    required_permission = SIGNED_IN
    # JSON first, so that errors here look like errors elsewhere.
    renderer_classes = [
        renderers.OpenApiJsonRenderer2,
        renderers.OpenApiJsonRenderer,
        renderers.OpenApiYamlRenderer,
        renderers.OpenApiYamlRenderer2,
    ]


class Viewer(SpectacularSwaggerSplitView):
    """The OpenAPI document to read and try; its script has an address of its own, for the CSP."""

    permission_classes = [DeclaredPermission]
    required_permission = SIGNED_IN
    url_name = "api:schema"
    template_name = "api_docs.html"


app_name = "api"
_APPS = (
    *(
        "accounts",
        "letters",
        "customers",
        "ledger",
        "schedules",
        "products",
        "applications",
        "decisions",
        "scoring",
    ),
    *(
        "collateral",
        "offers",
        "loans",
        "repayments",
        "debits",
        "servicing",
        "npa",
        "impairment",
        "collections",
        "desk",
        "appeals",
        "bulk",
        "laboratory",
        "dashboards",
    ),
)
urlpatterns = [
    path("schema", Schema.as_view(), name="schema"),
    path("docs", requires(SIGNED_IN)(Viewer.as_view()), name="docs"),
    *(path("", include(f"apps.{name}.api")) for name in _APPS),
]
