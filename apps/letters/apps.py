from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "apps.letters"

    def ready(self) -> None:
        from apps.audit import code_words
        from apps.core import history
        from apps.letters.models import Letter

        # What a letter says stays in its encrypted columns; the history shows the rest.
        history.keep(Letter, exclude=["facts", "html", "pdf"])
        code_words.know("letters", "kind", dict(Letter.Kind.choices))
