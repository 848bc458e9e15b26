"""Addresses of audit."""

from django.urls import path

from apps.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.events, name="events"),
    path("timeline/", views.timeline_of, name="timeline"),
    path("verify/", views.verify, name="verify"),
]
