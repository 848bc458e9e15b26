from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "apps.applications"

    def ready(self) -> None:
        from apps.applications import selectors
        from apps.applications.models import Application, Collateral, Guarantor
        from apps.audit import code_words
        from apps.core import history
        from apps.letters import hooks
        from apps.products.models import Purpose

        hooks.know_recipients("applications.application", selectors.recipients)
        history.keep(Application, exclude=["idempotency_key", "idempotency_digest"])
        history.keep(Collateral)
        history.keep(Guarantor, masked=["name"])
        code_words.know("applications", "purpose", dict(Purpose.choices))
