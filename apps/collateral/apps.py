from django.apps import AppConfig


class CollateralConfig(AppConfig):
    name = "apps.collateral"

    def ready(self) -> None:
        from apps.collateral import exposures, models, selectors
        from apps.core import history

        exposures.register("requests", selectors.requested, order=10)
        history.keep(
            models.Item,
            exclude=["updated_at", "registration_index"],
            masked=["owner_name", "registration"],
        )
        history.keep(models.Lien, exclude=["updated_at"])
        history.keep(models.CoBorrower, exclude=["updated_at"])
        history.keep(models.GuarantorLiability, exclude=["updated_at"])
