"""Write what every loan of a lender is at the end of a day: one statement for the whole book."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from apps.collateral import rulebook as security
from apps.collateral.models.item import Kind as ItemKind
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import partitions, rulebook
from apps.npa.models import DayEnd, LoanDay, Override, ProvisionMovement
from apps.npa.rulebook import Stored
from apps.npa.services import keeping_reserve, looking_back
from apps.npa.statements import facilities, movements, snapshot
from apps.npa.statements.secured import Kind


def write(day_end: DayEnd, *, last_entry: int) -> dict[str, int]:
    """Write the snapshot of a day, in place of the one before; return how many rows it has.

    What is posted for the day above `last_entry`, a key, may not be in it: see `ending`.
    Where the day was ended before, what differs is kept as `Changed`. The caller is in a
    transaction. Raises DomainError where no rule table, or more than one, is in force for a loan.
    """
    tables = rulebook.in_force(day_end.entity, on=day_end.day)
    read_until = _read_until(day_end)
    values = values_of(day_end) | {"read_until": read_until}
    with_pd = any(one.rules.uses_pd for one in tables)
    partitions.ensure(day_end.day)
    with connection.cursor() as cursor:
        # Sorting and joining a million rows in memory; given back with the transaction.
        cursor.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")
        rolls = read_until is not None
        cursor.execute(facilities.make(kinds(day_end), with_pd=with_pd, rolls=rolls), values)
        looked_back = looking_back.correct(day_end)
        cursor.execute(f"ANALYZE {facilities.TABLE} (key, customer_id)")
        cursor.execute(facilities.EXPOSED)
        cursor.execute(snapshot.SET_ASIDE, values)
        cursor.execute(snapshot.TAKE_AWAY, values)
        running = _written(tables, day_end, values)
        partitions.refresh_statistics(day_end.day)
        cursor.execute(snapshot.GONE_SINCE, values)
        gone = cursor.rowcount
        changed = _compared(day_end, values)
        cursor.execute("DROP TABLE npa_before, npa_facility")
    _move(day_end, values)
    return {
        "loans": running,
        "gone": gone,
        "looked_back": looked_back,
        "overridden": _overridden(day_end),
        "changed": changed,
        "last_entry": last_entry,
    }


def _read_until(day_end: DayEnd) -> int | None:
    """Return the entry up to which the day before was read; None where it was not ended."""
    before = DayEnd.objects.filter(entity=day_end.entity, day=day_end.day - timedelta(days=1))
    for stages in before.values_list("stages", flat=True):
        return stages.get("classify", {}).get("last_entry")
    return None


def _written(tables: Sequence[Stored], day_end: DayEnd, values: Mapping[str, Any]) -> int:
    """Write every loan by the table it is under; return how many there are.

    Raises DomainError for a loan that none is for, or two are.
    """
    rules = [one.rules for one in tables]
    written = 0
    with connection.cursor() as cursor:
        if any(one.scope for one in rules):
            cursor.execute(snapshot.misplaced(rules), values)
            for (key,) in cursor.fetchall():
                _refuse(Loan.objects.get(pk=key), day_end.day)
        for one in tables:
            cursor.execute(snapshot.write(one.rules, rules), {**values, "table": one.pk})
            written += cursor.rowcount
    return written


def _overridden(day_end: DayEnd) -> int:
    """Return how many loans stand in a class that people set instead of the rules. Rule 1.16."""
    held = Override.objects.in_force(day_end.day).filter(loan__branch__entity=day_end.entity)
    keys = list(held.values_list("loan_id", flat=True))
    rows = LoanDay.objects.filter(day=day_end.day, loan__in=keys, override_id__isnull=False)
    return rows.count()


def _refuse(loan: Loan, day: date) -> None:
    """Raise DomainError that names the loan and says why no one table is for it."""
    try:
        rulebook.chosen_for(loan, on=day)
    except DomainError as refusal:
        sentence = _("Loan %(loan)s: %(why)s")
        if refusal.code == "no_rule_table":
            sentence = _("No rule table of %(day)s is for the product or purpose of loan %(loan)s.")
        values = {"loan": loan.number, "day": day, "why": refusal}
        raise DomainError(refusal.code, sentence % values) from refusal


def values_of(day_end: DayEnd) -> dict[str, Any]:
    """Return what the statements of a day-end are given."""
    return {
        "day": day_end.day,
        "before": day_end.day - timedelta(days=1),
        "entity": day_end.entity_id,
        "day_end": day_end.pk,
        "run": day_end.run,
    }


def kinds(day_end: DayEnd) -> list[Kind]:
    """Return how each kind of security is judged on the day."""
    rules = security.installed()
    found = []
    for code in ItemKind.values:
        terms = rules.terms(code, day_end.day)
        found.append(
            Kind(
                code=code,
                haircut=terms.haircut,
                counts=terms.counts,
                keeps_standard=terms.keeps_standard,
            )
        )
    return found


def _compared(day_end: DayEnd, values: Mapping[str, Any]) -> int:
    """Keep what another run found otherwise; return of how many loans."""
    if day_end.run == 1:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(snapshot.COMPARE, values)
        return cursor.rowcount


def _move(day_end: DayEnd, values: Mapping[str, Any]) -> None:
    ProvisionMovement.objects.filter(day_end=day_end).delete()
    with connection.cursor() as cursor:
        cursor.execute(movements.PROVISIONS, values)
        cursor.execute(movements.RESERVES, values)
    keeping_reserve.keep(day_end, values)
