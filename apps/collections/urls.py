"""Addresses of the collections desk."""

from django.urls import path

from apps.collections.views import case, panel, results, worklist

app_name = "collections"
urlpatterns = [
    path("", worklist.listing, name="worklist"),
    path("worklist.csv", worklist.listing_file, name="worklist_file"),
    path("results/", results.page, name="results"),
    path("results.csv", results.file, name="results_file"),
    path("<uuid:pk>/panel/", panel.panel, name="loan_panel"),
    path("<uuid:pk>/", case.case, name="case"),
    path("<uuid:pk>/take/", case.take, name="take"),
    path("<uuid:pk>/release/", case.release, name="release"),
    path("<uuid:pk>/contact/", case.contact, name="contact"),
    path("<uuid:pk>/legal/", case.legal_step, name="legal_step"),
    path("<uuid:pk>/assign/", case.assign, name="assign"),
]
