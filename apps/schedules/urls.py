"""Addresses of quotes."""

from django.urls import path

from apps.schedules import views

app_name = "schedules"
urlpatterns = [
    path("", views.quote, name="quote"),
    path("schedule.pdf", views.paper, name="paper"),
    path("schedule.csv", views.table, name="table"),
    path("schedule.ics", views.due_dates, name="due_dates"),
]
