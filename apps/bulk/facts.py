"""The facts a row adds to the record of its customer; the checks are those of the forms."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apps.bulk import columns
from apps.bulk.drafts import Draft
from apps.bulk.ground import Ground, Person
from apps.bulk.people import checked
from apps.core.table_faults import Fault
from apps.customers import checks, entries, wordings
from apps.customers.models import (
    BureauReport,
    Consent,
    Customer,
    Employment,
    Household,
    NoObligations,
    Obligation,
)
from apps.customers.selectors import DECLARATION_HOLDS_DAYS

_CONSENTS = {
    "consent_credit_assessment": Consent.Purpose.CREDIT_ASSESSMENT,
    "consent_automated_decision": Consent.Purpose.AUTOMATED_DECISION,
    "consent_bureau_enquiry": Consent.Purpose.BUREAU_ENQUIRY,
}
_EVIDENCE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_/.:")
_LONGEST_EVIDENCE = 60
# Fields of the forms that have another name as a column.
_WORK = {"type": "employment_type", "as_of": "income_as_of", "verification": "income_verified"}
_DEBT = {"monthly_payment": "obligations_monthly", "from_date": "obligations_as_of"}
_NONE = {"declared_date": "no_obligations_on", "channel": "no_obligations_channel"}
_BUREAU = {
    "reference": "bureau_reference",
    "pulled_date": "bureau_pulled_on",
    "score": "bureau_score",
}
_BUREAU_FIELDS = tuple(
    column.name for column in columns.of_section(columns.BUREAU) if "bureau" not in column.name
)


@dataclass(frozen=True, kw_only=True)
class Records:
    """What a row adds to the record of its customer; None is nothing, or nothing new."""

    consents: tuple[Consent, ...] = ()
    evidence: str = ""
    employment: Employment | None = None
    household: Household | None = None
    obligation: Obligation | None = None
    declaration: NoObligations | None = None
    report: BureauReport | None = None


def records(draft: Draft, ground: Ground, found: Person | None, faults: list[Fault]) -> Records:
    """Return what the row adds to the record, noting what is wrong with it."""
    person = found or Person(customer=Customer(), is_new=True)
    consents, evidence = _consents(draft, ground, person, faults)
    obligation = _obligation(draft, ground, person, faults)
    declaration = None
    if obligation is None:
        declaration = _declaration(draft, ground, person, faults)
    elif any(name in draft.values for name in _NONE.values()):
        faults.append(Fault("no_obligations_on", "obligations_and_none"))
    given = person.consents | {one.purpose for one in consents}
    return Records(
        consents=consents,
        evidence=evidence,
        employment=_employment(draft, ground, person, faults),
        household=_household(draft, ground, person, faults),
        obligation=obligation,
        declaration=declaration,
        report=_report(draft, ground, person, faults, consents=given),
    )


def after(person: Person, new: Records) -> Person:
    """Return the person with what a row adds."""
    before = person.employment
    later = new.employment
    if later is not None and before is not None and later.as_of < before.as_of:
        later = None
    return dataclasses.replace(
        person,
        consents=person.consents | {one.purpose for one in new.consents},
        employment=later or before,
        household=new.household or person.household,
        obligations=person.obligations + ((new.obligation,) if new.obligation else ()),
        declaration=new.declaration or person.declaration,
        # The later of two of one day counts, so the new one stands first.
        reports=((new.report,) if new.report else ()) + person.reports,
    )


def _consents(
    draft: Draft, ground: Ground, person: Person, faults: list[Fault]
) -> tuple[tuple[Consent, ...], str]:
    values = draft.values
    given = [purpose for name, purpose in _CONSENTS.items() if values.get(name)]
    new = [purpose for purpose in given if purpose not in person.consents]
    if not new:
        return (), ""
    wording, channel = values.get("consent_wording", ""), values.get("consent_channel", "")
    day, evidence = values.get("consent_given_on"), values.get("consent_evidence", "")
    bad = {one.column for one in draft.faults}
    for name in ("wording", "channel", "given_on", "evidence"):
        column = f"consent_{name}"
        if column not in values and column not in bad:
            faults.append(Fault(column, "required"))
    if wording and any(wordings.text(purpose, wording) is None for purpose in new):
        faults.append(Fault("consent_wording", "wording_unknown"))
    if day is not None and day > ground.today:
        faults.append(Fault("consent_given_on", "date_in_future"))
    elif day is not None and day < checks.EARLIEST:
        earliest = checks.EARLIEST.isoformat()
        faults.append(Fault("consent_given_on", "date_too_early", {"earliest": earliest}))
    if evidence and not (len(evidence) <= _LONGEST_EVIDENCE and set(evidence.lower()) <= _EVIDENCE):
        faults.append(Fault("consent_evidence", "evidence_form", {"longest": _LONGEST_EVIDENCE}))
    made = tuple(
        Consent(purpose=one, wording_version=wording, channel=channel, recorded_by=ground.actor)
        for one in new
    )
    return made, evidence


def _employment(
    draft: Draft, ground: Ground, person: Person, faults: list[Fault]
) -> Employment | None:
    if not draft.given(columns.WORK):
        return None
    values = draft.values
    entry = entries.EmploymentEntry(
        as_of=values.get("income_as_of"),  # type: ignore[arg-type]  # the check asks for it
        type=values.get("employment_type", ""),
        currency=ground.entity.currency,
        verification=values.get("income_verified", ""),
        **_taken(values, ("gross_annual_income", "net_monthly_income")),
        **_taken(values, ("months_employed", "basic_monthly_pay")),
        **_taken(values, ("documented_net_monthly_income",)),
        **{name: values.get(name, "") for name in ("employer", "documented_by")},
    )
    clean = checked(
        faults,
        _WORK,
        checks.employment,
        entry,
        today=ground.today,
        types=set(Employment.Type.values),
        proofs=set(Employment.Proof.values),
        currency=ground.entity.currency,
    )
    if not entry.verification:
        faults.append(Fault("income_verified", "required"))
    if clean is None:
        return None
    made = Employment(**_fields(clean), recorded_by=ground.actor)
    return None if _same(made, person.employment, _fields(clean)) else made


def _household(
    draft: Draft, ground: Ground, person: Person, faults: list[Fault]
) -> Household | None:
    if not draft.given(columns.HOME):
        return None
    values = draft.values
    entry = entries.HouseholdEntry(
        home=values.get("home", ""), **_taken(values, ("dependants", "monthly_expenses"))
    )
    clean = checked(
        faults,
        {},
        checks.household,
        entry,
        homes=set(Household.Home.values),
        currency=ground.entity.currency,
    )
    if clean is None:
        return None
    made = Household(**dataclasses.asdict(clean))
    return None if _same(made, person.household, dataclasses.asdict(clean)) else made


def _obligation(
    draft: Draft, ground: Ground, person: Person, faults: list[Fault]
) -> Obligation | None:
    values = draft.values
    if not any(name in values for name in _DEBT.values()):
        return None
    entry = entries.ObligationEntry(
        kind=Obligation.Kind.TOTAL,
        currency=ground.entity.currency,
        monthly_payment=values.get("obligations_monthly"),  # type: ignore[arg-type]
        from_date=values.get("obligations_as_of"),  # type: ignore[arg-type]
    )
    clean = checked(
        faults,
        _DEBT,
        checks.obligation,
        entry,
        today=ground.today,
        kinds=set(Obligation.Kind.values),
        currency=ground.entity.currency,
    )
    if clean is None:
        return None
    if person.obligations:
        [*others] = person.obligations
        same = len(others) == 1 and others[0].kind == clean.kind
        if not (same and others[0].monthly_payment == clean.monthly_payment):
            faults.append(Fault("obligations_monthly", "counted_twice"))
        return None
    return Obligation(**_fields(clean), recorded_by=ground.actor)


def _declaration(
    draft: Draft, ground: Ground, person: Person, faults: list[Fault]
) -> NoObligations | None:
    values = draft.values
    if not any(name in values for name in _NONE.values()):
        return None
    if person.obligations:
        faults.append(Fault("no_obligations_on", "obligations_stand"))
        return None
    oldest = ground.today - timedelta(days=DECLARATION_HOLDS_DAYS)
    entry = entries.NoObligationsEntry(
        declared_date=values.get("no_obligations_on"),  # type: ignore[arg-type]
        channel=values.get("no_obligations_channel", ""),
    )
    clean = checked(
        faults,
        _NONE,
        checks.no_obligations,
        entry,
        today=ground.today,
        earliest=max([oldest, *person.ended_dates]),
        channels=set(wordings.CHANNELS),
    )
    if clean is None:
        return None
    made = NoObligations(**_fields(clean), recorded_by=ground.actor)
    return None if _same(made, person.declaration, _fields(clean)) else made


def _report(
    draft: Draft,
    ground: Ground,
    person: Person,
    faults: list[Fault],
    *,
    consents: frozenset[str],
) -> BureauReport | None:
    if not draft.given(columns.BUREAU):
        return None
    values = draft.values
    figures: dict[str, Any] = {name: values.get(name) for name in _BUREAU_FIELDS}
    entry = entries.BureauEntry(
        bureau=values.get("bureau", ""),
        pulled_date=values.get("bureau_pulled_on"),  # type: ignore[arg-type]
        currency=ground.entity.currency,
        reference=values.get("bureau_reference", ""),
        score=values.get("bureau_score"),
        **figures,
    )
    clean = checked(
        faults, _BUREAU, checks.bureau, entry, country=draft.country, today=ground.today
    )
    if Consent.Purpose.BUREAU_ENQUIRY not in consents:
        faults.append(Fault("consent_bureau_enquiry", "no_consent_to_enquiry"))
    if clean is None:
        return None
    made = BureauReport(**_fields(clean), recorded_by=ground.actor)
    for known in person.reports:
        if _same(made, known, _fields(clean)):
            return None
        if clean.reference and (known.bureau, known.reference) == (clean.bureau, clean.reference):
            faults.append(Fault("bureau_reference", "report_exists"))
            return None
    return made


def _taken(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values.get(name) for name in names}


def _fields(clean: Any) -> dict[str, Any]:
    found = dataclasses.asdict(clean)
    found.pop("key")
    return found


def _same(made: Any, known: Any, names: Mapping[str, Any]) -> bool:
    """Say whether a fact is on record already, word for word; then it is not recorded again."""
    return known is not None and all(getattr(made, one) == getattr(known, one) for one in names)
