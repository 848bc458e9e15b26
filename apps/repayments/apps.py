from django.apps import AppConfig


class RepaymentsConfig(AppConfig):
    name = "apps.repayments"

    def ready(self) -> None:
        from apps.core import history
        from apps.repayments.models import AccountEvent

        history.keep(AccountEvent)
