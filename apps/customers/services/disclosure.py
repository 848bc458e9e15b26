"""Show one personal value in clear, to whoever may see it, for a stated reason."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import NotVisible
from apps.customers import policies, reveals, sentences
from apps.customers.models import Customer
from apps.customers.services import _ground


@transaction.atomic
def reveal(*, actor: User, customer: Customer, field: str, reason: str) -> str:
    """Return the value of a field in clear; the reading is on the audit trail (rule book 8.2).

    `field` is one of `reveals.FIELDS` or `identity:<kind>`, `reason` one of `reveals.REASONS`.
    Raises NotPermitted, NotVisible where the customer has no such value, DomainError for the
    reason.
    """
    _ground.permit(policies.may_reveal, actor=actor, customer=customer)
    if reason not in reveals.REASONS:
        raise sentences.refuse("reason", "not_a_choice" if reason else "required")
    value = reveals.value(customer, field)
    if not value:
        raise NotVisible("not_found", _("There is no such value on record."))
    audit.record(actor, "customers.pii_read", customer, field=field, reason=reason)
    return value
