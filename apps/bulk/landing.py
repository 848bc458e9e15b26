"""Write what good rows come to: each table at once, the same rows and events as by the forms."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models

from apps.accounts.models import Branch, User
from apps.applications import numbering as application_numbers
from apps.applications.models import Application, Collateral
from apps.audit import services as audit
from apps.bulk.examining import Plan
from apps.core.bulk import copy_into
from apps.customers import numbering as customer_numbers
from apps.customers.models import (
    Address,
    BureauReport,
    Consent,
    Customer,
    Employment,
    Household,
    IdentityNumber,
    NoObligations,
    Obligation,
)

Values = dict[str, Any]
_NOON = time(12)


def land(
    plans: Sequence[Plan], *, actor: User, branch: Branch, now: datetime, today: date
) -> list[Application]:
    """Write customers, facts and submitted applications in the caller's transaction, in order.

    Everything a form would have recorded is recorded, with the events it would have left.
    """
    _number(plans, today)
    for plan in plans:
        _freeze(plan, actor, now=now, today=today)
    for model, rows in _tables(plans, branch, now=now):
        copy_into(model, rows)
    _replace_households(plans)
    with audit.together():
        for plan in plans:
            _record(plan, actor, branch)
    return [plan.application for plan in plans]


def _new(plans: Sequence[Plan]) -> list[Plan]:
    """Return the plans that register their customer; a later row of the same one does not."""
    return [plan for plan in plans if plan.registers]


def _number(plans: Sequence[Plan], today: date) -> None:
    new = _new(plans)
    for plan, number in zip(new, customer_numbers.next_numbers(len(new)), strict=True):
        plan.person.customer.number = number
    for plan, number in zip(plans, application_numbers.take(len(plans), on=today), strict=True):
        plan.application.number = number


def _freeze(plan: Plan, actor: User, *, now: datetime, today: date) -> None:
    """Put the applicant's facts as they stand into the application, as submission does."""
    known = plan.person.standing(today)
    application = plan.application
    application.status = "submitted"
    application.channel = Application.Channel.FILE
    application.customer = plan.person.customer
    application.branch_id = plan.person.customer.branch_id
    application.applied_date = today
    application.submitted_at = now
    application.submitted_by = application.taken_by = actor
    application.employment = known.employment
    application.bureau_report = known.bureau_report
    application.obligations_monthly = known.obligations_monthly
    application.own_obligations_monthly = known.own_monthly
    application.home = known.home


def _tables(
    plans: Sequence[Plan], branch: Branch, *, now: datetime
) -> Iterator[tuple[type[models.Model], list[Values]]]:
    new = _new(plans)
    yield Customer, [_values(plan.person.customer) for plan in new]
    yield IdentityNumber, [row for plan in new for row in _identities(plan)]
    yield Address, [_address(plan) for plan in new]
    given = [_given_at(plan, branch, now=now) for plan in plans]
    yield (
        Consent,
        [
            {**_of(plan, consent), "given_at": moment}
            for plan, moment in zip(plans, given, strict=True)
            for consent in plan.records.consents
        ],
    )
    for model, name in _FACTS:
        facts = ((plan, getattr(plan.records, name)) for plan in plans)
        yield model, [_of(plan, fact) for plan, fact in facts if fact is not None]
    first = [plan for plan in plans if plan.records.household and plan.has_first_household]
    yield Household, [_of(plan, plan.records.household) for plan in first]
    yield Application, [_values(plan.application) for plan in plans]
    secured = [(plan.application, plan.collateral) for plan in plans if plan.collateral]
    yield Collateral, [{**_values(c), "application_id": a.pk} for a, c in secured]


_FACTS: tuple[tuple[type[models.Model], str], ...] = (
    (Employment, "employment"),
    (Obligation, "obligation"),
    (NoObligations, "declaration"),
    (BureauReport, "report"),
)


def _values(row: models.Model) -> Values:
    """Return the columns of an instance, but for the time stamps, as `copy_into` takes them."""
    return {
        field.attname: row.__dict__.get(field.attname)
        for field in row._meta.concrete_fields
        if field.name not in ("created_at", "updated_at") and field.attname in row.__dict__
    }


def _of(plan: Plan, fact: Any) -> Values:
    return {**_values(fact), "customer_id": plan.person.customer.pk}


def _identities(plan: Plan) -> list[Values]:
    customer, draft = plan.person.customer, plan.draft
    return [
        {
            "id": uuid.uuid4(),
            "customer_id": customer.pk,
            "entity_id": customer.entity_id,
            "kind": kind,
            "value": draft.identities[kind],
            "index": index,
        }
        for kind, index in draft.prints
    ]


def _address(plan: Plan) -> Values:
    place = plan.person.address
    if place is None:
        raise LookupError("Whoever is registered has an address.")
    return {
        "id": uuid.uuid4(),
        "customer_id": plan.person.customer.pk,
        "street": place.street,
        "city": place.city,
        "region": place.region,
        "postal_code": place.postal_code,
    }


def _given_at(plan: Plan, branch: Branch, *, now: datetime) -> datetime:
    """Return when the consents were given: at noon of their day, but never later than now."""
    day = plan.draft.values.get("consent_given_on")
    if day is None:
        return now
    noon = datetime.combine(day, _NOON, ZoneInfo(branch.entity.time_zone))
    return min(noon, now)


def _replace_households(plans: Sequence[Plan]) -> None:
    for plan in plans:
        new = plan.records.household
        if new is None or plan.has_first_household:
            continue
        household = Household.objects.get(customer=plan.person.customer.pk)
        household.home = new.home
        household.dependants = new.dependants
        household.monthly_expenses = new.monthly_expenses
        household.save()


def _record(plan: Plan, actor: User, branch: Branch) -> None:
    """Leave the events the forms would have left, in their order."""
    customer, records = plan.person.customer, plan.records
    if plan.registers:
        facts: Mapping[str, Any] = {"country": customer.country, "branch": branch.code}
        audit.record(actor, "customers.registered", customer, **facts)
    for consent in records.consents:
        audit.record(
            actor,
            "customers.consent_given",
            customer,
            purpose=str(consent.purpose),
            wording=consent.wording_version,
            channel=consent.channel,
            evidence=records.evidence,
        )
    _record_facts(plan, actor)
    _record_application(plan, actor)


def _record_facts(plan: Plan, actor: User) -> None:
    customer, records = plan.person.customer, plan.records
    if work := records.employment:
        audit.record(
            actor,
            "customers.employment_recorded",
            customer,
            employment=str(work.pk),
            as_of=work.as_of.isoformat(),
            verification=work.verification,
            documented_by=work.documented_by,
        )
    if home := records.household:
        audit.record(actor, "customers.household_recorded", customer, home=home.home)
    if debt := records.obligation:
        audit.record(
            actor,
            "customers.obligation_recorded",
            customer,
            obligation=str(debt.pk),
            kind=str(debt.kind),
            currency=debt.currency,
            monthly_payment=str(debt.monthly_payment),
        )
    if word := records.declaration:
        audit.record(
            actor,
            "customers.no_obligations_declared",
            customer,
            declaration=str(word.pk),
            declared_date=word.declared_date.isoformat(),
            channel=word.channel,
        )
    if report := records.report:
        audit.record(
            actor,
            "customers.bureau_report_recorded",
            customer,
            report=str(report.pk),
            bureau=report.bureau,
            pulled_date=report.pulled_date.isoformat(),
        )


def _record_application(plan: Plan, actor: User) -> None:
    application, collateral = plan.application, plan.collateral
    asked = {
        "number": application.number,
        "product": application.product.code,
        "amount": str(application.amount),
        "currency": application.currency,
        "term_months": application.term_months,
    }
    case = audit.reference(application)
    audit.record(
        actor, "applications.drafted", case, case=case, **asked, purpose=application.purpose
    )
    if collateral is not None:
        audit.record(
            actor,
            "applications.collateral_recorded",
            collateral,
            case=case,
            kind=collateral.kind,
            value=str(collateral.value),
            currency=collateral.currency,
        )
    audit.record(actor, "applications.submitted", case, case=case, **asked)
