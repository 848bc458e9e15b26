from django.apps import AppConfig


class CollectionsConfig(AppConfig):
    name = "apps.collections"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.collections import wording
        from apps.collections.models import Assignment, Contact
        from apps.core import history

        history.keep(Assignment, exclude=["updated_at"])
        history.keep(Contact, exclude=["updated_at", "note", "place"])
        code_words.know("collections", "way", wording.WAYS)
        code_words.know("collections", "outcome", wording.OUTCOMES)
