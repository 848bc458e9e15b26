"""Keep two who estimate or measure for one lender apart."""

from django.db import connection

from apps.accounts.models import Entity

# Of the two numbers of the lock ("IMPL").
_LOCK = 0x494D504C


def alone(entity: Entity) -> None:
    """Wait until nobody else is at the lender's losses; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(entity.pk)])
