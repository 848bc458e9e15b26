from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "apps.decisions"

    def ready(self) -> None:
        from apps.applications import hooks
        from apps.collateral import exposures
        from apps.core import history, notices
        from apps.decisions import api, automation, exposed, services
        from apps.decisions.models import Override, ReviewCase

        hooks.on_withdraw(services.cancel_waiting)
        hooks.on_change(services.lapse_overrides)
        hooks.add_read_extra("decision", api.READ_EXTRA)
        notices.register(automation.notices)
        exposures.register("decisions", exposed.granted, order=exposed.ORDER)
        history.keep(ReviewCase, exclude=["updated_at"])
        history.keep(Override, exclude=["updated_at"])
