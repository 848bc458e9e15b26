from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "apps.loans"

    def ready(self) -> None:
        from apps.core import history
        from apps.loans.models import Loan, Outcome

        history.keep(Loan)
        history.keep(Outcome)
