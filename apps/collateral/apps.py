from django.apps import AppConfig


class CollateralConfig(AppConfig):
    name = "apps.collateral"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.collateral import exposures, models, presentation, selectors
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
        for column, looks in (
            ("item.status", presentation.STATES),
            ("lien.status", presentation.LIENS),
        ):
            words = {code: word for code, (_tone, _symbol, word) in looks.items()}
            code_words.know("collateral", column, words)
        code_words.know("collateral", "kind", dict(models.Kind.choices))
