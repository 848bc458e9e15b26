from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig


class CollectionsConfig(AppConfig):
    name = "apps.collections"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.collections import services, wording
        from apps.collections.models import Assignment, Contact, LegalStep
        from apps.core import history
        from apps.repayments import hooks

        hooks.keep_contacts(services.record_promised)
        history.keep(Assignment, exclude=["updated_at"])
        history.keep(Contact, exclude=["updated_at", "note", "place"])
        history.keep(LegalStep, exclude=["updated_at", "reference"])
        words: dict[str, Mapping[Any, Any]] = {
            "way": wording.WAYS,
            "outcome": wording.OUTCOMES,
            "stage": wording.STAGES,
            "before": wording.STAGES,
        }
        for name, known in words.items():
            code_words.know("collections", name, {str(code): known[code] for code in known})
