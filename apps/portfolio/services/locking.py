"""Keep two who add up one lender apart."""

from django.db import connection

from apps.accounts.models import Entity

# Of the two numbers of the lock ("PFOL").
_LOCK = 0x50464F4C


def alone(entity: Entity) -> None:
    """Wait until nobody else adds up the lender; held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, str(entity.pk)])
