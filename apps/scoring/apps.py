from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "apps.scoring"

    def ready(self) -> None:
        from apps.core import history
        from apps.scoring.models import Incident, ModelVersion, Placement, Reign

        history.keep(ModelVersion, exclude=["body", "manifest", "updated_at"])
        history.keep(Reign)
        history.keep(Placement)
        history.keep(Incident)
