"""Addresses of letters."""

from django.urls import path

from apps.letters import views

app_name = "letters"
urlpatterns = [
    path("", views.of_case, name="of_case"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/pdf/", views.pdf, name="pdf"),
]
