"""End days: `manage.py day_end --date YYYY-MM-DD [--until ...] [--entity CODE]`."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit.services import system
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import day_end_rows, services
from apps.npa.errors import NothingToEnd
from apps.npa.models import Changed, DayEnd

# Loans of which it is written what the runs found otherwise; the page of the day has them all.
MOST_SHOWN = 50


class Command(BaseCommand):
    # Checks of the program read every page of it: a night needs none, and holds less without them.
    requires_system_checks = ()

    help = (
        "End a day of every lender, or of one: interest, classes, provisions, closing. What was"
        " interrupted goes on; a finished day that is open is run once more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--date", type=date.fromisoformat, help="YYYY-MM-DD; default: what is missing."
        )
        parser.add_argument(
            "--until", type=date.fromisoformat, help="The last day, where it is more than one."
        )
        parser.add_argument("--entity", help="The code of the lender; default: every one.")
        books = parser.add_mutually_exclusive_group()
        books.add_argument(
            "--keep-open",
            action="store_false",
            dest="close",
            default=None,
            help="Leave the books of the days open, until that is lifted.",
        )
        books.add_argument(
            "--close", action="store_true", default=None, help="Close also what was kept open."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        start, until = options["date"], options["until"]
        if until and (start is None or until < start):
            raise CommandError("--until needs --date, and no day before it.")
        for entity in _lenders(options["entity"]):
            if start is None:
                ended = services.end_missing(
                    actor=system("day-end"), entity=entity, now=timezone.now()
                )
                self.stdout.write(f"{entity.code}: {ended} days ended.")
                continue
            for days in range(((until or start) - start).days + 1):
                self._end(entity, start + timedelta(days=days), close=options["close"])

    def _end(self, entity: Entity, day: date, *, close: bool | None) -> None:
        known = _runs_done(entity, day)
        try:
            found = services.end_day(
                actor=system("day-end"), entity=entity, day=day, now=timezone.now(), close=close
            )
        except NothingToEnd:
            self.stdout.write(f"{entity.code} {day}: no loan on the books.")
            return
        except DomainError as refusal:
            raise CommandError(f"{entity.code} {day}: {refusal}") from refusal
        self.stdout.write(_said(entity, found))
        overridden = day_end_rows.overridden(found)
        if overridden:
            self.stdout.write(f"  in a class set by people: {overridden} loans.")
        for line in (*_changes(found, known.get(day, 0)), *_later(entity, day, known)):
            self.stdout.write(line)


def _lenders(code: str | None) -> list[Entity]:
    rows = Entity.objects.order_by("code")
    found = list(rows.filter(code=code) if code else rows)
    if not found:
        raise CommandError(f"There is no lender {code!r}.")
    return found


def _said(entity: Entity, found: DayEnd) -> str:
    seconds = sum(float(one["seconds"]) for one in found.stages.values())
    return (
        f"{entity.code} {found.day}: {found.status}, run {found.run}, {found.loans} loans,"
        f" {found.changed} changed, {len(found.problems)} left out, {seconds:.1f} s."
    )


def _runs_done(entity: Entity, day: date) -> dict[date, int]:
    """Return how many runs of a day, and of those after it, were done, by their days."""
    rows = DayEnd.objects.filter(entity=entity, day__gte=day).exclude(status="closed")
    return {one.day: one.run - (one.status == "running") for one in rows}


def _changes(found: DayEnd, known: int) -> Iterator[str]:
    """Yield what each run since the `known` ones found otherwise than the one before it."""
    since = Changed.objects.filter(day_end=found, run__gt=known)
    rows = list(since.order_by("run", "id")[:MOST_SHOWN])
    loans = Loan.objects.in_bulk([row.loan_id for row in rows])
    for one in day_end_rows.differences(rows, loans):
        said = "; ".join(f"{label}: {before} -> {after}" for label, before, after in one.columns)
        yield f"  run {one.run}, {one.loan.number}: {said or 'other figures'}"
    more = since.count() - len(rows)
    if more:
        yield f"  and {more} more changes: see the page of the day."


def _later(entity: Entity, day: date, known: Mapping[date, int]) -> Iterator[str]:
    """Yield of how many loans the open days after one were found otherwise, run again with it."""
    for one in DayEnd.objects.filter(entity=entity, day__in=known, day__gt=day).order_by("day"):
        changed = Changed.objects.filter(day_end=one, run__gt=known[one.day]).count()
        if changed:
            yield f"  {one.day}, run again up to run {one.run}: {changed} changed."
