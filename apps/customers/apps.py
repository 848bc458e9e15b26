from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "apps.customers"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.core import history
        from apps.customers import models, wordings

        history.keep(
            models.Customer,
            exclude=["phone_index", "email_index"],
            masked=["full_name", "date_of_birth", "phone", "email"],
        )
        history.keep(models.IdentityNumber, exclude=["index"], masked=["value"])
        history.keep(
            models.BlockListEntry, exclude=["index"], masked=["number", "source", "lifting_reason"]
        )
        history.keep(models.Address, masked=["street"])
        history.keep(models.ProtectedAttributes, masked=["values"])
        # The bytes of a document are neither opened nor copied for its history.
        history.keep(models.Document, exclude=["content"], masked=["filename"])
        for model in (
            models.Employment,
            models.Household,
            models.Obligation,
            models.NoObligations,
            models.BureauReport,
            models.Consent,
        ):
            history.keep(model)
        kinds = (models.Document.Kind, models.IdentityNumber.Kind, models.Obligation.Kind)
        for name, words in (
            ("purpose", dict(models.Consent.Purpose.choices)),
            ("home", dict(models.Household.Home.choices)),
            ("channel", wordings.CHANNELS),
            ("kind", {code: word for kind in kinds for code, word in kind.choices}),
        ):
            code_words.know("customers", name, words)
