"""Register a customer, once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.audit import services as audit
from apps.core import dates, masking
from apps.core.errors import Conflict, NotPermitted
from apps.customers import checks, fingerprints, numbering, sentences
from apps.customers.entries import CustomerEntry
from apps.customers.models import Address, Customer, IdentityNumber


@dataclass(frozen=True)
class Candidate:
    """A customer who may be the same person, named without personal data."""

    customer: Customer
    masked_name: str
    matched_on: tuple[str, ...]
    within_reach: bool


class DuplicateFound(Conflict):
    """Customers with the same number exist. `final`: an official number, so no second one can."""

    def __init__(self, candidates: list[Candidate], *, final: bool) -> None:
        sentence = (
            _("This person is already a customer; the official number is on record.")
            if final
            else _("Somebody with the same telephone number or e-mail is already a customer.")
        )
        fields = {
            name: _("On record for customer %(number)s (%(name)s, branch %(branch)s).")
            % {
                "number": each.customer.number,
                "name": each.masked_name,
                "branch": each.customer.branch.name,
            }
            for each in candidates
            for name in each.matched_on
        }
        super().__init__(
            "customer_exists" if final else "possible_duplicate", sentence, fields=fields
        )
        self.candidates = candidates
        self.final = final


@dataclass(frozen=True)
class Prints:
    """The blind indexes of the values two customers should not share."""

    phone: str = ""
    email: str = ""
    identities: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, *, phone: str, email: str, identities: Mapping[str, str]) -> "Prints":
        """Return the prints of canonical values."""
        return cls(
            phone=fingerprints.phone(phone),
            email=fingerprints.email(email),
            identities={
                kind: fingerprints.identity(kind, value) for kind, value in identities.items()
            },
        )


@transaction.atomic
def register(*, actor: User, entry: CustomerEntry, now: datetime) -> Customer:
    """Register a customer in a branch the actor works in, and return it.

    The same submission sent twice gives the same customer. Raises DomainError with a sentence
    for each field, DuplicateFound with the candidates, NotPermitted.
    """
    branch = _branch_of(actor, entry)
    today = dates.local_date(now, branch.entity.time_zone)
    clean = sentences.checked(checks.customer, entry, today=today)
    prints = Prints.of(phone=clean.phone, email=clean.email, identities=clean.identities)
    hold(prints, str(clean.key))
    written = _sent_before(actor, clean)
    if written is not None:
        return written
    refuse_duplicates(
        actor, branch.entity, prints, confirmed_distinct=clean.confirmed_distinct, but_for=None
    )
    try:
        with transaction.atomic():
            customer = _write(actor, branch, clean, prints)
    except IntegrityError:
        # Somebody wrote past the locks (a bulk load): the unique constraint has refused us.
        refuse_duplicates(actor, branch.entity, prints, confirmed_distinct=True, but_for=None)
        raise
    audit.record(actor, "customers.registered", customer, country=clean.country, branch=branch.code)
    return customer


def hold(prints: Prints, *others: str) -> None:
    """Let registrations that share a value come one after the other, in one order for all."""
    keys = {prints.phone, prints.email, *prints.identities.values(), *others} - {""}
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def refuse_duplicates(
    actor: User,
    entity: Entity,
    prints: Prints,
    *,
    confirmed_distinct: bool,
    but_for: Customer | None,
) -> None:
    """Raise DuplicateFound for a known official number, or for an unconfirmed contact.

    `but_for` is the customer who may of course share the values with itself.
    """
    same = _owners(entity, prints, but_for)
    if same:
        raise DuplicateFound(_candidates(actor, same), final=True)
    if confirmed_distinct:
        return
    alike = _sharers(entity, prints, but_for)
    if alike:
        raise DuplicateFound(_candidates(actor, alike), final=False)


def add_identities(customer: Customer, values: Mapping[str, str], prints: Prints) -> None:
    """Write official numbers with their blind indexes."""
    for kind, value in values.items():
        IdentityNumber.objects.create(
            customer=customer,
            entity=customer.entity,
            kind=kind,
            value=value,
            index=prints.identities[kind],
        )


def _branch_of(actor: User, entry: CustomerEntry) -> Branch:
    if not actor.has_perm("customers.edit_customer"):
        raise NotPermitted("not_permitted", _("Your role does not register customers."))
    branch = Branch.objects.select_related("entity").filter(pk=entry.branch_id).first()
    if branch is None or branch.pk not in accounts.branch_ids(actor):
        raise sentences.refuse("branch", "not_a_choice")
    return branch


def _sent_before(actor: User, entry: CustomerEntry) -> Customer | None:
    customer = Customer.objects.filter(pk=entry.key).first()
    if customer is None:
        return None
    if customer.registered_by_id != actor.pk:
        raise Conflict("key_in_use", _("This form was used before. Open it anew."))
    return customer


def _write(actor: User, branch: Branch, entry: CustomerEntry, prints: Prints) -> Customer:
    [number] = numbering.next_numbers(1)
    customer = Customer.objects.create(
        pk=entry.key,
        number=number,
        entity=branch.entity,
        branch=branch,
        country=entry.country,
        language=entry.language,
        full_name=entry.full_name,
        date_of_birth=entry.date_of_birth,
        phone=entry.phone,
        phone_index=prints.phone,
        email=entry.email or None,
        email_index=prints.email,
        registered_by=actor,
    )
    add_identities(customer, entry.identities, prints)
    Address.objects.create(
        customer=customer,
        street=entry.address.street,
        city=entry.address.city,
        region=entry.address.region,
        postal_code=entry.address.postal_code,
    )
    return customer


def _owners(
    entity: Entity, prints: Prints, but_for: Customer | None
) -> dict[Any, tuple[Customer, set[str]]]:
    matches = Q()
    for kind, index in prints.identities.items():
        matches |= Q(kind=kind, index=index)
    if not matches:
        return {}
    rows = IdentityNumber.objects.filter(matches, entity=entity).select_related("customer__branch")
    return _grouped(((row.customer, row.kind) for row in rows), but_for)


def _sharers(
    entity: Entity, prints: Prints, but_for: Customer | None
) -> dict[Any, tuple[Customer, set[str]]]:
    pairs = []
    for name in ("phone", "email"):
        index = getattr(prints, name)
        if index:
            found = Customer.objects.filter(entity=entity, **{f"{name}_index": index})
            pairs += [(customer, name) for customer in found.select_related("branch")[:10]]
    return _grouped(pairs, but_for)


def _grouped(
    pairs: Iterable[tuple[Customer, str]], but_for: Customer | None
) -> dict[Any, tuple[Customer, set[str]]]:
    groups: dict[Any, tuple[Customer, set[str]]] = {}
    for customer, name in pairs:
        if but_for is None or customer.pk != but_for.pk:
            groups.setdefault(customer.pk, (customer, set()))[1].add(name)
    return groups


def _candidates(actor: User, groups: Mapping[Any, tuple[Customer, set[str]]]) -> list[Candidate]:
    reach = accounts.branch_ids(actor)
    return [
        Candidate(
            customer=customer,
            masked_name=masking.name(customer.full_name),
            matched_on=tuple(sorted(fields)),
            within_reach=actor.works_everywhere or customer.branch_id in reach,
        )
        for customer, fields in groups.values()
    ]
