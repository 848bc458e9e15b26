from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "apps.desk"

    def ready(self) -> None:
        from apps.applications import hooks as applications
        from apps.core import history, withheld
        from apps.decisions import hooks
        from apps.desk import blind_rows, services
        from apps.desk.models import SavedView, ServiceLevel

        hooks.on_open(services.place)
        hooks.on_end(services.drop_open)
        hooks.on_end(services.freeze_memo)
        applications.on_change(services.drop_blind)
        applications.on_withdraw(services.drop_blind)
        withheld.register(blind_rows.withheld)
        history.keep(ServiceLevel)
        history.keep(SavedView)
