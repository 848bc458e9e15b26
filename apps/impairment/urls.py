"""Addresses of expected credit loss."""

from django.urls import path

from apps.impairment.views import backtests, deciding, losses

app_name = "impairment"
urlpatterns = [
    path("", losses.summary, name="summary"),
    path("summary.csv", losses.summary_file, name="summary_file"),
    path("months.csv", losses.months_file, name="months_file"),
    path("movement/", losses.moved, name="movement"),
    path("movement.csv", losses.moved_file, name="movement_file"),
    path("loans/", losses.loans, name="loans"),
    path("loans.csv", losses.loans_file, name="loans_file"),
    path("loans/<uuid:pk>/", losses.why, name="why"),
    path("backtests/", backtests.tests, name="backtests"),
    path("backtests.csv", backtests.tests_file, name="backtests_file"),
    path("parameters/", deciding.listed, name="parameters"),
    path("parameters/propose/", deciding.propose, name="propose"),
    path("parameters/<uuid:pk>/", deciding.one, name="parameter_set"),
    path("parameters/<uuid:pk>/approve/", deciding.approve, name="approve"),
    path("parameters/<uuid:pk>/refuse/", deciding.refuse, name="refuse"),
    path("parameters/<uuid:pk>/withdraw/", deciding.withdraw, name="withdraw"),
]
