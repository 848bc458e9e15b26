"""Set a lender's first thresholds: `manage.py load_thresholds ENTITY OWNER [FILE]`."""

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.core.errors import DomainError
from apps.npa import services
from apps.npa.models import Threshold


class Command(BaseCommand):
    """Set the thresholds of a file that a lender has not set yet; those it has stay."""

    help = "Set a lender's first thresholds in the name of the person who answers for them."

    def add_arguments(self, parser: CommandParser) -> None:
        default = Path(settings.BASE_DIR) / "fixtures" / "npa_thresholds.json"
        parser.add_argument("entity", help="the lender's code")
        parser.add_argument("owner", help="the e-mail of a person who may set thresholds")
        parser.add_argument("file", nargs="?", type=Path, default=default)

    def handle(self, *args: Any, **options: Any) -> None:
        entity = Entity.objects.filter(code=options["entity"]).first()
        owner = User.objects.filter(email=options["owner"].lower()).first()
        if entity is None or owner is None:
            raise CommandError("There is no such lender, or nobody with this e-mail.")
        known = set(Threshold.objects.filter(entity=entity).values_list("measure", flat=True))
        new = 0
        for measure, bound in _read(options["file"]):
            if measure in known:
                continue
            asked = services.Bound(measure=measure, bound=bound, owner=owner)
            try:
                services.set_threshold(actor=owner, entity=entity, asked=asked, now=timezone.now())
            except DomainError as refusal:
                raise CommandError(f"{measure}: {refusal.sentence}") from refusal
            new += 1
        self.stdout.write(f"Thresholds: {new} new, {len(known)} as they were.")


def _read(path: Path) -> list[tuple[str, Decimal]]:
    """Return measures and bounds of a file. Raises CommandError where it cannot be read."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [(row["measure"], Decimal(row["bound"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, InvalidOperation) as error:
        raise CommandError(f"{path}: {error}") from error
