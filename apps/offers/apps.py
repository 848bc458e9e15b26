from django.apps import AppConfig


class OffersConfig(AppConfig):
    name = "apps.offers"

    def ready(self) -> None:
        from apps.applications import hooks
        from apps.audit import code_words
        from apps.core import history
        from apps.offers import presentation, services
        from apps.offers.models import Channel, Offer

        hooks.on_change(services.supersede)
        hooks.on_withdraw(services.supersede)
        history.keep(Offer, exclude=["updated_at", "terms", "key_facts"])
        states = {code: word for code, (_tone, _symbol, word) in presentation.STATES.items()}
        code_words.know("offers", "offer.status", states)
        code_words.know("offers", "state_before", states)
        code_words.know("offers", "channel", dict(Channel.choices))
