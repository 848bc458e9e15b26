"""Service levels and entries for tests of the desk."""

from datetime import date
from decimal import Decimal
from typing import Any

from apps.accounts.models import Entity, User
from apps.applications.models import Guarantor
from apps.customers.models import Customer
from apps.decisions.models import ReviewCase
from apps.decisions.tests import factories as decisions
from apps.desk import services
from apps.desk.models import InformationRequest, ServiceLevel

NOW = decisions.NOW


def level(entity: Entity, **changes: Any) -> ServiceLevel:
    """Return a row of the lender's table: 24 hours for every case."""
    values = {"hours": 24, "owner": "Head of credit", "entered_at": NOW, **changes}
    return ServiceLevel.objects.create(entity=entity, **values)


def asked(actor: User, case: ReviewCase, **changes: Any) -> InformationRequest:
    """Return a request for proof of income by 27 November."""
    now = changes.pop("now", NOW)
    entry = services.InformationEntry(
        **{
            "item": "income_proof",
            "text": "Payslips of the last three months.",
            "source": "applicant",
            "by_date": date(2026, 11, 27),
            **changes,
        }
    )
    return services.ask_information(actor=actor, case=case, entry=entry, now=now)


def guaranteed_by(case: ReviewCase, customer: Customer) -> Guarantor:
    """Return a guarantor who is a customer."""
    return Guarantor.objects.create(
        application=case.application,
        customer=customer,
        name="Guarantor",
        amount=Decimal(50_000),
        currency="INR",
    )
