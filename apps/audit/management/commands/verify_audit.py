"""Prove that the audit chain is whole."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.audit import selectors, services


class Command(BaseCommand):
    help = "Seal what waits, recompute the chain, and name the first broken row."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-seal", action="store_true", help="Do not seal waiting events first."
        )
        parser.add_argument(
            "--unsealed-minutes",
            type=int,
            default=5,
            help="Fail when an event has waited longer than this for its seal.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if not options["no_seal"]:
            services.seal_all(sealed_at=now)
        found = selectors.verify()
        if found.broken:
            raise CommandError(
                f"The chain is broken at position {found.broken.position}, {found.broken_event}: "
                f"{found.broken.reason}."
            )
        patience = timedelta(minutes=options["unsealed_minutes"])
        if found.oldest_unsealed_at and now - found.oldest_unsealed_at > patience:
            raise CommandError(
                f"{found.unsealed} events wait for a seal, the oldest since "
                f"{found.oldest_unsealed_at:%Y-%m-%d %H:%M} UTC. Is the worker running?"
            )
        self.stdout.write(
            f"The chain is whole: {found.sealed} events sealed, {found.unsealed} waiting. "
            f"Head {found.head}"
        )
