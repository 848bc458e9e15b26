from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "apps.governance"

    def ready(self) -> None:
        from apps.core import history
        from apps.governance.models import Promotion, ShareChange, TrainingRequest, Trial
        from apps.governance.services import champion_changed
        from apps.scoring import hooks

        # The evidence never changes after the proposal, and it is large.
        history.keep(Promotion, exclude=["evidence"])
        history.keep(TrainingRequest)
        history.keep(Trial)
        history.keep(ShareChange)

        hooks.on_reign(champion_changed)
