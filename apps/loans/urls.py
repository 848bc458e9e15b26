"""Addresses of loans."""

from django.urls import path

from apps.loans import views

app_name = "loans"
urlpatterns = [
    path("", views.loans, name="list"),
    path("<uuid:pk>/", views.loan, name="detail"),
    path("of-application/<uuid:pk>/", views.application_panel, name="application_panel"),
]
