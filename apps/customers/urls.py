"""Addresses of customers."""

from django.urls import path

from apps.customers import views

app_name = "customers"
urlpatterns = [
    path("", views.customers, name="list"),
    path("new/", views.create, name="create"),
    path("new/identity-fields/", views.identity_fields, name="identity_fields"),
    path("block-list/", views.block_list, name="block_list"),
    path("block-list/new/", views.block, name="block"),
    path("block-list/<uuid:pk>/lift/", views.lift, name="lift"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/change/", views.change, name="change"),
    path("<uuid:pk>/reveal/<str:field>/", views.reveal, name="reveal"),
    path("<uuid:pk>/employment/", views.employment, name="employment"),
    path("<uuid:pk>/household/", views.household, name="household"),
    path("<uuid:pk>/obligations/", views.obligation, name="obligation"),
    path("<uuid:pk>/obligations/none/", views.no_obligations, name="no_obligations"),
    path(
        "<uuid:pk>/obligations/<uuid:obligation_pk>/ours/",
        views.obligation_is_ours,
        name="obligation_is_ours",
    ),
    path(
        "<uuid:pk>/obligations/<uuid:obligation_pk>/end/",
        views.obligation_end,
        name="obligation_end",
    ),
    path("<uuid:pk>/bureau-reports/", views.bureau_report, name="bureau_report"),
    path("<uuid:pk>/consents/", views.consent, name="consent"),
    path(
        "<uuid:pk>/consents/<uuid:consent_pk>/withdraw/",
        views.consent_withdraw,
        name="consent_withdraw",
    ),
    path("<uuid:pk>/fairness/", views.protected_attributes, name="protected_attributes"),
    path("<uuid:pk>/documents/", views.upload, name="upload"),
    path("<uuid:pk>/documents/<uuid:document_pk>/", views.download, name="download"),
]
