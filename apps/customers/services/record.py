"""Record what is known about a customer: work, home, bureau reports."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.customers import checks, policies, selectors, sentences
from apps.customers.entries import BureauEntry, EmploymentEntry, HouseholdEntry
from apps.customers.models import (
    BureauReport,
    Consent,
    Customer,
    Employment,
    Household,
)
from apps.customers.services import _ground


class ConsentMissing(Conflict):
    """The customer has not consented to what is about to be done."""


@transaction.atomic
def record_employment(
    *, actor: User, customer: Customer, entry: EmploymentEntry, now: datetime
) -> Employment:
    """Record work and income as of a day; earlier rows stay as they were."""
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    customer = _ground.lock(customer)
    written = _ground.sent_before(Employment, entry.key, actor=actor, customer=customer)
    if written is not None:
        return written
    clean = sentences.checked(
        checks.employment,
        entry,
        today=_ground.today(customer, now),
        types=set(Employment.Type.values),
        proofs=set(Employment.Proof.values),
        currency=customer.entity.currency,
    )
    if clean.verification not in Employment.Verification.values:
        raise sentences.refuse("verification", "not_a_choice")
    values = asdict(clean)
    employment = Employment.objects.create(
        pk=values.pop("key"), customer=customer, recorded_by=actor, **values
    )
    audit.record(
        actor,
        "customers.employment_recorded",
        customer,
        employment=employment.pk,
        as_of=clean.as_of,
        verification=clean.verification,
        documented_by=clean.documented_by,
    )
    return employment


@transaction.atomic
def record_household(
    *,
    actor: User,
    customer: Customer,
    entry: HouseholdEntry,
    shown: datetime | None = None,
) -> Household:
    """Record the household, or replace what is recorded.

    `shown` is the `updated_at` of the household the person was looking at (None: there was
    none). Raises StaleRecord when it has changed since.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    customer = _ground.lock(customer)
    clean = sentences.checked(
        checks.household,
        entry,
        homes=set(Household.Home.values),
        currency=customer.entity.currency,
    )
    household = Household.objects.filter(customer=customer).first()
    _ground.refuse_stale(household.updated_at if household else None, shown)
    if household is None:
        household = Household(customer=customer)
    household.home = clean.home
    household.dependants = clean.dependants
    household.monthly_expenses = clean.monthly_expenses
    household.save()
    audit.record(actor, "customers.household_recorded", customer, home=clean.home)
    return household


@transaction.atomic
def record_bureau_report(
    *, actor: User, customer: Customer, entry: BureauEntry, now: datetime
) -> BureauReport:
    """Record what a bureau reported.

    Raises ConsentMissing without a standing consent to the enquiry, Conflict for a report
    number already recorded.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    customer = _ground.lock(customer)
    written = _ground.sent_before(BureauReport, entry.key, actor=actor, customer=customer)
    if written is not None:
        return written
    clean = sentences.checked(
        checks.bureau, entry, country=customer.country, today=_ground.today(customer, now)
    )
    _refuse_report(customer, clean)
    values = asdict(clean)
    report = BureauReport.objects.create(
        pk=values.pop("key"), customer=customer, recorded_by=actor, **values
    )
    audit.record(
        actor,
        "customers.bureau_report_recorded",
        customer,
        report=report.pk,
        bureau=clean.bureau,
        pulled_date=clean.pulled_date,
    )
    return report


def _refuse_report(customer: Customer, entry: BureauEntry) -> None:
    if not selectors.has_consent(customer, Consent.Purpose.BUREAU_ENQUIRY):
        raise ConsentMissing(
            "consent_missing",
            _("The customer has not consented to an enquiry at a credit bureau."),
        )
    same = BureauReport.objects.filter(
        customer=customer, bureau=entry.bureau, reference=entry.reference
    )
    if entry.reference and same.exists():
        raise Conflict(
            "report_exists",
            _("This report is already recorded."),
            fields={"reference": _("A report with this number is already recorded.")},
        )
