"""Addresses of stress tests."""

from django.urls import path

from apps.stress.views import deciding, testing

app_name = "stress"
urlpatterns = [
    path("", testing.tests, name="tests"),
    path("ask/", testing.ask, name="ask"),
    path("tests/<uuid:pk>/", testing.test, name="test"),
    path("tests/<uuid:pk>/progress/", testing.progress, name="progress"),
    path("tests/<uuid:pk>/again/", testing.again, name="again"),
    path("tests/<uuid:pk>/years.csv", testing.years_file, name="years_file"),
    path("tests/<uuid:pk>/sums/", testing.sums, name="sums"),
    path("tests/<uuid:pk>/sums.csv", testing.sums_file, name="sums_file"),
    path("terms/", deciding.listed, name="terms"),
    path("terms/<uuid:pk>/", deciding.one, name="one"),
    path("terms/propose/<slug:kind>/", deciding.propose, name="propose"),
    path("terms/<uuid:pk>/approve/", deciding.approve, name="approve"),
    path("terms/<uuid:pk>/refuse/", deciding.refuse, name="refuse"),
    path("terms/<uuid:pk>/withdraw/", deciding.withdraw, name="withdraw"),
]
