"""Loans at the demonstration's lender: some paid out and running, one at every stage before it."""

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import Group

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import dates
from apps.decisions import services as decisions
from apps.decisions.errors import NotBinding
from apps.demo import people
from apps.loans import services
from apps.loans.models import Disbursement, Loan
from apps.loans.services import Payment
from apps.offers import services as offers

# What becomes of the first applications that were approved and have no offer, one after the other.
STAGES = ("paid", "requested", "opened", "instructed", "paid", "approved")
_CONSENT = offers.Consent(
    channel="signed", reference="Offer folder 2026, page 2", acknowledged=True
)
# Up to here an officer of the demonstration pays out alone.
_ALONE = Decimal(25_000)


def write(*, now: datetime) -> list[str]:
    """Lend under approvals of today, each loan up to another stage; return what, in words.

    Nothing where it was done before, or where nothing approved is waiting for an offer.
    """
    if Loan.objects.filter(source="").exists():
        return []
    officer = people.of_role("loan_officer", "pune")
    manager = people.of_role("credit_manager")
    chosen = _approved(officer, now)
    if not chosen:
        return []
    services.set_limit(
        actor=manager,
        entity=officer.branch.entity,
        role=Group.objects.get(name="loan_officer"),
        currency=officer.branch.entity.currency,
        amount=_ALONE,
    )
    done = [
        _lent(application, stage, officer=officer, manager=manager, now=now)
        for application, stage in zip(chosen, STAGES, strict=False)
    ]
    return [", ".join(done)]


def lend(application: Application, *, officer: User, manager: User, now: datetime) -> str:
    """Offer, open and pay out what was approved, all at one moment; say so."""
    return _lent(application, "paid", officer=officer, manager=manager, now=now)


def _approved(officer: User, now: datetime) -> list[Application]:
    """Return applications of Pune whose approval is unused and without an offer."""
    rows = Application.objects.visible_to(officer).filter(
        status="approved",
        branch__code="pune",
        product__secured=False,
        loan=None,
        offers=None,
        source="",
    )
    rows = rows.exclude(decisions=None).select_related("customer", "branch__entity", "product")
    fit = (one for one in rows.order_by("-number")[:40] if _binds(one, now))
    return [one for one, _stage in zip(fit, STAGES, strict=False)]


def _binds(application: Application, now: datetime) -> bool:
    try:
        found = decisions.binding_decision(application, now=now)
    except NotBinding:
        return False
    return found.valid_until is None or (found.valid_until - now).days > 14


def _lent(
    application: Application, stage: str, *, officer: User, manager: User, now: datetime
) -> str:
    offer = offers.make(actor=officer, application=application, now=now)
    offers.accept_by_officer(actor=officer, offer=offer, consent=_CONSENT, now=now)
    loan = services.open_loan(actor=officer, application=application, now=now)
    if stage == "opened":
        return f"loan {loan} opened"
    one = services.request(actor=officer, loan=loan, payment=_payment(application, now), now=now)
    if stage != "requested":
        _go_on(one, stage, manager=manager, now=now)
    return f"loan {loan} {stage}"


def _go_on(one: Disbursement, stage: str, *, manager: User, now: datetime) -> None:
    """Take a payment from its approval to a stage."""
    if one.status == "requested":
        one = services.approve(actor=manager, disbursement=one, now=now)
    if stage == "approved":
        return
    services.instruct(actor=manager, entity=one.loan.branch.entity, disbursements=[one], now=now)
    if stage == "paid":
        services.confirm(
            actor=manager,
            disbursement=one,
            paid_date=one.planned_date,
            bank_reference=f"UTR{one.loan.number[-6:]}",
            now=now,
        )


def _payment(application: Application, now: datetime) -> Payment:
    digits = "".join(character for character in application.number if character.isdigit())
    return Payment(
        planned_date=dates.local_date(now, application.branch.entity.time_zone),
        holder=application.customer.full_name,
        account_number=f"5010{digits}",
        bank_code="HDFC0000123",
    )
