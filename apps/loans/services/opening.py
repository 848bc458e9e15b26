"""Open the contract of an accepted offer, with its schedule; give one up that was not paid out."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates, reasons
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.decisions import services as decisions
from apps.decisions.errors import BeyondDecision
from apps.loans import policies
from apps.loans.errors import NotAccepted, refused_field
from apps.loans.lifecycle import HELD
from apps.loans.models import Loan, ScheduleVersion
from apps.loans.services import scheduling
from apps.offers import selectors as offers
from apps.offers import services as offering
from apps.offers.models import Offer
from apps.schedules import documents
from apps.schedules.terms import Terms

SHORTEST_REASON, LONGEST_REASON = 3, 300


@transaction.atomic
def open_loan(*, actor: User, application: Application, now: datetime) -> Loan:
    """Open the loan that an applicant agreed to, with its original schedule; return it.

    Nothing is paid out by it. Opening it again returns the loan. Raises NotPermitted, NotVisible,
    NotAccepted without an accepted offer, NotBinding where no decision binds, BorrowerBlocked,
    PapersMissing, OfferOvertaken, BeyondDecision for more than was decided, Conflict for a loan of
    a tape, or one whose interest would join its principal.
    """
    if not actor.has_perm(policies.OPEN):
        raise NotPermitted("not_permitted", _("Your role does not allow opening loans."))
    found = _locked(actor, application)
    standing = Loan.objects.filter(application=found).first()
    if standing is not None:
        return _same(standing)
    offer = offers.accepted(found)
    if offer is None:
        raise NotAccepted
    decisions.binding_decision(found, now=now)
    decisions.require_unblocked(found, now=now)
    decisions.require_papers(found, now=now)
    terms = documents.from_document(offer.terms)
    _require_kept(terms)
    loan = _written(found, offer, now)
    scheduling.keep(
        loan,
        terms,
        reason=ScheduleVersion.Reason.OPENED,
        actor=actor,
    )
    offering.take_up(offer=offer, actor=actor, now=now)
    audit.record(
        actor,
        "loans.opened",
        loan,
        case=found,
        offer=offer.number,
        decision=str(offer.decision_id),
        principal=str(loan.principal),
        term_months=loan.term_months,
        annual_rate=str(loan.annual_rate),
    )
    return loan


@transaction.atomic
def cancel(*, actor: User, loan: Loan, reason: str, now: datetime) -> Loan:
    """Give up a contract of which nothing was paid out; return it.

    Raises NotPermitted, NotVisible, DomainError without a reason, Conflict where money was paid or
    a payment is on its way.
    """
    if not actor.has_perm(policies.OPEN):
        raise NotPermitted("not_permitted", _("Your role does not allow opening loans."))
    found = locked(actor, loan)
    said = reason_of(reason)
    if found.disbursements.filter(status__in=HELD).exists():
        raise Conflict(
            "payment_on_its_way", _("A payment of this loan is on its way; take that back first.")
        )
    found.move("cancel")
    audit.record(
        actor, "loans.cancelled", found, case=found.application, reason=said, at=now.isoformat()
    )
    return found


def locked(actor: User, loan: Loan) -> Loan:
    """Return the loan, held until the transaction ends. Raises NotVisible."""
    rows = Loan.objects.select_for_update(of=("self",), no_key=True).select_related(
        "application__customer", "application__branch__entity", "branch__entity", "product", "offer"
    )
    return get_visible(rows, actor, pk=loan.pk)


def reason_of(text: str) -> str:
    """Return a reason without spaces around it. Raises DomainError where it says nothing."""
    said = text.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise refused_field(
            "reason_missing",
            "reason",
            reasons.asked_for(least=SHORTEST_REASON, most=LONGEST_REASON),
        )
    return said


def _locked(actor: User, application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related(
        "product", "customer", "branch__entity"
    )
    return get_visible(rows, actor, pk=application.pk)


def _same(standing: Loan) -> Loan:
    if standing.source:
        raise Conflict("loan_opened", _("A loan was opened under this application already."))
    return standing


def _require_kept(terms: Terms) -> None:
    """Raise Conflict for a contract whose account is not kept here."""
    if terms.grace.interest and terms.grace.capitalised:
        raise Conflict(
            "interest_joins_principal",
            _(
                "Interest of a grace period cannot join the principal of a loan on our books. Offer"
                " a grace whose interest falls due after it."
            ),
        )


def _written(application: Application, offer: Offer, now: datetime) -> Loan:
    loan = Loan(
        number=f"L-{application.number}"[:24],
        branch=application.branch,
        customer=application.customer,
        application=application,
        offer=offer,
        product=application.product,
        principal=offer.principal,
        currency=offer.currency,
        annual_rate=offer.annual_rate,
        term_months=offer.term_months,
        instalment=offer.instalment,
        opened_date=dates.local_date(now, application.branch.entity.time_zone),
    )
    try:
        with transaction.atomic():
            loan.save(force_insert=True)
    except IntegrityError as refusal:
        # The database has the last word, for whatever the offer's own checks did not see.
        raise BeyondDecision(
            "beyond_decision", _("The database refuses a loan that no decision allows.")
        ) from refusal
    return loan
