from django.apps import AppConfig


class RepaymentsConfig(AppConfig):
    name = "apps.repayments"

    def ready(self) -> None:
        from apps.core import history
        from apps.ledger import hooks as ledger
        from apps.repayments import services
        from apps.repayments.models import AccountEvent

        history.keep(AccountEvent)
        ledger.before_closing(services.require_accrued)
