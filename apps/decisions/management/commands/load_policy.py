"""Load credit policies from files."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.decisions import services


class Command(BaseCommand):
    """Load each file as the next policy version of its lender; a second run changes nothing."""

    help = "Load credit policies (fixtures/policies/*.json, or the files given)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "fixtures" / "policies"
        for path in options["files"] or sorted(folder.glob("*.json")):
            self.stdout.write(f"{path.name}: {self._load(path)}")

    def _load(self, path: Path) -> str:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            entity_code, start = content["entity"], date.fromisoformat(content["effective_from"])
            document = content["policy"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path}: this is no policy file ({error!r}).") from error
        entity = Entity.objects.filter(code=entity_code).first()
        if entity is None:
            raise CommandError(f"{path}: there is no lender {entity_code!r}; load products first.")
        try:
            loaded = services.load_policy(
                actor=audit.system("command"),
                entity=entity,
                document=document,
                effective_from=start,
            )
        except DomainError as refusal:
            raise CommandError(f"{path}: {refusal.sentence}") from refusal
        state = "loaded" if loaded.is_new else "unchanged"
        return f"{state}, {loaded.version} in force from {loaded.version.effective_from}"
