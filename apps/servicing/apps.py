from django.apps import AppConfig


class ServicingConfig(AppConfig):
    name = "apps.servicing"

    def ready(self) -> None:
        from apps.core import history
        from apps.repayments import hooks
        from apps.servicing import selectors
        from apps.servicing.models import BenchmarkRate, Closure, Pause, Proposal, Transfer

        hooks.leave_alone(selectors.left_alone)

        history.keep(Proposal, exclude=["updated_at"])
        history.keep(Transfer, exclude=["updated_at"])
        history.keep(Pause, exclude=["updated_at"])
        history.keep(BenchmarkRate)
        history.keep(Closure, exclude=["updated_at"])
