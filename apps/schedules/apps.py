from django.apps import AppConfig


class SchedulesConfig(AppConfig):
    """The schedules app."""

    name = "apps.schedules"

    def ready(self) -> None:
        """Let the sentences of the pure modules be said in the reader's language."""
        from apps.schedules import refusals, sentences

        refusals.said_by(sentences.words)
