from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "apps.applications"

    def ready(self) -> None:
        from apps.applications.models import Application, Collateral, Guarantor
        from apps.core import history

        history.keep(Application, exclude=["idempotency_key", "idempotency_digest"])
        history.keep(Collateral)
        history.keep(Guarantor, masked=["name"])
