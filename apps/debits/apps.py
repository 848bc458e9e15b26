from django.apps import AppConfig


class DebitsConfig(AppConfig):
    name = "apps.debits"

    def ready(self) -> None:
        from apps.core import history
        from apps.debits.models import DebitFile, DebitRule, Mandate

        history.keep(
            Mandate,
            exclude=["updated_at"],
            masked=["holder", "account_number", "evidence", "reason"],
        )
        history.keep(DebitRule, exclude=["updated_at"])
        history.keep(DebitFile, exclude=["updated_at", "content"])
