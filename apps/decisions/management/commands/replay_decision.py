"""Derive past decisions again and say whether they come out the same."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from apps.audit import services as audit
from apps.decisions import services
from apps.decisions.models import Decision

_MOST_SHOWN = 20


class Command(BaseCommand):
    """Replay one decision, or all; ends with an error when anything differs."""

    help = "Replay one decision by its id, or --all of them (the newest first, up to --limit)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("decision", nargs="?")
        parser.add_argument("--all", action="store_true", dest="everything")
        parser.add_argument("--limit", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        rows = self._chosen(options)
        replayed = different = 0
        # One decision is checked with its letter and the stored model; many trust the one loaded.
        thorough = not options["everything"]
        for decision in rows.iterator(chunk_size=500):
            result = services.replay(
                actor=audit.system("command"),
                decision=decision,
                now=timezone.now(),
                thorough=thorough,
            )
            replayed += 1
            if not result.identical:
                different += 1
                self._show(result, shown=different)
        if different:
            raise CommandError(f"{different} of {replayed} decisions differ.")
        self.stdout.write(f"{replayed} decisions replayed, all identical.")

    def _chosen(self, options: dict[str, Any]) -> QuerySet[Decision]:
        rows = Decision.objects.select_related(
            "policy__entity", "score_run__model", "application__product", "letter"
        ).defer("score_run__model__body", "score_run__model__manifest")
        if options["everything"]:
            ordered = rows.defer("letter__html", "letter__pdf", "letter__facts").order_by(
                "-decided_at", "-id"
            )
            return ordered[: options["limit"]] if options["limit"] > 0 else ordered
        try:
            wanted = uuid.UUID(options["decision"] or "")
        except ValueError:
            raise CommandError("Give the id of a decision, or --all.") from None
        found = rows.filter(pk=wanted)
        if not found.exists():
            raise CommandError(f"There is no decision {wanted}.")
        return found

    def _show(self, result: services.ReplayResult, *, shown: int) -> None:
        if shown > _MOST_SHOWN:
            return
        for one in result.differences:
            self.stderr.write(
                f"{result.decision.pk}: {one.what} differs ({one.source}):"
                f" stored {one.stored}, found {one.found}"
            )
