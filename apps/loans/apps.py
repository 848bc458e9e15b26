from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "apps.loans"

    def ready(self) -> None:
        from apps.core import history
        from apps.decisions import sources
        from apps.loans import standing
        from apps.loans.models import Loan, Outcome

        sources.register("loans", standing.of_borrower)

        history.keep(Loan)
        history.keep(Outcome)
