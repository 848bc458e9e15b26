"""Start-up of the project: find the tasks of every app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext

from apps.core import lifecycle


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        # Celery's own loader re-enters django.setup() here and fails; Django's does not.
        autodiscover_modules("tasks")
        autodiscover_modules("navigation")
        autodiscover_modules("home")
        from apps.core import schema  # noqa: F401  (registers OpenAPI extensions)

        lifecycle.said_by(gettext)
