from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "apps.monitoring"

    def ready(self) -> None:
        from apps.core import history
        from apps.monitoring.models import Incident, Limit, RetrainingPlan

        history.keep(Limit)
        history.keep(RetrainingPlan)
        history.keep(Incident)
