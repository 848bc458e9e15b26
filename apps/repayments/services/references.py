"""The references money comes under: each is used once, for one loan or split over several."""

from collections.abc import Collection

from django.db import connection

from apps.accounts.models import Entity
from apps.core.statements import Given, Statement
from apps.repayments.errors import KeptUnidentified, ReferenceUsed, ReturnedUnidentified
from apps.repayments.facts import payer_reference
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.statement_lifecycle import OFF_LOANS

# Between the reference of money of a customer and the loan that a part of it went to.
PART = "::"
# The first half of the advisory lock of a reference ("REFE").
_LOCK = 0x52454645
_HOLD = Statement(
    "repayments.hold references",
    "SELECT count(pg_advisory_xact_lock(%s, key)) FROM"
    " (SELECT DISTINCT hashtext(told) AS key FROM unnest(%s::text[]) AS told ORDER BY key) AS keys",
    [_LOCK, Given("wholes")],
)


def hold(references: Collection[str]) -> None:
    """Hold references to the end of the transaction: nobody else looks one up to use it meanwhile.

    No constraint tells a whole payment from the parts of a split one. Loans are held before; a
    part is held as its whole. All at once, in one order, so that two never wait in a circle. In a
    block of `statements.carrying` it travels with the next question, and has ended before that.
    """
    values = {"wholes": sorted({one.partition(PART)[0] for one in references})}
    if not _HOLD.carry(values):
        with connection.cursor() as cursor:
            _HOLD.send(cursor, values)


def keys(entity: Entity, reference: str) -> list[str]:
    """Return by what lines of a lender are known that bring the money of a reference."""
    whole, own = reference.partition(PART)[0], payer_reference(entity.code, "")
    if not whole.startswith(own) or whole == own:
        return []
    return [f"{layout}:{whole.removeprefix(own)}" for layout in StatementFile.Layout.values]


def require_not_kept(entity: Entity, reference: str) -> None:
    """Raise ReferenceUsed where its money came in already and is on no loan: see `kept_refusal`."""
    if kept(entity, [reference]):
        raise kept_refusal(entity, reference)


def kept_refusal(entity: Entity, reference: str) -> ReferenceUsed:
    """Return the refusal of money that is kept: KeptUnidentified, or that it was returned."""
    rows = StatementLine.objects.filter(entity=entity.pk, key__in=keys(entity, reference))
    if rows.filter(status="suspense").exists():
        return KeptUnidentified(reference)
    return ReturnedUnidentified(reference)


def kept(entity: Entity, references: Collection[str]) -> set[str]:
    """Return those of some references whose money is in suspense, or was returned from there."""
    asked = {one: keys(entity, one) for one in references}
    told = [key for one in asked.values() for key in one]
    if not told:
        return set()
    rows = StatementLine.objects.filter(entity=entity.pk, key__in=told, status__in=OFF_LOANS)
    found = set(rows.values_list("key", flat=True))
    return {one for one, of_it in asked.items() if not found.isdisjoint(of_it)}


def split_before(references: Collection[str]) -> set[str]:
    """Return those of some references under which money was split over a customer's loans."""
    with connection.cursor() as cursor:
        # The operators of the index for beginnings, which compares letter by letter.
        cursor.execute(
            "SELECT DISTINCT told FROM unnest(%s) AS told JOIN repayments_accountevent AS event"
            " ON event.reference ~>=~ (told || '::') AND event.reference ~<~ (told || ':;')",
            [list(references)],
        )
        return {told for (told,) in cursor.fetchall()}
