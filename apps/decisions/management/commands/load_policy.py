"""Load credit policies from files."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.decisions import services
from apps.decisions.models import PolicyVersion

_DONE = {
    "installed": "loaded",
    "proposed": "proposed, waits for approval",
    "unchanged": "unchanged",
}


class Command(BaseCommand):
    """Install each lender's first policy; a file given for a later one becomes a proposal.

    A second run changes nothing. Without files, the policies that come with the program are
    installed where a lender has none; a lender that has one keeps it.
    """

    help = (
        "Install the first credit policy of each lender (fixtures/policies/*.json), or load the"
        " files given: a lender's first is installed, each later one waits for approval."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)
        parser.add_argument(
            "--proposed-by", default="", help="E-mail of who answers for a later version."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = self._person(options["proposed_by"])
        folder = settings.BASE_DIR / "fixtures" / "policies"
        for path in options["files"]:
            self.stdout.write(f"{path.name}: {self._load(path, person)}")
        for path in [] if options["files"] else sorted(folder.glob("*.json")):
            self.stdout.write(f"{path.name}: {self._install(path)}")

    def _install(self, path: Path) -> str:
        """Load a policy of ours unless its lender has one: what people decided on stays."""
        entity, _start, _document = _read(path)
        standing = PolicyVersion.objects.approved().filter(entity=entity).order_by("number").first()
        if standing is not None:
            return f"unchanged, {standing} in force from {standing.effective_from}"
        return self._load(path, None)

    def _load(self, path: Path, person: User | None) -> str:
        entity, start, document = _read(path)
        try:
            loaded = services.load_policy(
                actor=audit.system("command"),
                entity=entity,
                document=document,
                effective_from=start,
                now=timezone.now(),
                proposed_by=person,
            )
        except DomainError as refusal:
            raise CommandError(f"{path}: {refusal.sentence}") from refusal
        begins = loaded.version.effective_from
        return f"{_DONE[loaded.done]}, {loaded.version} in force from {begins}"

    def _person(self, email: str) -> User | None:
        if not email:
            return None
        person = User.objects.filter(email=email, is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody signs in as {email}.")
        return person


def _read(path: Path) -> tuple[Entity, date, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entity_code, start = content["entity"], date.fromisoformat(content["effective_from"])
        document = content["policy"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path}: this is no policy file ({error!r}).") from error
    entity = Entity.objects.filter(code=entity_code).first()
    if entity is None:
        raise CommandError(f"{path}: there is no lender {entity_code!r}; load products first.")
    return entity, start, document
