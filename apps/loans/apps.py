from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "apps.loans"

    def ready(self) -> None:
        from apps.applications import hooks
        from apps.collateral import exposures
        from apps.collateral import hooks as collateral
        from apps.core import history
        from apps.customers import hooks as customers
        from apps.decisions import sources
        from apps.ledger import hooks as ledger
        from apps.loans import (
            burdens,
            lending,
            presentation,
            proofs,
            selectors,
            services,
            standing,
        )
        from apps.loans.models import Disbursement, Loan, Outcome
        from apps.offers import hooks as offers

        hooks.on_withdraw(services.keep_while_lent)
        hooks.on_change(services.keep_as_lent)
        hooks.know_unlent(services.unlent)
        hooks.know_lending(
            hooks.Lending(
                left=lending.left,
                none=lending.none,
                runs=lending.runs,
                booked=lending.booked,
                histories=lending.histories,
            )
        )
        hooks.know_burdens(burdens.of_customers)
        customers.know_own_loans(selectors.owed_by)
        customers.know_own_payments(burdens.by_number)
        sources.register("loans", standing.of_borrowers)
        proofs.register_all()
        ledger.show_loans(visible=selectors.may_see, named=selectors.named)
        ledger.withhold(selectors.withheld_from)
        exposures.register("loans", selectors.owed_under, order=30)
        collateral.know_live(services.live)
        offers.on_exit(services.borrower_steps_back)
        offers.know_payouts(services.payouts)

        history.keep(Loan)
        history.keep(Outcome)
        history.keep(Disbursement, exclude=["updated_at", "holder", "account_number"])
        presentation.tell_codes()
