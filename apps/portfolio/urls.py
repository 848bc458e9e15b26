"""Addresses of the risk of portfolios."""

from django.urls import path

from apps.portfolio.views import rolls, summary, vintages

app_name = "portfolio"
urlpatterns = [
    path("", summary.overview, name="summary"),
    path("summary.csv", summary.overview_file, name="summary_file"),
    path("loans/", summary.loans, name="summary_loans"),
    path("vintages/", vintages.curves, name="vintages"),
    path("vintages.csv", vintages.curves_file, name="vintages_file"),
    path("vintages/loans/", vintages.loans, name="vintage_loans"),
    path("roll-rates/", rolls.matrix, name="roll_rates"),
    path("roll-rates.csv", rolls.matrix_file, name="roll_rates_file"),
    path("roll-rates/loans/", rolls.loans, name="roll_loans"),
]
