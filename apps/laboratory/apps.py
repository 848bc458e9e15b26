from django.apps import AppConfig


class LaboratoryConfig(AppConfig):
    """The laboratory app."""

    name = "apps.laboratory"
