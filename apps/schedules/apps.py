from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    """The schedules app."""

    name = "apps.schedules"
