"""Addresses of monitoring."""

from django.urls import path

from apps.monitoring.views import health, incidents, limits

app_name = "monitoring"
urlpatterns = [
    path("", health.champions, name="champions"),
    path("models/<uuid:pk>/", health.model, name="model"),
    path("models/<uuid:pk>/figures.csv", health.model_file, name="model_file"),
    path("models/<uuid:pk>/features/<str:name>/", health.feature, name="feature"),
    path("models/<uuid:pk>/segments/<slug:by>/<str:code>/", health.segment, name="segment"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<uuid:pk>/", incidents.incident, name="incident"),
    path("incidents/<uuid:pk>/acknowledge/", incidents.acknowledge, name="acknowledge"),
    path("limits/", limits.limits, name="limits"),
    path("limits/new/", limits.propose_limit, name="propose_limit"),
    path("plans/new/", limits.propose_plan, name="propose_plan"),
    path("proposals/<slug:kind>/<uuid:pk>/", limits.proposal, name="proposal"),
]
