from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"

    def ready(self) -> None:
        from apps.letters import hooks
        from apps.offers import hooks as offers
        from apps.portal import services

        hooks.build_review_links(services.review_link)
        offers.build_offer_links(services.offer_link)
