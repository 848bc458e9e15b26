"""Service levels and entries for tests of the desk."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Entity, User
from apps.applications.models import Guarantor
from apps.customers.models import Customer
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories as decisions
from apps.desk import sampling, services
from apps.desk.models import BlindSample, InformationRequest, SamplingShare, ServiceLevel

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


def share(manager: User, **changes: Any) -> SamplingShare:
    """Return a share of one half of everything, set an hour before anything is decided."""
    now = changes.pop("now", NOW - timedelta(hours=1))
    values = {"entity": manager.branch.entity, "share": Decimal("0.5"), "days": 14}
    entry = services.ShareEntry(**{**values, "why": "Trial.", **changes})
    return services.set_share(actor=manager, entry=entry, now=now)


def machine(alice: User, *, sampled: bool = True, tries: int = 40, **changes: Any) -> Decision:
    """Return an automatic decision that the share of one half samples, or leaves alone."""
    for _try in range(tries):
        made = decisions.assessed(alice, **changes)
        if sampling.is_sampled(made.pk, Decimal("0.5")) == sampled:
            return made
    raise AssertionError("No key of so many fell on that side.")


def sampled(alice: User, **changes: Any) -> BlindSample:
    """Return the waiting sample of an automatic decision; a share must stand."""
    made = machine(alice, **changes)
    services.sample(now=NOW)
    return BlindSample.objects.get(decision=made)
