from django.apps import AppConfig


class NpaConfig(AppConfig):
    name = "apps.npa"
