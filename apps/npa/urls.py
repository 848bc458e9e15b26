"""Addresses of the quality of the book."""

from django.urls import path

from apps.npa.views import alerts, day_ends, overrides, portfolio, provisions, returns, rules, why

app_name = "npa"
urlpatterns = [
    path("", portfolio.overview, name="overview"),
    path("overview.csv", portfolio.overview_file, name="overview_file"),
    path("loans/", portfolio.loans, name="loans"),
    path("loans.csv", portfolio.loans_file, name="loans_file"),
    path("provisions/", provisions.provisions, name="provisions"),
    path("provisions.csv", provisions.provisions_file, name="provisions_file"),
    path("overrides/", overrides.overrides, name="overrides"),
    path("overrides/count/", overrides.count, name="overrides_count"),
    path("overrides/report/", overrides.report, name="overrides_report"),
    path("overrides/<uuid:pk>/approve/", overrides.approve, name="override_approve"),
    path("overrides/<uuid:pk>/refuse/", overrides.refuse, name="override_refuse"),
    path("overrides/<uuid:pk>/withdraw/", overrides.withdraw, name="override_withdraw"),
    path("overrides/<uuid:pk>/propose-end/", overrides.propose_end, name="override_propose_end"),
    path("overrides/<uuid:pk>/end/", overrides.end, name="override_end"),
    path("overrides/<uuid:pk>/keep/", overrides.keep, name="override_keep"),
    path("loans/<uuid:pk>/overrides/", overrides.loan_panel, name="override_panel"),
    path("loans/<uuid:pk>/override/", overrides.propose, name="override_propose"),
    path("loans/<uuid:pk>/why/", why.why, name="why"),
    path("loans/<uuid:pk>/class/", why.panel, name="loan_panel"),
    path("rules/", rules.tables, name="rules"),
    path("rules/<slug:code>/", rules.table, name="rule_table"),
    path("day-ends/", day_ends.day_ends, name="day_ends"),
    path("day-ends/<int:pk>/", day_ends.day_end, name="day_end"),
    path("day-ends/<int:pk>/progress/", day_ends.progress, name="day_end_progress"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/count/", alerts.count, name="alerts_count"),
    path("alerts/<uuid:pk>/acknowledge/", alerts.acknowledge, name="acknowledge"),
    path("thresholds/", alerts.thresholds, name="thresholds"),
    path("thresholds/<slug:lender>/<slug:measure>/", alerts.threshold, name="threshold"),
    path("returns/", returns.returns, name="returns"),
    path("returns/<slug:kind>/<slug:lender>/<str:day>/", returns.preview, name="return_preview"),
    path("returns/<uuid:pk>/file/", returns.download, name="return_file"),
]
