from django.apps import AppConfig


class ServicingConfig(AppConfig):
    name = "apps.servicing"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.core import history
        from apps.loans import hooks as loans
        from apps.offers import hooks as offers
        from apps.repayments import hooks, reference_words
        from apps.servicing import selectors
        from apps.servicing.models import BenchmarkRate, Closure, Pause, Proposal, Transfer
        from apps.servicing.services import netting

        hooks.leave_alone(selectors.left_alone)
        hooks.tell_pay_off(selectors.payoff_amount)
        offers.know_own_loans(netting.own_loan)
        loans.net(
            loans.Netting(
                kept_back=netting.kept_back,
                check=netting.check,
                settle=netting.settle,
                undo=netting.undo,
            )
        )

        history.keep(Proposal, exclude=["updated_at", "reason", "answer_note"])
        history.keep(Transfer, exclude=["updated_at", "reason", "answer_note"])
        history.keep(Pause, exclude=["updated_at", "reason", "ended_reason"])
        history.keep(BenchmarkRate, exclude=["taken_back_reason"])
        history.keep(Closure, exclude=["updated_at"])
        code_words.know("servicing", "what", dict(Proposal.Kind.choices))
        code_words.know("servicing", "of", dict(Proposal.Bucket.choices))
        code_words.tell("servicing", "transfer", reference_words.said)
