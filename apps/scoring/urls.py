"""Addresses of scoring."""

from django.urls import path

from apps.scoring import views

app_name = "scoring"
urlpatterns = [
    path("", views.models, name="models"),
    path("<uuid:pk>/", views.model, name="model"),
    path("<uuid:pk>/roll-back/", views.roll_back, name="roll_back"),
]
