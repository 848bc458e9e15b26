from django.apps import AppConfig


class BulkConfig(AppConfig):
    """The bulk app: applications taken in from files."""

    name = "apps.bulk"
