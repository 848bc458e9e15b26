"""Addresses of the laboratory."""

from django.urls import path

from apps.laboratory.views import cutoffs, evidence, experiments, rows, sandbox

app_name = "laboratory"
urlpatterns = [
    path("", experiments.experiments, name="experiments"),
    path("new/", experiments.ask, name="ask"),
    path("sandbox/", sandbox.real_case, name="sandbox"),
    path("sandbox/typed/", sandbox.typed_case, name="sandbox_typed"),
    path("policies/<uuid:pk>/evidence/", evidence.of_policy, name="evidence"),
    path("models/<uuid:pk>/evidence/", evidence.of_model, name="model_evidence"),
    path("<uuid:pk>/", experiments.experiment, name="experiment"),
    path("<uuid:pk>/progress/", experiments.progress, name="progress"),
    path("<uuid:pk>/cancel/", experiments.cancel, name="cancel"),
    path("<uuid:pk>/attach/", experiments.attach, name="attach"),
    path("<uuid:pk>/attach-to-model/", experiments.attach_to_model, name="attach_to_model"),
    path("<uuid:pk>/cut-offs/", cutoffs.choose, name="cutoffs"),
    path("<uuid:pk>/applications/", rows.applications, name="applications"),
    path("<uuid:pk>/applications.csv", rows.download, name="download"),
]
