from django.apps import AppConfig


class NpaConfig(AppConfig):
    name = "apps.npa"

    def ready(self) -> None:
        from apps.core import history
        from apps.ledger import hooks as ledger
        from apps.npa import proofs, restructured, services
        from apps.npa.models import Alert, Finding, Override, ReserveRelease, Threshold
        from apps.servicing import hooks as servicing

        ledger.before_closing(services.require_ended)
        servicing.tell_restructured(restructured.leads_to)
        proofs.register_all()

        history.keep(Override, exclude=["updated_at", "reason", "answer_note", "end_reason"])
        history.keep(Finding, exclude=["updated_at", "reason", "answer_note", "end_reason"])
        history.keep(ReserveRelease, exclude=["updated_at", "reason", "answer_note"])
        history.keep(Threshold, exclude=["updated_at"])
        history.keep(Alert, exclude=["updated_at"])
