from django.apps import AppConfig


class RepaymentsConfig(AppConfig):
    name = "apps.repayments"

    def ready(self) -> None:
        from apps.audit import code_words, subjects
        from apps.core import history
        from apps.ledger import hooks as ledger
        from apps.loans import hooks as loans
        from apps.repayments import (
            own_reasons,
            proofs,
            reference_words,
            selectors,
            services,
            statement_lists,
        )
        from apps.repayments.models import AccountEvent, StatementFile, StatementLine

        own_reasons.register()
        history.keep(AccountEvent, exclude=["words", "reversed_reason"])
        for model in (StatementFile, StatementLine):
            subjects.register(model._meta.label_lower, visible=statement_lists.may_read(model))
        ledger.before_closing(services.require_accrued)
        loans.on_payout(services.follow_payout)
        loans.on_exit(services.end_account)
        loans.charge_beside(selectors.charges_owed)
        proofs.register_all()
        code_words.tell("repayments", "reference", reference_words.said)
        code_words.know("repayments", "kind", dict(AccountEvent.Kind.choices))
