"""Set what one person of a role may ask for and approve without a second one.

The limit spares the second look at a payment, never the second person: whoever asked alone and
recorded the acceptance does not tell the bank as well (`policies.would_be_alone`, and a trigger).
"""

from decimal import Decimal

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.core.money import MINOR_UNITS, money
from apps.loans import policies
from apps.loans.errors import refused_field
from apps.loans.models import DisbursementLimit

_MOST = Decimal("9999999999999999.99")


@transaction.atomic
def set_limit(
    *, actor: User, entity: Entity, role: Group, currency: str, amount: Decimal
) -> DisbursementLimit:
    """Set the limit of a role at a lender in a currency, and return it; zero takes it away.

    It counts for payments asked for from now on, and for all those of a loan together. Raises
    NotPermitted, DomainError for a currency or an amount that is refused.
    """
    if not actor.has_perm(policies.LIMITS):
        raise NotPermitted("not_permitted", _("Your role does not allow setting limits."))
    if currency not in MINOR_UNITS:
        raise refused_field("wrong_currency", "currency", _("This lender has no such currency."))
    is_amount = amount.is_finite() and 0 <= amount <= _MOST and amount == money(amount, currency)
    if not is_amount:
        raise refused_field("amount_refused", "amount", _("This is no amount for a limit."))
    limit, _created = DisbursementLimit.objects.select_for_update().get_or_create(
        entity=entity, role=role, currency=currency, defaults={"amount": amount}
    )
    before, limit.amount = limit.amount, amount
    limit.save(update_fields=["amount", "updated_at"])
    audit.record(
        actor,
        "loans.limit_set",
        limit,
        entity=entity.code,
        role=role.name,
        currency=currency,
        before=str(before),
        amount=str(amount),
    )
    return limit
