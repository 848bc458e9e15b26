from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "apps.governance"

    def ready(self) -> None:
        from apps.core import history
        from apps.governance.models import Promotion, TrainingRequest

        # The evidence never changes after the proposal, and it is large.
        history.keep(Promotion, exclude=["evidence"])
        history.keep(TrainingRequest)
