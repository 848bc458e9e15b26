"""The demonstration's present: customers registered and applications taken by the services."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch, User
from apps.applications import entries as application_entries
from apps.applications import services as applications
from apps.applications.models import Application
from apps.customers import entries, wordings
from apps.customers import services as customers
from apps.customers.models import Consent, Customer, Document
from apps.decisions import services as decisions
from apps.demo import applicants, history, papers, people
from apps.demo.applicants import Applicant, Place
from apps.products.models import Product

# Every so manieth application stays a draft, so that there is something to submit.
_DRAFT_EVERY = 9
# The first came a day and a half ago, so that some of those people decide are late by now.
_CAME_EVERY = timedelta(minutes=60)
_CONSENTS = (
    Consent.Purpose.CREDIT_ASSESSMENT,
    Consent.Purpose.AUTOMATED_DECISION,
    Consent.Purpose.BUREAU_ENQUIRY,
)
_PAPERS = (Document.Kind.IDENTITY, Document.Kind.ADDRESS, Document.Kind.INCOME)
_TOWNS = {
    "pune": ("Pune", "Maharashtra", "411004"),
    "nashik": ("Nashik", "Maharashtra", "422001"),
    "mumbai": ("Mumbai", "Maharashtra", "400001"),
    "nairobi": ("Nairobi", "Nairobi", "00100"),
    "kisumu": ("Kisumu", "Kisumu", "40100"),
}


@dataclass(frozen=True)
class _Desk:
    """Where an application is taken, by whom, and when."""

    place: Place
    branch: Branch
    officer: User
    now: datetime


def write(place: Place, *, count: int, seed: int, now: datetime) -> Iterator[Application]:
    """Register `count` applicants of today and take their applications; yield each.

    Submitted ones are assessed at once by the champion and the policy in force.
    """
    branches = Branch.objects.in_bulk(list(place.branches), field_name="code")
    # Another seed than the past's, or the same people would come again.
    fitted = who_come(place, rows=count * 2, seed=seed + 1, day=now.date())
    for position, (one, product) in enumerate(fitted):
        if position == count:
            return
        officer = _officer(place, one.branch)
        came = now - (count - position) * _CAME_EVERY
        desk = _Desk(place, branches[officer.branch.code], officer, came)
        yield _take(desk, one, product, draft=position % _DRAFT_EVERY == 0)


def who_come(
    place: Place, *, rows: int, seed: int, day: date
) -> Iterator[tuple[Applicant, Product]]:
    """Yield who comes to a place on a day, each with the product that fits."""
    products = list(
        Product.objects.filter(scoring_segment=place.segment, secured=False).order_by("code")
    )
    for one in applicants.draw(place, rows=rows, seed=seed, start=day, end=day):
        product = history.fitting(products, one)
        if product is not None:
            yield one, product


def take(
    place: Place, officer: User, one: Applicant, product: Product, *, now: datetime
) -> Application:
    """Register an applicant, take the application, and have it assessed at once; return it."""
    return _take(_Desk(place, officer.branch, officer, now), one, product, draft=False)


def _officer(place: Place, branch: str) -> User:
    """Return the officer of a branch, or of the place's first one where none sits."""
    sitting = {one.branch for one in people.PEOPLE if one.role == "loan_officer"}
    return people.of_role("loan_officer", branch if branch in sitting else place.branches[0])


def _take(desk: _Desk, one: Applicant, product: Product, *, draft: bool) -> Application:
    customer = _register(desk, one)
    amount = one.money("amount")
    if amount is None:
        raise ValueError("An applicant without an amount fits no product.")
    taken = applications.draft(
        actor=desk.officer,
        entry=application_entries.ApplicationEntry(
            customer=customer,
            product=product,
            amount=amount,
            term_months=int(one.features["term_months"]),
            purpose=one.features["purpose"],
        ),
        now=desk.now,
    )
    if draft:
        return taken
    submitted = applications.submit(actor=desk.officer, application=taken, now=desk.now)
    decisions.assess(application_id=submitted.pk, actor=people.ACTOR, now=desk.now)
    submitted.refresh_from_db()
    return submitted


def _register(desk: _Desk, one: Applicant) -> Customer:
    actor, now = desk.officer, desk.now
    customer = customers.register(actor=actor, entry=_customer(desk, one), now=now)
    for purpose in _CONSENTS:
        _consent(desk, customer, purpose)
    if one.protected.stated:
        _say_of_groups(desk, customer, one)
    customers.record_employment(actor=actor, customer=customer, entry=_work(desk, one), now=now)
    customers.record_household(
        actor=actor,
        customer=customer,
        entry=entries.HouseholdEntry(home=one.features["home_ownership"]),
    )
    if one.obligations_monthly:
        debt = _debt(desk, one)
        customers.record_obligation(actor=actor, customer=customer, entry=debt, now=now)
    else:
        nothing = entries.NoObligationsEntry(
            declared_date=now.date() - timedelta(days=1), channel="paper"
        )
        customers.declare_no_obligations(actor=actor, customer=customer, entry=nothing, now=now)
    if one.has_bureau_file:
        report = _report(desk, one)
        customers.record_bureau_report(actor=actor, customer=customer, entry=report, now=now)
    bring(actor, customer, *_PAPERS)
    return customer


def bring(actor: User, customer: Customer, *kinds: str) -> None:
    """Let a customer bring papers of some kinds, each of which says that it is made up."""
    for kind in kinds:
        named = Document.Kind(kind).label
        customers.upload_document(
            actor=actor,
            customer=customer,
            kind=kind,
            filename=f"{kind}.pdf",
            content=papers.page(f"{named}: {customer.number}", "Made up for the demonstration."),
        )


def _consent(desk: _Desk, customer: Customer, purpose: Consent.Purpose) -> None:
    customers.give_consent(
        actor=desk.officer,
        customer=customer,
        purpose=purpose,
        wording_version=wordings.CURRENT,
        channel="paper",
        now=desk.now,
    )


def _say_of_groups(desk: _Desk, customer: Customer, one: Applicant) -> None:
    """Keep what the applicant agreed to say for the watch over fairness."""
    _consent(desk, customer, Consent.Purpose.FAIRNESS_MONITORING)
    customers.record_protected_attributes(
        actor=desk.officer, customer=customer, values=one.protected.stated
    )


def _customer(desk: _Desk, one: Applicant) -> entries.CustomerEntry:
    city, region, postal_code = _TOWNS[desk.branch.code]
    indian = one.country == "IN"
    given = one.name.split()[0].lower()
    return entries.CustomerEntry(
        branch_id=desk.branch.pk,
        country=one.country,
        full_name=one.name,
        date_of_birth=one.born,
        phone=f"+9120555{one.serial:05d}" if indian else f"+25420555{one.serial:04d}",
        email=f"{given}.{desk.branch.code}.{one.serial}@example.com",
        language=_language(one),
        identities=_identity(one),
        address=entries.AddressEntry(
            street=one.street, city=city, region=region, postal_code=postal_code
        ),
    )


def _language(one: Applicant) -> str:
    """Every third applicant reads letters in the region's own language."""
    if one.serial % 3:
        return "en"
    return "hi" if one.country == "IN" else "sw"


def _identity(one: Applicant) -> dict[str, str]:
    """Return an official number of the right shape that belongs to nobody in particular."""
    if one.country == "IN":
        return {"pan": f"DEMPX{one.serial % 9_999 + 1:04d}Z"}
    return {"ke_national_id": f"{90_000_000 + one.serial}"}


def _work(desk: _Desk, one: Applicant) -> entries.EmploymentEntry:
    income = one.money("annual_income")
    if income is None:
        raise ValueError("Every synthetic applicant has an income.")
    months = one.features["employment_months"]
    return entries.EmploymentEntry(
        as_of=desk.now.date() - timedelta(days=20),
        type=one.features["employment_type"] or "other",
        employer=one.employer,
        months_employed=None if months is None else int(months),
        currency=one.currency,
        gross_annual_income=income,
        net_monthly_income=one.net_monthly_income,
        verification=one.features["income_verification"],
        **one.documented_income,
        basic_monthly_pay=one.basic_monthly_pay,
    )


def _debt(desk: _Desk, one: Applicant) -> entries.ObligationEntry:
    return entries.ObligationEntry(
        kind="total",
        currency=one.currency,
        monthly_payment=one.obligations_monthly,
        outstanding=one.obligations_monthly * Decimal(18),
        from_date=desk.now.date() - timedelta(days=20),
    )


def _report(desk: _Desk, one: Applicant) -> entries.BureauEntry:
    counts: dict[str, Any] = {
        name: None if one.features[name] is None else int(one.features[name])
        for name in applicants.COUNTS
    }
    return entries.BureauEntry(
        bureau=desk.place.bureau,
        reference=f"{desk.branch.code.upper()}-{one.serial:06d}",
        pulled_date=desk.now.date() - timedelta(days=3),
        currency=one.currency,
        oldest_account_date=one.opened,
        revolving_balance=one.money("revolving_balance"),
        revolving_utilisation=one.utilisation,
        **counts,
    )
