"""Judge a row as the forms would: what it lacks, what contradicts the record, what it would write.

The checks and the sentences are those of the forms; everything that is wrong is noted at once.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.utils import translation

from apps.applications import requirements
from apps.applications.models import Application, Collateral
from apps.bulk import columns, facts, people
from apps.bulk.drafts import Draft
from apps.bulk.facts import Records
from apps.bulk.ground import Ground, Person, Taken
from apps.core.money import money
from apps.core.table_faults import Fault
from apps.customers.models import Customer
from apps.products.models import Product

Made = TypeVar("Made")
# Where the fault stands that a lack of the application is.
_LACK_COLUMNS = {
    "income": "gross_annual_income",
    "obligations": "obligations_monthly",
    "collateral": "collateral_kind",
    "currency": "",
}
# A section whose cells are wrong is not also reported as missing.
_LACK_SECTIONS = {
    "income": columns.WORK,
    "obligations": columns.DEBTS,
    "collateral": columns.SECURITY,
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a good row writes: the customer's new facts, and the application on them."""

    draft: Draft
    person: Person
    records: Records
    application: Application
    collateral: Collateral | None
    # Whether the row registers its customer, and is the first to tell the home.
    registers: bool
    has_first_household: bool


@dataclass(frozen=True)
class Known:
    """A row that was taken in before, and the application it made; none in a dry run."""

    application_id: uuid.UUID | None
    number: str


@dataclass(frozen=True)
class Refused:
    """A row that cannot be taken in, and everything that is wrong with it."""

    faults: tuple[Fault, ...]


Verdict = Plan | Known | Refused


def examine(draft: Draft, ground: Ground) -> Verdict:
    """Return what a row comes to; the ground is not changed."""
    before = ground.taken.get(draft.key)
    if before is not None and not draft.faults:
        return _recognised(draft, before)
    faults = list(draft.faults)
    found = people.find(draft, ground, faults)
    records = facts.records(draft, ground, found, faults)
    application = _application(draft, ground, faults)
    collateral = _collateral(draft, ground, faults)
    person = None
    if found is not None or "full_name" in draft.values:
        # Of somebody whose numbers are mistyped, the rest is judged as of somebody new.
        person = facts.after(found or Person(customer=Customer()), records)
        is_secured = collateral is not None
        faults += _lacks(application, person, is_secured=is_secured, ground=ground, faults=faults)
    if faults or found is None or person is None:
        return Refused(tuple(_once(faults)))
    return Plan(
        draft=draft,
        person=person,
        records=records,
        application=application,
        collateral=collateral,
        registers=found.customer.pk not in ground.people,
        has_first_household=found.household is None,
    )


def _recognised(draft: Draft, before: Taken) -> Known | Refused:
    """Return what a row comes to whose request was taken in before, by this branch or another."""
    if not before.is_within_reach:
        # What another branch took in is not told to who does not work there.
        column = "reference" if "reference" in draft.values else ""
        return Refused((Fault(column, "taken_elsewhere"),))
    if before.digest != draft.digest and "reference" in draft.values:
        return Refused((Fault("reference", "reference_used", {"number": before.number}),))
    return Known(before.application_id, before.number)


def in_every_language(make: Callable[[], Made]) -> dict[str, Made]:
    """Return what something is in each language: a row is refused today and read by anybody."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found[code] = make()
    return found


def _application(draft: Draft, ground: Ground, faults: list[Fault]) -> Application:
    values = draft.values
    unread = {fault.column for fault in draft.faults}
    faults += [
        Fault(name, "required")
        for name in columns.NEEDED
        if name not in values and name not in unread
    ]
    product = ground.products.get(values.get("product", ""))
    application = Application(
        amount=values.get("amount"),  # type: ignore[misc]  # noted above where it is missing
        term_months=values.get("term_months"),
        purpose=values.get("purpose", ""),
        purpose_note=values.get("purpose_note", ""),
    )
    if product is not None:
        application.product = product
        application.currency = product.currency
        application.annual_rate = product.annual_rate
    return application


def _lacks(
    application: Application,
    person: Person,
    *,
    is_secured: bool,
    ground: Ground,
    faults: list[Fault],
) -> list[Fault]:
    """Return what is missing before the application could be submitted, and what is out of bounds.

    A value that is missing was noted before; here it stands in for itself with one that fits.
    """
    if application.product_id is None:
        return []
    tried = _completed(application, application.product)
    standing = person.standing(ground.today)

    def found() -> list[requirements.Lack]:
        return requirements.lacks(
            tried, standing, consents=person.consents, has_collateral=is_secured
        )

    if not found():
        return []
    bad = {columns.BY_NAME[one.column].section for one in faults if one.column}
    said = in_every_language(found)
    return [
        Fault(
            _LACK_COLUMNS.get(lack.code, lack.code),
            "sentence",
            {code: lacks[place].sentence for code, lacks in said.items()},
        )
        for place, lack in enumerate(said[settings.LANGUAGE_CODE])
        if _LACK_SECTIONS.get(lack.code) not in bad
    ]


def _completed(application: Application, product: Product) -> Application:
    return Application(
        product=product,
        amount=product.minimum_amount if application.amount is None else application.amount,
        term_months=(
            product.minimum_term_months
            if application.term_months is None
            else application.term_months
        ),
        purpose=application.purpose or product.purposes[0],
    )


def _collateral(draft: Draft, ground: Ground, faults: list[Fault]) -> Collateral | None:
    if not draft.given(columns.SECURITY):
        return None
    values, bad = draft.values, [one.column for one in draft.faults]
    product = ground.products.get(values.get("product", ""))
    for name in ("kind", "description", "valuation", "valued_on"):
        column = f"collateral_{name}"
        if column not in values and column not in bad:
            faults.append(Fault(column, "required"))
    if product is not None:
        faults += _worthless(values, product.currency)
    valued = values.get("collateral_valued_on")
    if valued is not None:
        said = in_every_language(
            lambda: requirements.valuation_date_error(valued, today=ground.today)
        )
        if any(said.values()):
            faults.append(Fault("collateral_valued_on", "sentence", said))
    return Collateral(
        kind=values.get("collateral_kind", ""),
        description=values.get("collateral_description", ""),
        currency="" if product is None else product.currency,
        price=values.get("collateral_price"),
        valuation=values.get("collateral_valuation"),  # type: ignore[misc]  # noted above
        valued_date=valued,
    )


def _worthless(values: Mapping[str, Any], currency: str) -> list[Fault]:
    amounts = {name: values.get(name) for name in ("collateral_price", "collateral_valuation")}
    return [
        Fault(name, "amount_not_positive")
        for name, amount in amounts.items()
        if amount is not None and (amount <= 0 or amount != money(amount, currency))
    ]


def _once(faults: list[Fault]) -> list[Fault]:
    """Keep the first fault of a column, and every one that belongs to none."""
    seen: dict[Any, Fault] = {}
    for place, fault in enumerate(faults):
        seen.setdefault(fault.column or place, fault)
    return list(seen.values())
