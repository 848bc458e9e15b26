from django.apps import AppConfig


class DebitsConfig(AppConfig):
    name = "apps.debits"

    def ready(self) -> None:
        from apps.audit import subjects
        from apps.core import history, stored_reasons
        from apps.debits import selectors, sentences
        from apps.debits.models import AnswerFile, DebitFile, DebitRule, Mandate, Recall

        stored_reasons.register(sentences.RETURNED, words=sentences.returned)
        stored_reasons.register(sentences.BOUNCED, words=sentences.bounced)
        history.keep(
            Mandate,
            exclude=["updated_at"],
            masked=["holder", "account_number", "evidence", "reason"],
        )
        history.keep(DebitRule, exclude=["updated_at"])
        history.keep(DebitFile, exclude=["updated_at", "content", "withdrawn_reason"])
        history.keep(Recall, masked=["reason", "note"])
        subjects.register("debits.mandate", visible=selectors.may_read(Mandate))
        subjects.register("debits.debitfile", visible=selectors.may_read(DebitFile))
        subjects.register("debits.answerfile", visible=selectors.may_read(AnswerFile))
