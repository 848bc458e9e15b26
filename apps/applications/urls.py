"""Addresses of applications."""

from django.urls import path

from apps.applications.views import case, drafting, security, worklist

app_name = "applications"
urlpatterns = [
    path("", worklist.application_list, name="list"),
    path("new/", drafting.choose_customer, name="create"),
    path("new/<uuid:customer_pk>/", drafting.create, name="create"),
    path("new/<uuid:customer_pk>/what-if/", drafting.what_if, name="what_if"),
    path("<uuid:pk>/", case.detail, name="detail"),
    path("<uuid:pk>/change/", drafting.change, name="change"),
    path("<uuid:pk>/submit/", case.submit, name="submit"),
    path("<uuid:pk>/withdraw/", case.withdraw, name="withdraw"),
    path("<uuid:pk>/collateral/", security.add_collateral, name="add_collateral"),
    path(
        "<uuid:pk>/collateral/<uuid:collateral_pk>/remove/",
        security.remove_collateral,
        name="remove_collateral",
    ),
    path("<uuid:pk>/guarantors/", security.add_guarantor, name="add_guarantor"),
    path(
        "<uuid:pk>/guarantors/<uuid:guarantor_pk>/remove/",
        security.remove_guarantor,
        name="remove_guarantor",
    ),
]
