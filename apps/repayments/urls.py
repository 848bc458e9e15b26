"""Addresses of repayments."""

from django.urls import path

from apps.repayments.views import promises, reminders

app_name = "repayments"
urlpatterns = [
    path("promises/", promises.promises, name="promises"),
    path("promises/count/", promises.count, name="promises_count"),
    path("promises/<uuid:pk>/withdraw/", promises.withdraw, name="withdraw_promise"),
    path("of-loan/<uuid:pk>/contact/", reminders.panel, name="contact_panel"),
    path("of-loan/<uuid:pk>/promise/", promises.take, name="take_promise"),
    path("of-loan/<uuid:pk>/reminders/stop/", reminders.stop, name="stop_reminders"),
    path("of-loan/<uuid:pk>/reminders/resume/", reminders.resume, name="resume_reminders"),
    path("reminders/", reminders.plans, name="reminder_plans"),
    path("reminders/enter/", reminders.enter_plan, name="enter_reminder_plan"),
    path("reminders/<uuid:pk>/end/", reminders.end_plan, name="end_reminder_plan"),
]
