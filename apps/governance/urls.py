"""Addresses of governance."""

from django.urls import path

from apps.governance import views

app_name = "governance"
urlpatterns = [
    path("trainings/", views.training_runs, name="training_runs"),
    path("trainings/new/", views.train, name="train"),
    path("trainings/waiting/", views.training_requests, name="training_requests"),
    path("trainings/<uuid:pk>/", views.training_run, name="training_run"),
    path("trainings/<uuid:pk>/propose/", views.propose, name="propose"),
    path("promotions/", views.promotions, name="promotions"),
    path("promotions/<uuid:pk>/", views.promotion, name="promotion"),
    path("promotions/<uuid:pk>/approve/", views.approve, name="approve"),
    path("promotions/<uuid:pk>/refuse/", views.refuse, name="refuse"),
]
