"""Addresses of the review desk, beside those of decisions under the same first part."""

from django.urls import URLPattern

app_name = "desk"
urlpatterns: list[URLPattern] = []
