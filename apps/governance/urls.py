"""Addresses of governance."""

from django.urls import path

from apps.governance.views import promotions, reports, trainings

app_name = "governance"
urlpatterns = [
    path("trainings/", trainings.training_runs, name="training_runs"),
    path("trainings/new/", trainings.train, name="train"),
    path("trainings/waiting/", trainings.training_requests, name="training_requests"),
    path("trainings/<uuid:pk>/", trainings.training_run, name="training_run"),
    path("trainings/<uuid:pk>/propose/", trainings.propose, name="propose"),
    path("trainings/<uuid:pk>/report/", reports.request_report, name="request_report"),
    path("reports/<uuid:pk>/", reports.report, name="report"),
    path("reports/<uuid:pk>/paper/", reports.report_pdf, name="report_pdf"),
    path("promotions/", promotions.promotions, name="promotions"),
    path("promotions/<uuid:pk>/", promotions.promotion, name="promotion"),
    path("promotions/<uuid:pk>/approve/", promotions.approve, name="approve"),
    path("promotions/<uuid:pk>/refuse/", promotions.refuse, name="refuse"),
]
