"""What every action on a customer begins with."""

import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import dates
from apps.core.errors import Conflict, NotPermitted, StaleRecord
from apps.customers.models import Customer

Row = TypeVar("Row", bound=models.Model)


def permit(rule: Callable[[User, Customer], bool], *, actor: User, customer: Customer) -> None:
    """Raise NotPermitted unless the rule allows the person to act on the customer."""
    if not rule(actor, customer):
        raise NotPermitted("not_permitted", _("Your role does not allow this for this customer."))


def lock(customer: Customer) -> Customer:
    """Return the customer, read anew and held to the end of the transaction.

    Two people who record the same fact at once come one after the other, so the second sees
    what the first has written.
    """
    return (
        Customer.objects.select_for_update(no_key=True, of=("self",))
        .select_related("entity")
        .get(pk=customer.pk)
    )


def today(customer: Customer, now: datetime) -> date:
    """Return the date by the lender's calendar."""
    return dates.local_date(now, customer.entity.time_zone)


def sent_before(model: type[Row], key: uuid.UUID, *, actor: User, customer: Customer) -> Row | None:
    """Return the row an earlier sending of the same submission wrote, or None.

    Raises Conflict when the key names somebody else's row.
    """
    row: Any = model._default_manager.filter(pk=key).first()
    if row is not None and (row.customer_id, row.recorded_by_id) != (customer.pk, actor.pk):
        raise Conflict("key_in_use", _("This form was used before. Open it anew."))
    return row


def refuse_stale(found: datetime | None, shown: datetime | None) -> None:
    """Raise StaleRecord when the row has changed since it was shown."""
    if found != shown:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
