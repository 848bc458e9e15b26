"""Load the catalogue: `manage.py load_products [PRODUCTS] [--entities FILE] [--taxes FILE]`."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit import services as audit
from apps.products import services
from apps.products.catalogue import CatalogueRefused


class Command(BaseCommand):
    """Bring entities, branches, products, fees and taxes to what the fixture files say."""

    help = "Load entities, branches, products and fees; a second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        fixtures = Path(settings.BASE_DIR) / "fixtures"
        parser.add_argument("products", nargs="?", type=Path, default=fixtures / "products.json")
        parser.add_argument("--entities", type=Path, default=fixtures / "entities.json")
        parser.add_argument("--taxes", type=Path, default=fixtures / "tax_rates.json")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = services.load(
                actor=audit.system("load_products"),
                entities=_read(options["entities"]),
                products=_read(options["products"]),
            )
            taxed = services.load_taxes(
                actor=audit.system("load_products"), taxes=_read(options["taxes"])
            )
        except CatalogueRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Products: {loaded.created} new, {loaded.changed} changed, "
            f"{loaded.removed} removed, {loaded.unchanged} as they were."
        )
        if taxed.touched:
            self.stdout.write(f"Taxes on fees: {taxed.created} new, {taxed.changed} changed.")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
