from django.apps import AppConfig


class OffersConfig(AppConfig):
    name = "apps.offers"

    def ready(self) -> None:
        from apps.applications import hooks
        from apps.core import history
        from apps.offers import services
        from apps.offers.models import Offer

        hooks.on_change(services.supersede)
        hooks.on_withdraw(services.supersede)
        history.keep(Offer, exclude=["updated_at", "terms", "key_facts"])
