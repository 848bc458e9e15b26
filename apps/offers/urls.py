"""Addresses of offers: the worklist, one offer, its statement, and making one."""

from django.urls import path

from apps.offers.views import case, listing

app_name = "offers"
urlpatterns = [
    path("", listing.worklist, name="list"),
    path("count/", listing.count, name="count"),
    path("applications/<uuid:pk>/", case.panel, name="application_panel"),
    path("applications/<uuid:pk>/make/", case.make, name="make"),
    path("applications/<uuid:pk>/quote/", case.quote, name="quote"),
    path("<uuid:pk>/", case.detail, name="detail"),
    path("<uuid:pk>/statement/", case.statement, name="statement"),
    path("<uuid:pk>/pdf/", case.pdf, name="pdf"),
    path("<uuid:pk>/accept/", case.accept, name="accept"),
    path("<uuid:pk>/decline/", case.decline, name="decline"),
    path("<uuid:pk>/withdraw/", case.withdraw, name="withdraw"),
    path("<uuid:pk>/exit-asked/", case.exit_asked, name="exit_asked"),
    path("<uuid:pk>/step-back/", case.step_back, name="step_back"),
]
