"""Keep the schedules of a loan: the original for good, the latest in force."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from apps.accounts.models import User
from apps.loans.models import Instalment, Loan, ScheduleVersion
from apps.schedules import building, documents
from apps.schedules.terms import Row, Schedule, Terms


def keep(
    loan: Loan,
    terms: Terms,
    *,
    reason: str,
    actor: User | None,
    rows: Iterable[Row] | None = None,
    since: date | None = None,
) -> ScheduleVersion:
    """Write a schedule of the loan that takes the place of the one in force; return it.

    The rows follow from the terms unless they are given; without an actor it is the system that
    keeps it. The one before was in force until `since`; without it, it never was, or `keep_times`
    says it. The caller holds the loan. Raises TermsRefused where the terms make no schedule.
    """
    built: Schedule | None = None if rows is not None else building.build(terms)
    last = loan.schedules.order_by("-number").first()
    if last is not None:
        # One statement each: the history of rows is in the versions themselves.
        loan.schedules.filter(in_force=True).update(in_force=False, ends_on=since)
        loan.instalments.filter(in_force=True).update(in_force=False)
    version = ScheduleVersion.objects.create(
        loan=loan,
        number=1 if last is None else last.number + 1,
        kind=ScheduleVersion.Kind.ORIGINAL if last is None else ScheduleVersion.Kind.CURRENT,
        reason=reason,
        terms=documents.to_document(terms),
        starts_on=since,
        made_by=actor,
    )
    made = built.rows if built is not None else tuple(rows or ())
    Instalment.objects.bulk_create(instalment(loan, version, row) for row in made)
    return version


Times = tuple[date | None, date | None]
_NEVER: Times = (None, None)


def keep_times(loan: Loan, times: Mapping[uuid.UUID, Times]) -> None:
    """Write from when to when each schedule was in force; those not named have no times.

    The caller holds the loan.
    """
    for key, *kept in loan.schedules.values_list("pk", "starts_on", "ends_on"):
        starts_on, ends_on = times.get(key, _NEVER)
        if kept != [starts_on, ends_on]:
            ScheduleVersion.objects.filter(pk=key).update(starts_on=starts_on, ends_on=ends_on)


def instalment(loan: Loan, version: ScheduleVersion, row: Row) -> Instalment:
    """Return the instalment that a row of a schedule says, not written yet."""
    return Instalment(
        schedule=version,
        loan=loan,
        number=row.number,
        due_date=row.due_on,
        opening=row.opening,
        principal=row.principal,
        interest=row.interest,
        fee=row.fee,
        closing=row.closing,
    )


def agreed(loan: Loan) -> Schedule:
    """Return the schedule that was agreed, built anew from the terms of the original."""
    return building.build(documents.from_document(loan.schedules.get(number=1).terms))
