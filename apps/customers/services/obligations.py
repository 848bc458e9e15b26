"""Record what a customer pays elsewhere, or the customer's word that it is nothing."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.core.formatting import format_money
from apps.customers import checks, hooks, policies, selectors, sentences, wordings
from apps.customers.entries import NoObligationsEntry, ObligationEntry
from apps.customers.models import Customer, NoObligations, Obligation
from apps.customers.services import _ground

# What people say they pay in round figures, and what a bureau adds to it.
ROUND_FIGURES = Decimal("1.25")


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
def mark_own_loan(*, actor: User, obligation: Obligation, number: str, now: datetime) -> Obligation:
    """Note that a debt on record is a loan of ours, so that it counts once; return it.

    From then on our own books count it and this row does not. Without a number the mark is taken
    away. The same again returns it. Raises Conflict where it has ended, DomainError beside the
    field where nobody said who lent it, the debt is by kind or lender none of ours, the customer
    owes us no such loan, more is paid than our books count of that a month, or another debt was
    marked as it.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=obligation.customer)
    customer = _ground.lock(obligation.customer)
    found = Obligation.objects.select_related("customer").get(pk=obligation.pk)
    told = number.strip()
    if found.own_loan == told:
        return found
    if found.ended_date is not None:
        raise Conflict("obligation_ended", _("This obligation has already ended."))
    if told:
        _require_own(customer, found, told, _ground.today(customer, now))
    before, found.own_loan = found.own_loan, told
    found.save(update_fields=["own_loan", "updated_at"])
    audit.record(
        actor,
        "customers.obligation_is_ours" if told else "customers.obligation_is_elsewhere",
        customer,
        obligation=found.pk,
        loan=told or before,
    )
    return found


def _require_own(customer: Customer, row: Obligation, number: str, today: date) -> None:
    """Raise DomainError for a debt that is not this loan: unmarked, it would count no more."""
    refusal = ""
    if number not in {one.number for one in hooks.own_loans(customer.pk)}:
        refusal = _("The customer owes us no running loan of this number.")
    elif not row.lender:
        refusal = _("Nobody said who lent this. Record it anew with the lender's name first.")
    elif not selectors.may_be_ours(customer, row):
        refusal = _("This is paid to somebody else, by its kind or lender. It is no loan of ours.")
    elif row.monthly_payment > (takes := _takes(customer, number, today)) * ROUND_FIGURES:
        refusal = _("Our loan takes %(most)s a month. Record apart what is paid elsewhere.") % {
            "most": format_money(takes, row.currency)
        }
    elif customer.obligations.filter(own_loan=number).exists():
        refusal = _("Another obligation is marked as this loan already.")
    if refusal:
        raise DomainError("own_loan_refused", refusal, fields={"loan": refusal})


def _takes(customer: Customer, number: str, today: date) -> Decimal:
    """Return what our books count of a loan a month: no more is taken out by marking it."""
    return hooks.own_payments(customer.pk, today).get(number, Decimal(0))


@transaction.atomic
def declare_no_obligations(
    *, actor: User, customer: Customer, entry: NoObligationsEntry, now: datetime
) -> NoObligations:
    """Record the customer's declaration that nothing is paid elsewhere.

    Raises Conflict where debts stand on record; a declaration from before the last of them ended
    is refused.
    """
    _ground.permit(policies.may_edit, actor=actor, customer=customer)
    customer = _ground.lock(customer)
    written = _ground.sent_before(NoObligations, entry.key, actor=actor, customer=customer)
    if written is not None:
        return written
    today = _ground.today(customer, now)
    clean = sentences.checked(
        checks.no_obligations,
        entry,
        today=today,
        earliest=_earliest_declaration(customer, today),
        channels=set(wordings.CHANNELS),
    )
    values = asdict(clean)
    declaration = NoObligations.objects.create(
        pk=values.pop("key"), customer=customer, recorded_by=actor, **values
    )
    audit.record(
        actor,
        "customers.no_obligations_declared",
        customer,
        declaration=declaration.pk,
        declared_date=clean.declared_date,
        channel=clean.channel,
    )
    return declaration


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


def _earliest_declaration(customer: Customer, today: date) -> date:
    """Return the first day a declaration may be of; raise Conflict while a debt stands."""
    if selectors.standing_obligations(customer, today).exists():
        raise Conflict(
            "obligations_stand",
            _("Obligations are on record; end those that are paid off before declaring none."),
        )
    oldest = today - timedelta(days=selectors.DECLARATION_HOLDS_DAYS)
    ends = customer.obligations.filter(ended_date__isnull=False, own_loan="").values_list(
        "ended_date", flat=True
    )
    return max([oldest, *(end for end in ends if end is not None)])
