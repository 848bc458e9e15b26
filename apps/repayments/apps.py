from django.apps import AppConfig


class RepaymentsConfig(AppConfig):
    name = "apps.repayments"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.core import history
        from apps.ledger import hooks as ledger
        from apps.loans import hooks as loans
        from apps.repayments import proofs, services
        from apps.repayments.models import AccountEvent

        history.keep(AccountEvent, exclude=["words", "reversed_reason"])
        ledger.before_closing(services.require_accrued)
        loans.on_payout(services.follow_payout)
        loans.on_exit(services.end_account)
        proofs.register_all()
        code_words.know("repayments", "kind", dict(AccountEvent.Kind.choices))
