from django.apps import AppConfig


class ImpairmentConfig(AppConfig):
    name = "apps.impairment"

    def ready(self) -> None:
        from apps.core import history
        from apps.impairment.models import ParameterSet

        history.keep(ParameterSet, exclude=["updated_at"])
