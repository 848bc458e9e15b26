"""Record what is known about a customer: work, home, debts, bureau reports."""

from dataclasses import asdict
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.customers import checks, policies, selectors, sentences
from apps.customers.entries import BureauEntry, EmploymentEntry, HouseholdEntry, ObligationEntry
from apps.customers.models import (
    BureauReport,
    Consent,
    Customer,
    Employment,
    Household,
    Obligation,
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
def record_obligation(
    *, actor: User, customer: Customer, entry: ObligationEntry, now: datetime
) -> Obligation:
    """Record a debt paid elsewhere.

    Raises Conflict where it would count twice: a total beside single debts, or the reverse.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    customer = _ground.lock(customer)
    written = _ground.sent_before(Obligation, entry.key, actor=actor, customer=customer)
    if written is not None:
        return written
    today = _ground.today(customer, now)
    clean = sentences.checked(
        checks.obligation,
        entry,
        today=today,
        kinds=set(Obligation.Kind.values),
        currency=customer.entity.currency,
    )
    _refuse_counting_twice(customer, clean.kind, today)
    values = asdict(clean)
    obligation = Obligation.objects.create(
        pk=values.pop("key"), customer=customer, recorded_by=actor, **values
    )
    audit.record(
        actor,
        "customers.obligation_recorded",
        customer,
        obligation=obligation.pk,
        kind=clean.kind,
        currency=clean.currency,
        monthly_payment=str(clean.monthly_payment),
    )
    return obligation


@transaction.atomic
def end_obligation(
    *, actor: User, obligation: Obligation, ended_date: date, now: datetime
) -> Obligation:
    """Note that a debt is paid off; the row stays. Raises Conflict when it had ended before."""
    _ground.permit(policies.may_edit, actor=actor, customer=obligation.customer)
    customer = _ground.lock(obligation.customer)
    obligation = Obligation.objects.select_related("customer").get(pk=obligation.pk)
    if obligation.ended_date is not None:
        raise Conflict("obligation_ended", _("This obligation has already ended."))
    if ended_date > _ground.today(customer, now):
        raise sentences.refuse("ended_date", "date_in_future")
    if ended_date < obligation.from_date:
        earliest = obligation.from_date.isoformat()
        raise sentences.refuse("ended_date", "date_too_early", earliest=earliest)
    obligation.ended_date = ended_date
    obligation.save(update_fields=["ended_date", "updated_at"])
    audit.record(
        actor,
        "customers.obligation_ended",
        customer,
        obligation=obligation.pk,
        ended_date=ended_date,
    )
    return obligation


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


def _refuse_counting_twice(customer: Customer, kind: str, today: date) -> None:
    standing = selectors.standing_obligations(customer, today)
    total = Obligation.Kind.TOTAL
    if kind == total and standing.exists():
        raise Conflict(
            "counted_twice",
            _("Single obligations are on record; a total beside them would count them twice."),
        )
    if kind != total and standing.filter(kind=total).exists():
        raise Conflict(
            "counted_twice",
            _("A total of all obligations is on record; end it before recording single ones."),
        )


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
