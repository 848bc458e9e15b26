"""Addresses of repayments."""

from django.urls import URLPattern

app_name = "repayments"
urlpatterns: list[URLPattern] = []
