from django.apps import AppConfig


class ServicingConfig(AppConfig):
    name = "apps.servicing"

    def ready(self) -> None:
        from apps.core import history
        from apps.servicing.models import BenchmarkRate, Closure, Pause, Proposal

        history.keep(Proposal, exclude=["updated_at"])
        history.keep(Pause, exclude=["updated_at"])
        history.keep(BenchmarkRate)
        history.keep(Closure, exclude=["updated_at"])
