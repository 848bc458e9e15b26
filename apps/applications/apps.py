from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "apps.applications"

    def ready(self) -> None:
        from apps.applications import selectors
        from apps.applications.models import Application, Collateral, Guarantor
        from apps.core import history
        from apps.letters import hooks

        hooks.know_recipients("applications.application", selectors.recipients)
        history.keep(Application, exclude=["idempotency_key", "idempotency_digest"])
        history.keep(Collateral)
        history.keep(Guarantor, masked=["name"])
