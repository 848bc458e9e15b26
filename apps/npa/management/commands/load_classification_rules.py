"""Load rule tables: `manage.py load_classification_rules [FILE]`."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit import services as audit
from apps.npa import services
from apps.products.reading import CatalogueRefused


class Command(BaseCommand):
    """Bring the rules of classes and provisions to what the fixture file says."""

    help = "Load rule tables and layers of lenders; a second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        default = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"
        parser.add_argument("file", nargs="?", type=Path, default=default)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = json.loads(options["file"].read_text(encoding="utf-8"))
            loaded = services.load_rules(actor=audit.system("load_classification_rules"), data=data)
        except (OSError, json.JSONDecodeError, CatalogueRefused) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        self.stdout.write(
            f"Rule tables and layers: {loaded.created} new, {loaded.changed} changed, "
            f"{loaded.unchanged} as they were."
        )
