"""Addresses of governance."""

from django.urls import path

from apps.governance.views import gating, papers, promotions, register, reports, trainings

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
    path("trainings/<uuid:pk>/document/", papers.document, name="document"),
    path("findings/", papers.findings, name="findings"),
    path("findings/<uuid:pk>/close/", papers.close_finding, name="close_finding"),
    path("gates/", gating.gates, name="gates"),
    path("gates/propose/", gating.propose_gates, name="propose_gates"),
    path("gates/<uuid:pk>/approve/", gating.approve_gates, name="approve_gates"),
    path("gates/<uuid:pk>/refuse/", gating.refuse_gates, name="refuse_gates"),
    path("gates/<uuid:pk>/withdraw/", gating.withdraw_gates, name="withdraw_gates"),
    path("register/", register.register, name="register"),
    path("register.csv", register.register_csv, name="register_csv"),
    path("register/vendor/", register.new_vendor, name="new_vendor"),
    path("register/<slug:kind>/<slug:code>/", register.entry, name="register_entry"),
    path("promotions/<uuid:pk>/validate/", promotions.validate, name="validate"),
    path("promotions/<uuid:pk>/except/", promotions.grant_exception, name="grant_exception"),
    path("promotions/<uuid:pk>/find/", promotions.raise_finding, name="raise_finding"),
    path("promotions/<uuid:pk>/renew/", promotions.renew, name="renew"),
    path("promotions/<uuid:pk>/withdraw/", promotions.withdraw, name="withdraw"),
    path("promotions/<uuid:pk>/approve/", promotions.approve, name="approve"),
    path("promotions/<uuid:pk>/refuse/", promotions.refuse, name="refuse"),
]
