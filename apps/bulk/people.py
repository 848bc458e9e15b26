"""Who asks, by the record: a customer we have, or one whom the row registers."""

import uuid
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from apps.bulk import columns
from apps.bulk.drafts import Draft
from apps.bulk.ground import Ground, Person
from apps.core import masking
from apps.core.table_faults import Fault
from apps.customers import checks, entries
from apps.customers.findings import Refused
from apps.customers.models import Customer

Entry = TypeVar("Entry")
Args = ParamSpec("Args")
_ADDRESS = ("street", "city", "region", "postal_code")


def find(draft: Draft, ground: Ground, faults: list[Fault]) -> Person | None:
    """Return the customer on record whom the row names, or the one it would register.

    None where that cannot be told; the faults say why.
    """
    number = draft.values.get("customer_number")
    owners = {ground.owners[one] for one in draft.prints if one in ground.owners}
    if number is not None:
        known = ground.by_number.get(number)
        if known is None or not ground.within_reach(ground.people[known].customer):
            faults.append(Fault("customer_number", "no_such_customer"))
            return None
        owners.add(known)
    if len(owners) > 1:
        faults.append(Fault(_first_identity(draft), "numbers_of_two"))
        return None
    if owners:
        return _on_record(ground.people[owners.pop()], draft, ground, faults)
    return _to_register(draft, ground, faults)


def checked(
    faults: list[Fault],
    names: Mapping[str, str],
    check: Callable[Args, Entry],
    *args: Args.args,
    **options: Args.kwargs,
) -> Entry | None:
    """Return what a check of the forms returns; note its findings by column and return None."""
    try:
        return check(*args, **options)
    except Refused as refused:
        faults += [
            Fault(names.get(field, field), one.code, one.facts)
            for field, one in refused.findings.items()
        ]
        return None


def _on_record(person: Person, draft: Draft, ground: Ground, faults: list[Fault]) -> Person | None:
    customer = person.customer
    if not ground.within_reach(customer):
        facts = {
            "number": customer.number,
            "name": masking.name(customer.full_name),
            "branch": customer.branch.name,
        }
        faults.append(Fault(_first_identity(draft), "on_record_elsewhere", facts))
        return None
    born = draft.values.get("date_of_birth")
    if born is None and "customer_number" not in draft.values:
        faults.append(Fault("date_of_birth", "required"))
    elif born is not None and born != customer.date_of_birth:
        # A mistyped official number must not put a stranger's request on somebody's record.
        faults.append(Fault("date_of_birth", "another_birth"))
    return person


def _to_register(draft: Draft, ground: Ground, faults: list[Fault]) -> Person | None:
    values = draft.values
    entry = entries.CustomerEntry(
        branch_id=ground.branch.pk,
        country=draft.country,
        full_name=values.get("full_name", ""),
        date_of_birth=values.get("date_of_birth"),
        phone=values.get("phone", ""),
        email=values.get("email", ""),
        language=values.get("language", "en"),
        identities={kind: values[kind] for kind in columns.IDENTITIES if kind in values},
        address=entries.AddressEntry(**{name: values.get(name, "") for name in _ADDRESS}),
    )
    clean = checked(faults, {}, checks.customer, entry, today=ground.today)
    _refuse_alike(draft, ground, faults)
    if clean is None:
        return None
    customer = Customer(
        pk=uuid.uuid4(),
        entity=ground.entity,
        branch=ground.branch,
        country=clean.country,
        language=clean.language,
        full_name=clean.full_name,
        date_of_birth=clean.date_of_birth,
        phone=clean.phone,
        phone_index=draft.phone_print,
        email=clean.email or None,
        email_index=draft.email_print,
        registered_by=ground.actor,
    )
    return Person(customer=customer, is_new=True, address=clean.address)


def _refuse_alike(draft: Draft, ground: Ground, faults: list[Fault]) -> None:
    """Refuse somebody with another customer's telephone or e-mail, unless looked at before."""
    if draft.values.get("confirmed_distinct"):
        return
    for name, index in (("phone", draft.phone_print), ("email", draft.email_print)):
        alike = ground.sharers.get(index) if index else None
        if alike:
            customer = ground.people[min(alike)].customer
            facts = {"number": customer.number or "-", "name": masking.name(customer.full_name)}
            faults.append(Fault(name, "shared_contact", facts))


def _first_identity(draft: Draft) -> str:
    return next(iter(draft.identities), "customer_number")
