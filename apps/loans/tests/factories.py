"""Loans as services make them, and a US platform for the LendingClub mapping to land on."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.decisions.tests import factories as decisions
from apps.loans import services
from apps.loans.models import Disbursement, Loan
from apps.loans.services import Payment
from apps.offers.tests import factories as offers
from apps.products.models import Product, Purpose

NOW, LATER, TODAY = offers.NOW, offers.LATER, offers.TODAY


def us_platform() -> Branch:
    """Return the branch the LendingClub mapping names, with both its products."""
    entity = Entity.objects.create(
        code="prairie",
        name="Prairie Lending Exchange",
        kind=Entity.Kind.PLATFORM,
        country="US",
        currency="USD",
        time_zone="America/Chicago",
        address="1 Main Street, Omaha, NE 68102",
        email="care@prairie.example",
        phone="+1 402 555 0100",
        review_contact="Review desk, 1 Main Street, Omaha, NE 68102",
        data_protection_contact="privacy@prairie.example",
        regulator="Consumer Financial Protection Bureau, Washington, DC 20552",
    )
    for term in (36, 60):
        Product.objects.create(
            entity=entity,
            code=f"us-personal-{term}",
            name=f"Personal loan, {term} months",
            currency="USD",
            minimum_amount=Decimal(500),
            maximum_amount=Decimal(40_000),
            minimum_term_months=term,
            maximum_term_months=term,
            annual_rate=Decimal("0.13"),
            schedule=Product.Schedule.EMI,
            purposes=[purpose for purpose in Purpose.values if purpose != "agriculture"],
            scoring_segment="us-personal",
            cooling_off_days=1,
        )
    return Branch.objects.create(entity=entity, code="online", name="Online")


def stage(branch: Branch, rita: User, mark: User) -> None:
    """Set up what an assessment needs: a champion, and a policy that approves nearly everybody."""
    decisions.stage(branch, rita, mark)


def agreed(alice: User, application: Application | None = None, **changes: Any) -> Application:
    """Return an application of 200,000 over 24 months at 16 % whose offer was accepted."""
    found = application or offers.approved(alice, **changes)
    offers.accepted(alice, found)
    return Application.objects.get(pk=found.pk)


def opened(alice: User, **changes: Any) -> Loan:
    """Return a loan of 200,000 of which nothing was paid out; 500 of fees are taken off."""
    return services.open_loan(actor=alice, application=agreed(alice, **changes), now=LATER)


def payment(loan: Loan, **changes: Any) -> Payment:
    """Return what is asked for: all of the loan, today, to the borrower's own account."""
    values: dict[str, Any] = {
        "planned_date": TODAY,
        "holder": loan.customer.full_name,
        "account_number": "5010 0123 4567 89",
        "bank_code": "HDFC0000007",
        **changes,
    }
    return Payment(**values)


def requested(alice: User, loan: Loan | None = None, **changes: Any) -> Disbursement:
    """Return a payment that waits for another person."""
    found = loan or opened(alice)
    return services.request(actor=alice, loan=found, payment=payment(found, **changes), now=LATER)


def approved(alice: User, bob: User, loan: Loan | None = None, **changes: Any) -> Disbursement:
    """Return a payment that Bob approved."""
    return services.approve(actor=bob, disbursement=requested(alice, loan, **changes), now=LATER)


def paid(
    alice: User, bob: User, loan: Loan | None = None, *, on: date = TODAY, **changes: Any
) -> Disbursement:
    """Return a payment that the bank made on a day, which is on the books."""
    one = approved(alice, bob, loan, **changes)
    now = NOW + (on - TODAY) + timedelta(hours=2)
    return services.confirm(
        actor=bob, disbursement=one, paid_date=on, bank_reference=f"UTR-{one.reference}", now=now
    )
