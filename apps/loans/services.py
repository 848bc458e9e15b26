"""Open a loan under the decision that binds, and keep its application as it was lent."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.money import money
from apps.core.visibility import get_visible
from apps.decisions import services as decisions
from apps.decisions.errors import BeyondDecision
from apps.decisions.models import Decision
from apps.loans.models import Loan
from apps.products import pricing

OPEN = "loans.open_loan"


@transaction.atomic
def open_loan(
    *,
    actor: User,
    application: Application,
    disbursed_date: date,
    now: datetime,
    principal: Decimal | None = None,
    term_months: int | None = None,
) -> Loan:
    """Open the loan of an approved application at the decided rate and return it.

    Without principal and term it is what is asked for, or a counter-offer to that; never more than
    was decided. Opening it again with the same terms returns the loan. Raises NotPermitted,
    NotVisible, NotBinding where no decision binds on the day, BorrowerBlocked, BeyondDecision for
    more than was decided, DomainError for a day before the decision, Conflict where a loan with
    other terms was opened.
    """
    if not actor.has_perm(OPEN):
        raise NotPermitted("not_permitted", _("Your role does not allow opening loans."))
    found = _locked(actor, application)
    standing = Loan.objects.filter(application=found).first()
    if standing is not None:
        return _same(standing, principal, term_months)
    decision = decisions.binding_decision(found, now=now)
    decisions.require_unblocked(found, now=now)
    wanted = _wanted(found, decision, principal, term_months)
    _require_within(found, decision, *wanted)
    _require_day(found, decision, disbursed_date)
    loan = _built(found, decision, *wanted, disbursed_date=disbursed_date)
    try:
        with transaction.atomic():
            loan.save(force_insert=True)
    except IntegrityError as refusal:
        # The database has the last word, for whatever the comparison above did not see.
        raise BeyondDecision(
            "beyond_decision", _("The database refuses a loan that no decision allows.")
        ) from refusal
    audit.record(
        actor,
        "loans.opened",
        loan,
        case=found,
        decision=str(decision.pk),
        principal=str(loan.principal),
        term_months=loan.term_months,
        annual_rate=str(loan.annual_rate),
    )
    return loan


def keep_as_lent(application: Application, actor: User, now: datetime) -> None:  # noqa: ARG001 - the shape of the hook
    """Raise Conflict where a loan was opened: its request is neither changed nor withdrawn."""
    if Loan.objects.filter(application=application, source="").exists():
        raise Conflict(
            "loan_opened", _("A loan was opened under this application; it stays as it is.")
        )


def unlent(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Return the applications without a loan."""
    return rows.filter(loan=None)


def _locked(actor: User, application: Application) -> Application:
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related(
        "product", "customer", "branch__entity"
    )
    return get_visible(rows, actor, pk=application.pk)


def _require_within(
    application: Application, decision: Decision, principal: Decimal, term_months: int
) -> None:
    currency = application.currency
    try:
        is_within = principal <= application.amount and decisions.is_within(
            decision, amount=principal, term_months=term_months, currency=currency
        )
    except pricing.PricingRefused as refusal:
        raise BeyondDecision("not_priceable", _("This is no amount or no term.")) from refusal
    if not is_within or principal != money(principal, currency):
        raise BeyondDecision(
            "beyond_decision",
            _("This is more than was decided; change the request to have it decided anew."),
        )


def _wanted(
    application: Application,
    decision: Decision,
    principal: Decimal | None,
    term_months: int | None,
) -> tuple[Decimal, int]:
    """Return what is to be lent: as told, else as asked for or offered instead."""
    amount, term = min(application.amount, decision.amount), decision.term_months
    if decisions.gives_what_is_asked(decision, application):
        amount, term = application.amount, application.term_months
    return (
        amount if principal is None else principal,
        term if term_months is None else term_months,
    )


def _require_day(application: Application, decision: Decision, disbursed_date: date) -> None:
    zone = application.branch.entity.time_zone
    if disbursed_date < dates.local_date(decision.decided_at, zone):
        sentence = _("Nothing is paid out before it was decided.")
        raise DomainError("day_refused", sentence, fields={"disbursed_date": sentence})


def _same(standing: Loan, principal: Decimal | None, term_months: int | None) -> Loan:
    is_same = principal in (None, standing.principal) and term_months in (
        None,
        standing.term_months,
    )
    if standing.source or not is_same:
        raise Conflict("loan_opened", _("A loan was opened under this application already."))
    return standing


def _built(
    application: Application,
    decision: Decision,
    principal: Decimal,
    term_months: int,
    *,
    disbursed_date: date,
) -> Loan:
    return Loan(
        number=f"L-{application.number}"[:24],
        branch=application.branch,
        customer=application.customer,
        application=application,
        product=application.product,
        principal=principal,
        currency=application.currency,
        annual_rate=decision.annual_rate,
        term_months=term_months,
        instalment=pricing.level_payment(
            principal, decision.annual_rate, term_months, application.currency
        ),
        opened_date=disbursed_date,
    )
