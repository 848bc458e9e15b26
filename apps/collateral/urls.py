"""The addresses of collateral."""

from django.urls import path

from apps.collateral.views import item, moving, parts, register

app_name = "collateral"
urlpatterns = [
    path("", register.register, name="list"),
    path("new/", register.enter, name="enter"),
    path("applications/<uuid:pk>/panel/", parts.application_panel, name="application_panel"),
    path("applications/<uuid:pk>/answering/", parts.answering_panel, name="answering_panel"),
    path("applications/<uuid:pk>/co-borrowers/", parts.add_co_borrower, name="add_co_borrower"),
    path(
        "applications/<uuid:pk>/co-borrowers/<uuid:co_borrower_pk>/remove/",
        parts.remove_co_borrower,
        name="remove_co_borrower",
    ),
    path(
        "applications/<uuid:pk>/guarantors/<uuid:guarantor_pk>/liability/",
        parts.set_liability,
        name="set_liability",
    ),
    path("customers/<uuid:pk>/panel/", parts.customer_panel, name="customer_panel"),
    path("<uuid:pk>/", item.detail, name="detail"),
    path("<uuid:pk>/value/", item.value, name="value"),
    path("<uuid:pk>/valuations/<uuid:valuation_pk>/correct/", item.correct, name="correct"),
    path("<uuid:pk>/insure/", item.insure, name="insure"),
    path("<uuid:pk>/charge/", item.charge, name="charge"),
    path("<uuid:pk>/liens/<uuid:lien_pk>/drop/", item.drop, name="drop"),
    path("<uuid:pk>/reveal/", item.reveal, name="reveal"),
    path("<uuid:pk>/pledge/", moving.pledge, name="pledge"),
    path("<uuid:pk>/perfect/", moving.perfect, name="perfect"),
    path("<uuid:pk>/withdraw/", moving.withdraw, name="withdraw"),
    path("<uuid:pk>/invoke/", moving.invoke, name="invoke"),
    path("<uuid:pk>/release/", moving.ask_release, name="ask_release"),
    path("<uuid:pk>/releases/<uuid:release_pk>/grant/", moving.grant, name="grant"),
    path("<uuid:pk>/releases/<uuid:release_pk>/refuse/", moving.refuse, name="refuse"),
]
