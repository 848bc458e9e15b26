from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "apps.desk"

    def ready(self) -> None:
        from apps.core import history
        from apps.decisions import hooks
        from apps.desk import services
        from apps.desk.models import SavedView, ServiceLevel

        hooks.on_open(services.place)
        hooks.on_end(services.drop_open)
        hooks.on_end(services.freeze_memo)
        history.keep(ServiceLevel)
        history.keep(SavedView)
