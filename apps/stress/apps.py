from django.apps import AppConfig


class StressConfig(AppConfig):
    name = "apps.stress"

    def ready(self) -> None:
        from apps.core import history
        from apps.stress.models import Terms

        history.keep(Terms, exclude=["updated_at"])
