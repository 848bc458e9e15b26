from django.apps import AppConfig


class NpaConfig(AppConfig):
    name = "apps.npa"

    def ready(self) -> None:
        from apps.core import history
        from apps.npa.models import Alert, Override, Threshold

        history.keep(Override, exclude=["updated_at", "reason", "answer_note", "end_reason"])
        history.keep(Threshold, exclude=["updated_at"])
        history.keep(Alert, exclude=["updated_at"])
