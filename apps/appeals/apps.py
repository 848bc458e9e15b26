from django.apps import AppConfig


class AppealsConfig(AppConfig):
    name = "apps.appeals"

    def ready(self) -> None:
        from apps.appeals import services
        from apps.appeals.models import Appeal, Correction
        from apps.applications import hooks
        from apps.core import history
        from apps.desk import blind_rows

        blind_rows.leave_out(lambda: Appeal.objects.values("application"))
        hooks.on_change(services.overtake)
        hooks.on_withdraw(services.overtake)
        history.keep(Appeal, exclude=["updated_at", "statement", "answer"])
        history.keep(Correction, exclude=["updated_at", "stood", "claimed"])
