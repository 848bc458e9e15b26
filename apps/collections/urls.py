"""Addresses of the collections desk."""

from django.urls import path

from apps.collections.views import (
    case,
    notices,
    open_settlements,
    panel,
    results,
    settlements,
    signals,
    worklist,
)

app_name = "collections"
urlpatterns = [
    path("", worklist.listing, name="worklist"),
    path("worklist.csv", worklist.listing_file, name="worklist_file"),
    path("notices/<uuid:pk>/pdf/", notices.pdf, name="notice_pdf"),
    path("notices/<uuid:pk>/word/", notices.word, name="notice_word"),
    path("signals/", signals.listing, name="signals"),
    path("signals.csv", signals.listing_file, name="signals_file"),
    path("rules/", settlements.rules, name="rules"),
    path("settlements/", open_settlements.listing, name="settlements"),
    path("settlements/<uuid:pk>/approve/", settlements.approve, name="approve_settlement"),
    path("settlements/<uuid:pk>/refuse/", settlements.refuse, name="refuse_settlement"),
    path("settlements/<uuid:pk>/withdraw/", settlements.withdraw, name="withdraw_settlement"),
    path("results/", results.page, name="results"),
    path("results.csv", results.file, name="results_file"),
    path("<uuid:pk>/panel/", panel.panel, name="loan_panel"),
    path("<uuid:pk>/", case.case, name="case"),
    path("<uuid:pk>/take/", case.take, name="take"),
    path("<uuid:pk>/release/", case.release, name="release"),
    path("<uuid:pk>/contact/", case.contact, name="contact"),
    path("<uuid:pk>/settle/", settlements.propose, name="settle"),
    path("<uuid:pk>/notice/", notices.issue, name="issue_notice"),
    path("<uuid:pk>/legal/", case.legal_step, name="legal_step"),
    path("<uuid:pk>/assign/", case.assign, name="assign"),
]
