"""Complete customers for tests, made through the services alone."""

import io
import itertools
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.core.management import call_command
from stdnum import verhoeff

from apps.accounts.models import Branch, User
from apps.customers import services, wordings
from apps.customers.entries import (
    AddressEntry,
    BlockEntry,
    BureauEntry,
    CustomerEntry,
    EmploymentEntry,
    HouseholdEntry,
    NoObligationsEntry,
    ObligationEntry,
)
from apps.customers.models import Consent, Customer, Document

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
BLOCKED_FROM = date(2026, 11, 6)
# What an application needs, and the enquiry a bureau report needs.
CONSENTS = (
    Consent.Purpose.CREDIT_ASSESSMENT,
    Consent.Purpose.AUTOMATED_DECISION,
    Consent.Purpose.BUREAU_ENQUIRY,
)
_serial = itertools.count(1)


def pan(serial: int) -> str:
    """Return the PAN of a person, another one for each serial below 67,599,324."""
    letters, number = divmod(serial, 9_999)
    first, second = divmod(letters, 26)
    return f"A{chr(65 + first % 26)}{chr(65 + second)}PK{number + 1:04d}Q"


def aadhaar(serial: int) -> str:
    """Return an Aadhaar number with its Verhoeff check digit."""
    body = f"2{serial:010d}"
    return body + str(verhoeff.calc_check_digit(body))


def phone(serial: int) -> str:
    """Return an Indian mobile number."""
    return f"+9198{serial:08d}"


def officer(branch: Branch) -> User:
    """Return the loan officer of a branch, made when first asked for."""
    email = f"officer-{branch.code}@lender.example"
    person = User.objects.filter(email=email).first()
    if person is not None:
        return person
    if not Group.objects.filter(name="loan_officer").exists():
        call_command("sync_roles", stdout=io.StringIO())
    person = User(email=email, name=f"Officer of {branch.name}", branch=branch)
    person.set_unusable_password()
    person.save()
    person.groups.set(Group.objects.filter(name="loan_officer"))
    return person


def customer_entry(branch: Branch, **changes: Any) -> CustomerEntry:
    """Return an Indian customer to register, unlike every other of this run."""
    serial = next(_serial)
    entry = CustomerEntry(
        branch_id=branch.pk,
        country="IN",
        full_name="Ravi Kulkarni",
        date_of_birth=date(1988, 4, 12),
        phone=phone(serial),
        email=f"ravi{serial}@example.com",
        identities={"pan": pan(serial)},
        address=AddressEntry(
            street="14 Tilak Road", city="Pune", region="Maharashtra", postal_code="411030"
        ),
    )
    return replace(entry, **changes)


def employment_entry(**changes: Any) -> EmploymentEntry:
    """Return work and income: 900,000 gross a year, 60,000 net a month, since five years.

    A payslip shows the net income, whatever it is, unless `changes` say otherwise.
    """
    net = changes.get("net_monthly_income", Decimal("60000.00"))
    entry = EmploymentEntry(
        as_of=date(2026, 11, 1),
        type="salaried",
        employer="Deccan Textiles",
        months_employed=60,
        currency="INR",
        gross_annual_income=Decimal("900000.00"),
        net_monthly_income=net,
        verification="documents",
        documented_net_monthly_income=net,
        documented_by="payslip",
    )
    return replace(entry, **changes)


def household_entry(**changes: Any) -> HouseholdEntry:
    """Return a rented home with two dependants."""
    entry = HouseholdEntry(home="rent", dependants=2, monthly_expenses=Decimal("18000.00"))
    return replace(entry, **changes)


def obligation_entry(**changes: Any) -> ObligationEntry:
    """Return a loan elsewhere: 5,000 a month."""
    entry = ObligationEntry(
        kind="loan",
        lender="Konkan Bank",
        currency="INR",
        monthly_payment=Decimal("5000.00"),
        outstanding=Decimal("80000.00"),
        from_date=date(2025, 2, 1),
    )
    return replace(entry, **changes)


def no_obligations_entry(now: datetime = NOW, **changes: Any) -> NoObligationsEntry:
    """Return the declaration, on paper on the day before, that nothing is paid elsewhere."""
    entry = NoObligationsEntry(declared_date=(now - timedelta(days=1)).date(), channel="paper")
    return replace(entry, **changes)


def block_entry(**changes: Any) -> BlockEntry:
    """Return an entry about a customer's number, to be given, from a fortnight before NOW."""
    entry = BlockEntry(ground="fraud", source="Fraud desk, case 2026-118", from_date=BLOCKED_FROM)
    return replace(entry, **changes)


def bureau_entry(**changes: Any) -> BureauEntry:
    """Return a clean bureau report with a score of 760."""
    entry = BureauEntry(
        bureau="CIBIL",
        reference=f"R-{uuid.uuid4().hex[:12]}",
        pulled_date=date(2026, 11, 15),
        currency="INR",
        score=760,
        oldest_account_date=date(2015, 6, 1),
        delinquencies_24m=0,
        enquiries_6m=1,
        open_accounts=4,
        total_accounts=9,
        public_records=0,
        bankruptcies=0,
        accounts_delinquent_now=0,
        revolving_balance=Decimal("24000.00"),
        revolving_utilisation=Decimal("0.2400"),
    )
    return replace(entry, **changes)


def consent(customer: Customer, purpose: str, *, actor: User, now: datetime = NOW) -> Consent:
    """Let a customer consent on paper to the current wording."""
    return services.give_consent(
        actor=actor,
        customer=customer,
        purpose=purpose,
        wording_version=wordings.CURRENT,
        channel="paper",
        now=now,
    )


def papers(customer: Customer, *kinds: str, actor: User | None = None) -> list[Document]:
    """Let a customer bring papers of some kinds: by default identity, address and income."""
    return [
        services.upload_document(
            actor=actor or officer(customer.branch),
            customer=customer,
            kind=kind,
            filename=f"{kind}.pdf",
            content=f"%PDF-1.4\n% {kind} of {customer.number}".encode(),
        )
        for kind in kinds or ("identity", "address", "income")
    ]


def customer(
    branch: Branch,
    *,
    actor: User | None = None,
    now: datetime = NOW,
    employment: Mapping[str, Any] | None = None,
    household: Mapping[str, Any] | None = None,
    obligations: tuple[Mapping[str, Any], ...] = (),
    declares: bool = True,
    bureau: Mapping[str, Any] | None = None,
    consents: tuple[str, ...] = CONSENTS,
    **changes: Any,
) -> Customer:
    """Return a complete Indian customer of a branch, made through the services.

    `changes` go into the CustomerEntry, `employment`, `household` and `bureau` change their
    entries, `obligations` adds one debt for each mapping; with none the customer declares that
    there are none, unless `declares` is false. Dates lie before NOW, 20 Nov 2026.
    The report needs the consent to an enquiry; leave that out and there is no report.
    """
    actor = actor or officer(branch)
    person = services.register(actor=actor, entry=customer_entry(branch, **changes), now=now)
    common: dict[str, Any] = {"actor": actor, "customer": person, "now": now}
    services.record_employment(entry=employment_entry(**(employment or {})), **common)
    services.record_household(
        actor=actor, customer=person, entry=household_entry(**(household or {}))
    )
    for purpose in consents:
        consent(person, purpose, actor=actor, now=now)
    if declares and not obligations:
        services.declare_no_obligations(entry=no_obligations_entry(now), **common)
    for values in obligations:
        services.record_obligation(entry=obligation_entry(**values), **common)
    if Consent.Purpose.BUREAU_ENQUIRY in consents:
        services.record_bureau_report(entry=bureau_entry(**(bureau or {})), **common)
    return person
