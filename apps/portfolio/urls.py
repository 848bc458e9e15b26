"""Addresses of the risk of portfolios."""

from django.urls import path

from apps.portfolio.views import cohorts, concentration, rolls, split, summary, vintages

app_name = "portfolio"
urlpatterns = [
    path("", summary.overview, name="summary"),
    path("summary.csv", summary.overview_file, name="summary_file"),
    path("loans/", summary.loans, name="summary_loans"),
    path("by/", split.overview, name="split"),
    path("by.csv", split.overview_file, name="split_file"),
    path("concentration/", concentration.overview, name="concentration"),
    path("concentration.csv", concentration.overview_file, name="concentration_file"),
    path("concentration/loans/", concentration.loans, name="concentration_loans"),
    path("vintages/", vintages.curves, name="vintages"),
    path("vintages.csv", vintages.curves_file, name="vintages_file"),
    path("vintages/loans/", vintages.loans, name="vintage_loans"),
    path("cohorts/", cohorts.table, name="cohorts"),
    path("cohorts.csv", cohorts.table_of_all, name="cohorts_file"),
    path("cohorts/loans/", cohorts.loans, name="cohort_loans"),
    path("roll-rates/", rolls.matrix, name="roll_rates"),
    path("roll-rates.csv", rolls.matrix_file, name="roll_rates_file"),
    path("roll-rates/loans/", rolls.loans, name="roll_loans"),
]
