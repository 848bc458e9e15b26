"""Close days: what was posted up to a day stays as it is, and its totals are kept."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict
from apps.ledger import hooks, refusals
from apps.ledger.models import Closing, bounds

_TOTALS = """
    INSERT INTO ledger_closingtotal (closing_id, branch_id, currency, account, debit, credit)
    SELECT %(closing)s, branch_id, currency, account, sum(debit), sum(credit)
    FROM (
        SELECT branch_id, currency, account, debit, credit FROM ledger_closingtotal
        WHERE closing_id = %(before)s
        UNION ALL
        SELECT branch_id, currency, account, debit, credit FROM ledger_line
        WHERE day > %(after)s AND day <= %(day)s
            AND branch_id IN (SELECT id FROM accounts_branch WHERE entity_id = %(entity)s)
    ) posted
    GROUP BY branch_id, currency, account
    ON CONFLICT DO NOTHING
"""


def close_day(*, actor: Any, entity: Entity, day: date, now: datetime) -> Closing:
    """Close an entity's books up to a day, and return the closing.

    Whoever calls may close days, and has no transaction open: the closing waits for what is being
    posted, and postings wait until the day is closed, but not for its totals. Closing a day again
    returns the closing it has. Raises Conflict for a day before the last one closed, for one that
    is not over, and where an app above still has something to post for it.
    """
    standing = Closing.objects.filter(entity=entity, day=day).first()
    if standing is not None:
        if not standing.totals.exists():
            # Whoever closed it was interrupted before the totals were kept.
            keep_totals(standing)
        return standing
    if day >= dates.local_date(now, entity.time_zone):
        raise Conflict("day_not_over", _("A day is closed when it is over."))
    last_entry = posted_until(entity)
    hooks.require_closable(entity, day)
    name = actor if isinstance(actor, str) else actor.audit_reference
    closing = Closing(entity=entity, day=day, actor=name, closed_at=now)
    try:
        with transaction.atomic():
            closing.save()
            # From here on nothing is posted for the day until it is closed: asked once more, but
            # only of what was posted since, so that whoever posts does not wait for whole books.
            hooks.require_closable(entity, day, since=last_entry)
            audit.record(actor, "ledger.day_closed", closing, entity=entity.code, day=str(day))
    except IntegrityError as refusal:
        return _closed_before(closing, refusal)
    # Postings wait for the lines above only: what is closed can be added up at leisure.
    keep_totals(closing)
    return closing


@transaction.atomic
def posted_until(entity: Entity) -> int:
    """Return a key of entries: what is there up to it, and all that is posted later is above it.

    Waits for what is being posted for the entity: a key is drawn before its entry can be seen. The
    caller has no transaction open.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))",
            [bounds.CLOSING_LOCK, str(entity.pk)],
        )
        cursor.execute("SELECT COALESCE(max(id), 0) FROM ledger_entry")
        return int(cursor.fetchone()[0])


def keep_totals(closing: Closing) -> None:
    """Keep the totals of every account up to a closed day; the trial balance begins at them."""
    before = (
        Closing.objects.filter(entity=closing.entity, day__lt=closing.day, totals__isnull=False)
        .order_by("-day")
        .values_list("pk", "day")
        .first()
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _TOTALS,
            {
                "closing": closing.pk,
                "entity": closing.entity_id,
                "day": closing.day,
                "before": before[0] if before else None,
                "after": before[1] if before else date.min + timedelta(days=1),
            },
        )


def _closed_before(closing: Closing, refusal: IntegrityError) -> Closing:
    """Return what somebody else closed at the same time; else say up to where it is closed."""
    if refusals.constraint_of(refusal) not in {"ledger_closing_in_order", "ledger_closing_once"}:
        raise refusal
    last = Closing.objects.filter(entity=closing.entity).latest("day")
    if last.day == closing.day:
        return last
    sentence = _("The books are closed up to %(day)s already.")
    raise Conflict(
        "closed_already", sentence % {"day": date_format(last.day, "DATE_FORMAT")}
    ) from refusal
