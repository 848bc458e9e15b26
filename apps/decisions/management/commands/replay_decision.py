"""Derive past decisions again and say whether they come out the same."""

import json
import uuid
from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.audit import services as audit
from apps.decisions import services
from apps.decisions.differences import Difference
from apps.decisions.models import Decision

_MOST_SHOWN = 20
_MOST_WORKERS = 64
_OF_MANY = ("since", "until", "limit", "thorough")


class Command(BaseCommand):
    """Replay one decision, or many; ends with an error when anything differs."""

    help = (
        "Replay one decision by its id, the latest one of an application by its number, or --all"
        " of them, the newest first. Days are those of each lender's own calendar and both are"
        " included."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "decision", nargs="?", help="the id of a decision, or an application's number"
        )
        parser.add_argument(
            "--json", action="store_true", help="with one decision: the answer of the API, as JSON"
        )
        parser.add_argument(
            "--all", action="store_true", dest="everything", help="every decision there is"
        )
        for name, said in (("since", "first"), ("until", "last")):
            parser.add_argument(
                f"--{name}", type=_day, metavar="DATE", help=f"with --all: the {said} day"
            )
        parser.add_argument(
            "--limit", type=int, default=0, help="with --all: at most so many; 0 is no limit"
        )
        parser.add_argument(
            "--workers", type=int, default=1, help="with --all: in so many processes"
        )
        parser.add_argument(
            "--thorough", action="store_true", help="with --all: set every letter again, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        _refuse(options)
        if not options["everything"]:
            self._one(options)
            return
        self._shown = 0
        span = services.Span(since=options["since"], until=options["until"], limit=options["limit"])
        found = services.replay_all(
            actor=audit.system("command"),
            span=span,
            now=now,
            tell=self._tell,
            workers=options["workers"],
            thorough=options["thorough"],
        )
        seconds = (timezone.now() - now).total_seconds()
        if found.different:
            raise CommandError(f"{found.different} of {found.replayed} decisions differ.")
        self.stdout.write(f"{found.replayed} decisions replayed, all identical.")
        self.stderr.write(f"{found.replayed / max(seconds, 0.001):,.0f} a second")

    def _one(self, options: dict[str, Any]) -> None:
        decision = _found(options["decision"] or "")
        result = services.replay(
            actor=audit.system("command"), decision=decision, now=timezone.now()
        )
        if options["json"]:
            self.stdout.write(json.dumps(result.to_json(), indent=2))
        else:
            self._show(decision.pk, result.differences)
        if not result.identical:
            raise CommandError("1 of 1 decisions differ.")
        if not options["json"]:
            self.stdout.write("1 decisions replayed, all identical.")

    def _tell(self, so_far: services.BulkResult, answers: services.Answers) -> None:
        """Show the first decisions that differ, and where the replay stands."""
        for key, differences in answers:
            if differences and self._shown < _MOST_SHOWN:
                self._shown += 1
                self._show(key, differences)
        progress = f"{so_far.replayed:,} replayed, {so_far.different:,} differ"
        # On a terminal the line renews itself; in a log it would only repeat.
        if self.stderr.isatty():
            self.stderr.write(f"\r{progress}", ending="")

    def _show(self, key: uuid.UUID, differences: tuple[Difference, ...]) -> None:
        for one in differences:
            self.stderr.write(
                f"{key}: {one.what} differs ({one.source}): stored {one.stored}, found {one.found}"
            )


def _found(wanted: str) -> Decision:
    """Return the decision of an id, or the latest one on the application of a number."""
    if not wanted:
        raise CommandError("Give the id of a decision, an application's number, or --all.")
    rows = Decision.objects.select_related("application").order_by("-number")
    try:
        found = rows.filter(pk=uuid.UUID(wanted)).first()
    except ValueError:
        found = rows.filter(application__number__iexact=wanted).first()
    if found is None:
        raise CommandError(f"There is no decision {wanted}, and none on an application {wanted}.")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day; write 2026-11-26.") from None


def _refuse(options: dict[str, Any]) -> None:
    """Refuse what cannot be meant."""
    if options["everything"] and options["decision"]:
        raise CommandError("Give the id of a decision, or --all, not both.")
    if options["everything"] and options["json"]:
        raise CommandError("--json goes with one decision.")
    if not options["everything"] and any(options[name] for name in _OF_MANY):
        raise CommandError("--since, --until, --limit and --thorough go with --all.")
    if options["limit"] < 0:
        raise CommandError("--limit counts decisions; it cannot be below 0.")
    if not 1 <= options["workers"] <= _MOST_WORKERS:
        raise CommandError(f"--workers must be 1 to {_MOST_WORKERS}.")
    if options["since"] and options["until"] and options["since"] > options["until"]:
        raise CommandError("--since lies after --until.")
