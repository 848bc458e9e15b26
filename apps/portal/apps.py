from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"

    def ready(self) -> None:
        from apps.letters import hooks
        from apps.offers import hooks as offers
        from apps.portal import services
        from apps.repayments import hooks as repayments

        hooks.build_review_links(services.review_link)
        offers.build_offer_links(services.offer_link)
        repayments.build_links(own=services.loan_link, stop=services.stop_link)
