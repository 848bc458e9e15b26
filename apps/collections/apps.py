from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig


class CollectionsConfig(AppConfig):
    name = "apps.collections"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.collections import selectors, services, wording
        from apps.collections.models import (
            Assignment,
            Contact,
            LegalStep,
            Notice,
            NoticeWord,
            Rule,
            Settlement,
        )
        from apps.collections.noticing import Kind
        from apps.collections.services import mailing
        from apps.core import history
        from apps.letters import hooks as letters
        from apps.repayments import hooks

        hooks.keep_contacts(services.record_promised)
        hooks.know_settled(selectors.settled)
        letters.judge_mail([one.value for one in Kind], mailing.may_mail)
        hooks.lean_on_events(services.make_way)
        history.keep(Assignment, exclude=["updated_at"])
        history.keep(Contact, exclude=["updated_at", "note", "place"])
        history.keep(LegalStep, exclude=["updated_at", "reference"])
        history.keep(Notice, exclude=["updated_at"])
        history.keep(NoticeWord, exclude=["updated_at", "reference"])
        history.keep(Rule, exclude=["updated_at"])
        history.keep(
            Settlement,
            exclude=["updated_at", "reason", "answer_note", "withdrawn_reason"],
        )
        words: dict[str, Mapping[Any, Any]] = {
            "way": wording.WAYS,
            "outcome": wording.OUTCOMES,
            "stage": wording.STAGES,
            "before": wording.STAGES,
            "what": wording.RULES,
            "kind": wording.NOTICES,
            "word": wording.NOTICE_WORDS,
            "stands": wording.SETTLEMENT_WORDS,
        }
        for name, known in words.items():
            code_words.know("collections", name, {str(code): known[code] for code in known})
