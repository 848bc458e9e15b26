"""Post an amount on two accounts for each row of a query: one statement, however many rows.

For what a day's end posts to every loan of a book. The same triggers look at what is written; what
`post` checks of an amount, a day and a reference is checked here as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.core import dates
from apps.core.money import MINOR_UNITS
from apps.ledger import refusals
from apps.ledger.chart import REVERSALS, Account, Event
from apps.ledger.models import Closing
from apps.ledger.services import posting as single

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """What is posted for each row of a query: so much debit to one account, credit to another.

    `select` returns the columns `reference`, `branch_id`, `currency`, `loan_id`, `customer_id`,
    `amount` and `facts`, in any order, of rows of one lender; a negative amount stands the other
    way round, and a row of zero posts nothing. `values` are the parameters it names.
    """

    event: Event
    day: date
    debit: Account
    credit: Account
    select: str
    values: Mapping[str, Any]


# The sequence is looked up once, not for each row.
_WRITE = """
    WITH wanted AS MATERIALIZED ({select}), numbered AS MATERIALIZED (
        SELECT nextval((SELECT pg_get_serial_sequence('ledger_entry', 'id')::regclass)) AS id,
            wanted.* FROM wanted
        WHERE amount <> 0
    ), made AS (
        INSERT INTO ledger_entry (id, event, day, posted_at, reference, branch_id, currency,
            loan_id, customer_id, actor, facts)
        SELECT id, %(pair_event)s, %(pair_day)s, %(pair_now)s, reference, branch_id, currency,
            loan_id, customer_id, %(pair_actor)s, facts FROM numbered
    ), lines AS (
        INSERT INTO ledger_line (entry_id, number, account, debit, credit, day, branch_id,
            currency, loan_id)
        SELECT n.id, one.number,
            CASE WHEN (n.amount > 0) = (one.number = 1) THEN %(pair_debit)s
                ELSE %(pair_credit)s END,
            CASE WHEN one.number = 1 THEN abs(n.amount) ELSE 0 END,
            CASE WHEN one.number = 1 THEN 0 ELSE abs(n.amount) END,
            %(pair_day)s, n.branch_id, n.currency, n.loan_id
        FROM numbered n CROSS JOIN (VALUES (1), (2)) AS one (number)
    )
    SELECT count(*), count(*) FILTER (WHERE amount <> round(amount, {places})) FROM numbered
"""


def post_pairs(*, actor: Any, entity: Entity, pairs: Pairs, now: datetime) -> int:
    """Post what a query asks for, of one lender, in one transaction; return how many entries.

    Raises LedgerRefused for a day that lies ahead or an amount with fractions of the smallest unit,
    DayClosed, and ReferenceTaken's like where a reference is known: nothing is posted then.
    """
    if pairs.event in REVERSALS:
        raise ValueError("A reversal is made from the entry that it takes back.")
    today = dates.local_date(now, entity.time_zone)
    if not single.EARLIEST <= pairs.day <= today:
        sentence = _("Nothing is posted ahead of its day, nor before 1970.")
        raise refusals.LedgerRefused("day_refused", sentence, fields={"day": sentence})
    values = {
        **pairs.values,
        "pair_event": pairs.event.value,
        "pair_day": pairs.day,
        "pair_now": now,
        "pair_actor": actor if isinstance(actor, str) else actor.audit_reference,
        "pair_debit": pairs.debit.value,
        "pair_credit": pairs.credit.value,
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(single.HEED_TRIGGERS)
            single.share_days(entity.pk)
            cursor.execute(_WRITE.format(select=pairs.select, places=_PLACES), values)
            posted, broken = cursor.fetchone()
            if broken:
                raise ValueError("An amount has fractions of the smallest unit of its currency.")
    except IntegrityError as refusal:
        raise _refused(refusal, entity) from refusal
    return int(posted)


_PLACES = (
    "CASE currency "
    + " ".join(f"WHEN '{code}' THEN {places}" for code, places in MINOR_UNITS.items())
    + " END"
)


def _refused(error: IntegrityError, entity: Entity) -> Exception:
    """Return the sentence for what the database refused."""
    if refusals.constraint_of(error) == "ledger_entry_day_open":
        closing = Closing.objects.select_related("entity").filter(entity=entity).latest("day")
        return refusals.day_closed(entity.name, closing.day, closing.day + _ONE_DAY)
    return refusals.of_database(refusals.constraint_of(error))
