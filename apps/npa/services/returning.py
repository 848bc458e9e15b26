"""Make a return: reconcile it with the ledger, freeze the file, write down who made it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.spreadsheets import csv_lines
from apps.core.visibility import get_visible
from apps.npa import (
    bureau_calendar,
    policies,
    return_rows,
    returns_bureau,
    returns_layout,
    returns_rbi,
    returns_sasra,
)
from apps.npa.models import Return
from apps.npa.movement import Reconciled
from apps.npa.returns_layout import Sheet

LONGEST_REASON = 300
SHORTEST_REASON = 3
_SHEETS = {Return.Kind.RBI_ASSETS: returns_rbi.sheet, Return.Kind.SASRA_FORM_4: returns_sasra.sheet}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which return, of which lender, as on which day."""

    kind: str
    entity: Entity
    day: date


@dataclass(frozen=True)
class Drawn:
    """A return before it is made: the sheet (none of a bureau's file), the checks, when due."""

    sheet: Sheet | None
    checks: list[Reconciled]
    report: bureau_calendar.Reporting | None

    @property
    def reconciles(self) -> bool:
        """Whether every figure agrees with the ledger."""
        return not any(one.difference for one in self.checks)


def draw(*, actor: User, wanted: Wanted) -> Drawn:
    """Return what a return would say.

    Raises NotPermitted, and Conflict or DomainError where it cannot be made: the day was not
    ended, the calendar or the layout does not know it.
    """
    _permit(actor, wanted.kind)
    if wanted.kind not in return_rows.kinds(wanted.entity):
        raise _refused("kind", "not_owed", _("This lender does not owe this return."))
    if not return_rows.is_ended(wanted.entity, wanted.day):
        raise Conflict("day_not_ended", _("This day was not ended; a return needs its snapshots."))
    checks = return_rows.checks(wanted.entity, wanted.day)
    if wanted.kind == Return.Kind.BUREAU:
        try:
            report = bureau_calendar.reporting(wanted.day)
        except bureau_calendar.NotAReferenceDay:
            sentence = _("Bureaus are told nothing as on this day.")
            raise _refused("day", "no_reference_day", sentence) from None
        return Drawn(None, checks, report)
    try:
        sheet = _SHEETS[Return.Kind(wanted.kind)](return_rows.parts(wanted.entity, wanted.day))
    except ValueError as unknown:
        sentence = _("The layout has no line for the class %s.") % unknown
        raise _refused("day", "class_unknown", sentence) from None
    return Drawn(sheet, checks, None)


def check(*, actor: User, wanted: Wanted, reason: str) -> Drawn:
    """Return what a return would say, once nothing is against making it.

    Raises as `draw` does, and DomainError where the ledger differs and no reason is given.
    """
    drawn = draw(actor=actor, wanted=wanted)
    if not drawn.reconciles and not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        sentence = _("It differs from the ledger. Say why it is made all the same.")
        raise _refused("reason", "does_not_reconcile", sentence)
    return drawn


@transaction.atomic
def make_return(*, actor: User, wanted: Wanted, now: datetime, reason: str = "") -> Return:
    """Make a return and keep its file; where it does not reconcile, only with a reason.

    Raises as `check` does.
    """
    drawn = check(actor=actor, wanted=wanted, reason=reason)
    lines, count = _content(wanted, drawn)
    made = Return(
        entity=wanted.entity,
        kind=wanted.kind,
        day=wanted.day,
        due_date=drawn.report.due if drawn.report else None,
        is_full=drawn.report is None or drawn.report.kind == bureau_calendar.Kind.FULL,
        layout=drawn.sheet.layout if drawn.sheet else returns_bureau.LAYOUT,
        rows=count,
        content=lines,
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
        checks=[_check(one) for one in drawn.checks],
        reconciles=drawn.reconciles,
        reason="" if drawn.reconciles else reason.strip(),
        made_by=actor,
        made_at=now,
    )
    made.save(force_insert=True)
    audit.record(actor, "npa.return_made", made, **_told(made), reconciles=made.reconciles)
    return made


@transaction.atomic
def read_return(*, actor: User, made: Return) -> str:
    """Return the file of a return; who downloaded it is on record. Raises NotPermitted."""
    _permit(actor, made.kind)
    found: Return = get_visible(Return.objects.all(), actor, pk=made.pk)
    content = found.content
    if hashlib.sha256(content.encode()).hexdigest() != found.sha256:
        raise Conflict("file_damaged", _("The file is not as it was made; tell the operator."))
    audit.record(actor, "npa.return_downloaded", found, **_told(found))
    return content


def may_make(actor: User, kind: str) -> bool:
    """Say whether the person may make and read returns of a kind: the whole lender is in them."""
    needed = policies.MAKE_BUREAU_FILE if kind == Return.Kind.BUREAU else policies.MAKE_RETURN
    return actor.works_everywhere and actor.has_perm(needed)


def _permit(actor: User, kind: str) -> None:
    if not may_make(actor, kind):
        raise NotPermitted("not_permitted", _("Your role does not allow this return."))


def _content(wanted: Wanted, drawn: Drawn) -> tuple[str, int]:
    """Return the file and how many rows it has, the headings not counted."""
    table: Iterable[Sequence[Any]]
    if drawn.sheet is not None:
        table = returns_layout.table(drawn.sheet)
    else:
        assert drawn.report is not None  # noqa: S101 - a return has a sheet or a calendar
        table = returns_bureau.table(return_rows.accounts(wanted.entity, drawn.report))
    lines = list(csv_lines(table))
    return "".join(lines), len(lines) - 1


def _check(one: Reconciled) -> dict[str, str]:
    return {
        "name": one.name,
        "snapshots": str(one.snapshots),
        "ledger": str(one.ledger),
        "difference": str(one.difference),
    }


def _told(made: Return) -> dict[str, Any]:
    return {
        "kind": made.kind,
        "day": made.day.isoformat(),
        "rows": made.rows,
        "sha256": made.sha256,
    }


def _refused(field: str, code: str, sentence: str) -> DomainError:
    return DomainError(code, sentence, fields={field: sentence})
