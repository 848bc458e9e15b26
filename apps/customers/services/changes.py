"""Change a customer's details without overwriting somebody else's change."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.customers import checks, policies, sentences
from apps.customers.entries import ChangeEntry
from apps.customers.models import Address, BlockListEntry, Customer, IdentityNumber
from apps.customers.services import _ground, registration


@transaction.atomic
def change(
    *, actor: User, customer: Customer, entry: ChangeEntry, shown: datetime, now: datetime
) -> Customer:
    """Write new details. `shown` is the `updated_at` of the customer the person was looking at.

    Empty personal values keep what is stored. Raises DomainError with field sentences,
    DuplicateFound, StaleRecord, NotPermitted, Conflict for a number that the block list names.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    today = _ground.today(customer, now)
    prepared = sentences.checked(checks.change, entry, country=customer.country, today=today)
    prints = registration.Prints.of(
        phone=prepared.phone, email=prepared.email, identities=prepared.identities
    )
    # The shared values first, then the customer: everybody locks in this order.
    registration.hold(prints)
    customer = _ground.lock(customer)
    _ground.refuse_stale(customer.updated_at, shown)
    registration.refuse_duplicates(
        actor,
        customer.entity,
        prints,
        confirmed_distinct=prepared.confirmed_distinct,
        but_for=customer,
    )
    changed = [
        *_change_person(customer, prepared, prints),
        *_change_address(customer, prepared),
        *_change_identities(customer, prepared.identities, prints, today=today),
    ]
    if changed:
        # Also when only the address changed: the form of the next person must notice.
        customer.save()
        audit.record(actor, "customers.changed", customer, fields=sorted(changed))
    return customer


def _change_person(
    customer: Customer, entry: ChangeEntry, prints: registration.Prints
) -> list[str]:
    new = {"full_name": entry.full_name, "language": entry.language}
    if entry.phone:
        new["phone"] = entry.phone
        customer.phone_index = prints.phone
    if entry.email:
        new["email"] = entry.email
        customer.email_index = prints.email
    changed = _assign(customer, new)
    if entry.date_of_birth is not None and entry.date_of_birth != customer.date_of_birth:
        customer.date_of_birth = entry.date_of_birth
        changed.append("date_of_birth")
    if entry.remove_email and customer.email:
        customer.email, customer.email_index = None, ""
        changed.append("email")
    return changed


def _change_address(customer: Customer, entry: ChangeEntry) -> list[str]:
    address = Address.objects.filter(customer=customer).first()
    if address is None:
        if not entry.street:
            raise sentences.refuse("street", "required")
        address = Address(customer=customer, street="")
    new = {"city": entry.city, "region": entry.region, "postal_code": entry.postal_code}
    if entry.street:
        new["street"] = entry.street
    changed = _assign(address, new)
    if changed:
        address.save()
    return changed


def _change_identities(
    customer: Customer, given: Mapping[str, str], prints: registration.Prints, *, today: date
) -> list[str]:
    """Write numbers that are new and correct those that differ."""
    stored = {row.kind: row for row in IdentityNumber.objects.filter(customer=customer)}
    fresh = {kind: value for kind, value in given.items() if kind not in stored}
    registration.add_identities(customer, fresh, prints)
    corrected = [kind for kind in given if kind in stored and stored[kind].value != given[kind]]
    _require_unlisted(customer, [stored[kind].index for kind in corrected], today)
    for kind in corrected:
        row = stored[kind]
        row.value, row.index = given[kind], prints.identities[kind]
        row.save()
    return [*fresh, *corrected]


def _require_unlisted(customer: Customer, indexes: list[str], today: date) -> None:
    """Raise Conflict where the block list names a number: corrected, it would block no more."""
    listed = BlockListEntry.objects.filter(entity=customer.entity_id, index__in=indexes)
    if indexes and listed.in_effect(today).exists():
        raise Conflict(
            "number_blocked",
            _(
                "This official number is on the block list and cannot be corrected. A credit"
                " manager can look at the entry."
            ),
        )


def _assign(row: Customer | Address, values: Mapping[str, str]) -> list[str]:
    """Set what differs and return its names."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed
