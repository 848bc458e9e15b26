"""What loans tell of an offer: a loan was opened, the money paid; and how a borrower steps back."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import names
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.offers import cooling_off, hooks, key_facts, policies
from apps.offers.cooling_off import ExitQuote
from apps.offers.errors import CoolingOffOver, OfferEnded
from apps.offers.models import Offer
from apps.offers.services import _ground
from apps.schedules import documents


@transaction.atomic
def take_up(*, offer: Offer, actor: User, now: datetime) -> Offer:
    """Note that a loan was opened under an accepted offer, in the transaction that opens it.

    The caller has permitted and holds the application. The same said again returns the offer.
    Raises OfferEnded where it was not accepted or has ended, OfferOvertaken where another decision
    binds by now.
    """
    found = _ground.locked(None, offer)
    if found.status == "taken_up":
        return found
    if found.status != "accepted":
        raise OfferEnded(_("Only an accepted offer is lent under."))
    _ground.require_binding(found, now=now)
    found.move("take_up", taken_up_at=now)
    audit.record(actor, "offers.taken_up", found, case=found.application)
    return found


@transaction.atomic
def paid_out(*, offer: Offer, actor: User | str, day: date, now: datetime) -> Offer:
    """Note on which day the money was first paid, in the transaction of loans that notes it.

    The cooling-off time runs from it, and never ends earlier than it was told. A day said later,
    such as a second tranche's, changes nothing. The caller holds the loan, so that the application
    is not locked after it. Raises Conflict where no loan was opened.
    """
    rows = Offer.objects.select_for_update(of=("self",), no_key=True)
    found = rows.select_related("application").get(pk=offer.pk)
    if found.status != "taken_up":
        raise Conflict("not_taken_up", _("No loan was opened under this offer."))
    if found.paid_out_date is not None:
        return found
    told = found.cooling_off_until or day
    last = max(told, day + timedelta(days=found.cooling_off_days))
    Offer.objects.filter(pk=found.pk).update(
        paid_out_date=day, cooling_off_until=last, updated_at=now
    )
    found.refresh_from_db(fields=["paid_out_date", "cooling_off_until", "updated_at"])
    audit.record(
        actor,
        "offers.paid_out",
        found,
        case=found.application,
        day=day.isoformat(),
        cooling_off_until=last.isoformat(),
    )
    return found


@transaction.atomic
def came_back(*, offer: Offer, now: datetime) -> None:
    """Note that all the money came back, in the transaction of loans that records it.

    Nothing is paid then, so stepping back costs nothing; what was exited before stays as it was.
    The caller holds the loan.
    """
    rows = Offer.objects.filter(pk=offer.pk, status="taken_up")
    rows.update(paid_out_date=None, updated_at=now)


def exit_quote(offer: Offer, *, on: date) -> ExitQuote:
    """Return what stepping back on a day costs after the money was paid. Rule book 6.5.

    Of a loan paid in stages it is for what was paid out so far. Where the borrower asked before,
    that day counts, or that of the last payment where the bank paid later. Raises Conflict where
    nothing was paid yet: then stepping back costs nothing.
    """
    paid = _paid(offer)
    if not paid:
        raise Conflict("nothing_paid", _("Nothing was paid yet; stepping back costs nothing."))
    upfront = sum((one.upfront for one in paid), Decimal(0))
    try:
        return cooling_off.exit_quote(
            cooling_off.Paid(
                parts=tuple(
                    cooling_off.Part(
                        paid_date=one.paid_date, amount=one.amount, taken_off=one.taken_off
                    )
                    for one in paid
                ),
                currency=offer.currency,
                apr=offer.apr,
                upfront_fees=upfront,
                # Nothing is kept of what was never charged: it goes with the first tranche.
                kept_fees=_kept(offer) if upfront else Decimal(0),
            ),
            on=_counting(offer, on, last=max(one.paid_date for one in paid)),
        )
    except cooling_off.ExitRefused as reason:
        sentence = _("Nobody steps back from a loan before it was paid out.")
        raise DomainError("day_refused", sentence, fields={"on": sentence}) from reason


def exit_owed(offer: Offer) -> ExitQuote:
    """Return what a borrower who stepped back owes for that: as it was told, less what came back.

    Where a payment came back from the bank since, it is computed anew of those that did not, to
    the day on which the borrower stepped back. Raises Conflict where nobody stepped back after a
    payment, or all that was paid came back: then nothing is owed.
    """
    if offer.exit_quote is None:
        raise Conflict("not_exited", _("The borrower did not step back from this loan."))
    told = ExitQuote.from_json(offer.exit_quote)
    paid = hooks.payouts(offer.pk)
    if paid is not None and not paid:
        raise Conflict("nothing_paid", _("All that was paid out came back; nothing is owed."))
    as_told = paid is None or sum((one.amount for one in paid), Decimal(0)) == told.principal
    # Quotes of the first days do not tell what is owed beside.
    if as_told and "beside" in offer.exit_quote:
        return told
    return exit_quote(offer, on=told.exit_date)


@transaction.atomic
def exit(  # noqa: A001 - the word of the rule, read through the module: offers.exit(...)
    *, actor: User | None, offer: Offer, now: datetime, version: str = ""
) -> Offer:
    """Record that the borrower steps back within the cooling-off time; return the offer.

    Before the money was paid this ends the offer, and a loan that was opened is given up by whoever
    registered in `hooks.on_exit`. After that `exit_quote` holds what is to be paid,
    and loans and repayments settle it. Without an actor the borrower acts by a signed link. The
    same said again returns the offer. Raises NotPermitted, NotVisible, StaleRecord, OfferEnded
    where nothing was agreed, CoolingOffOver after the last day unless it was asked for before.
    """

    def told(seen: Offer) -> None:
        if seen.may("exit"):
            hooks.steps_back(seen.pk, actor=actor, now=now)

    found = _ground.locked(actor, offer, permission=policies.ANSWER, version=version, between=told)
    if found.status == "exited":
        return found
    if not found.may("exit"):
        raise OfferEnded(_("Only what was agreed can be stepped back from."))
    today = _ground.today(found.application, now)
    if not policies.is_in_time(found, today):
        raise cooling_off_over(found)
    quote = exit_quote(found, on=today) if found.paid_out_date else None
    found.move(
        "exit",
        ended_at=now,
        ended_by=actor,
        exit_quote=None if quote is None else quote.to_json(),
    )
    audit.record(
        actor or names.APPLICANT,
        "offers.exited",
        found,
        case=found.application,
        paid_out=quote is not None,
        amount="" if quote is None else str(quote.amount),
    )
    return found


def require_chargeable(offer: Offer, *, code: str, amount: Decimal, consented: bool) -> None:
    """Raise Conflict for a fee that the statement did not tell, or more than it told.

    Rule book 6.6: without the borrower's explicit consent it cannot be charged.
    """
    if not key_facts.may_be_charged(offer.key_facts, code, amount, consented=consented):
        raise Conflict(
            "fee_not_told",
            _("The statement of this loan does not tell this fee; the borrower must consent."),
        )


def cooling_off_over(offer: Offer) -> CoolingOffOver:
    """Return the refusal of who comes after the last day."""
    last = offer.cooling_off_until
    return CoolingOffOver(date_format(last, "DATE_FORMAT") if last else "")


def _counting(offer: Offer, on: date, *, last: date) -> date:
    """Return the day until which the money costs something."""
    if offer.exit_asked_date is None:
        return on
    return max(min(on, offer.exit_asked_date), last)


def _paid(offer: Offer) -> tuple[hooks.Payout, ...]:
    """Return what was paid out, as loans tell it; of what none knows, all on the day noted."""
    if offer.paid_out_date is None:
        return ()
    found = hooks.payouts(offer.pk)
    return (_at_once(offer, offer.paid_out_date),) if found is None else found


def _at_once(offer: Offer, day: date) -> hooks.Payout:
    """Return the payment of all that was offered, net, as the statement tells it."""
    upfront = offer.principal - offer.net_disbursed
    return hooks.Payout(paid_date=day, amount=offer.principal, upfront=upfront, taken_off=upfront)


def _kept(offer: Offer) -> Decimal:
    """Return the fees that the statement said are kept, of those taken off beforehand."""
    amounts = {fee.code: fee.amount for fee in documents.from_document(offer.terms).fees}
    kept = offer.key_facts["kept_on_exit"]
    return sum((amounts[code] for code in kept), Decimal(0))
