from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "apps.decisions"

    def ready(self) -> None:
        from apps.applications import hooks
        from apps.core import history, notices
        from apps.decisions import api, automation, services
        from apps.decisions.models import ReviewCase

        hooks.on_withdraw(services.cancel_waiting)
        hooks.add_read_extra("decision", api.READ_EXTRA)
        notices.register(automation.notices)
        history.keep(ReviewCase, exclude=["updated_at"])
