"""What a row says, before anything is looked up: canonical values, and by what it is recognised."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from apps.accounts.models import Entity
from apps.bulk import columns
from apps.core.keyring import keyring
from apps.core.table_faults import Fault
from apps.customers import checks, contact, fingerprints, identity
from apps.customers.findings import Findings, Refused

_KEY_PLACE, _DIGEST_PLACE = "bulk.uploadrow.key", "bulk.uploadrow.digest"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One row that was read. `faults` holds what could not be read or cannot be genuine.

    `key` is by what the row is recognised in any file: its reference in its source, else who asks
    for what. `digest` tells whether two rows say the same.
    """

    number: int
    values: Mapping[str, Any]
    faults: tuple[Fault, ...]
    country: str
    identities: Mapping[str, str]
    phone: str
    email: str
    key: str
    digest: str

    @cached_property
    def prints(self) -> list[tuple[str, str]]:
        """Return the kinds and blind indexes of the official numbers."""
        return [(kind, fingerprints.identity(kind, n)) for kind, n in self.identities.items()]

    @cached_property
    def phone_print(self) -> str:
        """Return the blind index of the telephone number."""
        return fingerprints.phone(self.phone)

    @cached_property
    def email_print(self) -> str:
        """Return the blind index of the e-mail."""
        return fingerprints.email(self.email)

    @property
    def locks(self) -> set[str]:
        """Return what no other registration or file may hold while this row is taken in."""
        prints = {self.phone_print, self.email_print, *(index for _kind, index in self.prints)}
        return (prints | {self.key}) - {""}

    def given(self, section: str) -> bool:
        """Say whether the row says anything in a section."""
        return any(column.name in self.values for column in columns.of_section(section))


def draft(
    number: int, values: Mapping[str, Any], faults: list[Fault], *, entity: Entity, source: str
) -> Draft:
    """Return what a row says."""
    country = values.get("country", entity.country)
    found = Findings()
    given = {kind: values[kind] for kind in columns.IDENTITIES if kind in values}
    known = country in identity.KINDS_BY_COUNTRY
    identities = checks.identities(found, given, country) if known else {}
    phone = email = ""
    if "phone" in values:
        phone = found.clean("phone", contact.phone, values["phone"], country=country) or ""
    if "email" in values:
        email = found.clean("email", contact.email, values["email"]) or ""
    noted = [*faults, *_noted(found)]
    if values.get("reference") == columns.EXAMPLE_REFERENCE:
        noted.append(Fault("reference", "example_row"))
    return Draft(
        number=number,
        values=values,
        faults=tuple(noted),
        country=country,
        identities=identities,
        phone=phone,
        email=email,
        key=_print(_identity_of(values, identities, phone, source), _KEY_PLACE),
        digest=_print(values, _DIGEST_PLACE),
    )


def _noted(found: Findings) -> list[Fault]:
    try:
        found.finish()
    except Refused as refused:
        return [Fault(name, one.code, one.facts) for name, one in refused.findings.items()]
    return []


def _identity_of(
    values: Mapping[str, Any], identities: Mapping[str, str], phone: str, source: str
) -> Any:
    if "reference" in values:
        return ["reference", source, values["reference"]]
    person = (
        identities
        or values.get("customer_number")
        or [phone, values.get("full_name"), values.get("date_of_birth")]
    )
    wanted = ("product", "amount", "term_months", "purpose", "purpose_note")
    return ["request", person, [_normal(values.get(name)) for name in wanted]]


def _normal(value: Any) -> Any:
    """Return a value so that 1000, 1000.0 and 1000.00 are one."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def _print(said: Any, place: str) -> str:
    if isinstance(said, Mapping):
        said = {name: _normal(value) for name, value in said.items()}
    text = json.dumps(said, cls=DjangoJSONEncoder, sort_keys=True)
    return keyring().blind_index(text, place=place)
