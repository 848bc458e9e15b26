"""Addresses of uploaded files."""

from django.urls import path

from apps.bulk.views import acts, files, pages

app_name = "bulk"
urlpatterns = [
    path("", pages.uploads, name="uploads"),
    path("new/", files.upload, name="upload"),
    path("template.<str:kind>", files.template, name="template"),
    path("<uuid:pk>/", pages.detail, name="detail"),
    path("<uuid:pk>/columns/", pages.columns, name="columns"),
    path("<uuid:pk>/progress/", pages.progress, name="progress"),
    path("<uuid:pk>/rows/", pages.rows, name="rows"),
    path("<uuid:pk>/refused.<str:kind>", files.rejects, name="rejects"),
    path("<uuid:pk>/check/", acts.check, name="check"),
    path("<uuid:pk>/start/", acts.start, name="start"),
    path("<uuid:pk>/stop/", acts.stop, name="stop"),
    path("<uuid:pk>/resume/", acts.resume, name="resume"),
    path("<uuid:pk>/discard/", acts.discard, name="discard"),
]
