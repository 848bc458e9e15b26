"""Pay a loan off out of what a new one brings: what is kept back, and both loans right at once.

Nothing of it passes through a bank: what is kept back goes out of the new loan and comes in on the
old one on one day, in the transaction that books the payment.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.formatting import format_money
from apps.loans.models import Disbursement, Loan
from apps.offers.key_facts import OwnLoan
from apps.repayments import services as repayments
from apps.repayments.facts import Payoff
from apps.repayments.models import AccountEvent
from apps.repayments.services.holding import NETTED
from apps.servicing import selectors
from apps.servicing.errors import StillOwed
from apps.servicing.services import _ground, closing, paying_early

ZERO = Decimal(0)


# --- the offer ----------------------------------------------------------------------------------
def own_loan(application: Application, day: date, until: date) -> OwnLoan | None:
    """Return the loan that an application pays off, with what that takes on a day, and at most.

    None where it pays none off, or that was repaid meanwhile. Raises Conflict for a loan that was
    given up, or is in another currency.
    """
    old = _old(application)
    if old is None or old.status == "closed":
        return None
    _require_payable(old, application)
    days = [day + timedelta(days=one) for one in range((until - day).days + 1)]
    amounts = [one.total for one in selectors.payoffs(old, days)]
    return OwnLoan(number=old.number, amount=amounts[0], most=max(amounts), until=until)


# --- the payment --------------------------------------------------------------------------------
def kept_back(loan: Loan, day: date) -> Decimal:
    """Return what is kept back of a payment on a day. Raises Conflict for more than was offered."""
    old = _old(loan.application)
    if old is None or old.status == "closed":
        return ZERO
    _require_payable(old, loan.application)
    amount = selectors.payoff_on(old, day).total
    told = None if loan.offer is None else loan.offer.own_loan
    most = ZERO if told is None else told.most
    if amount > most:
        raise Conflict(
            "payoff_rose",
            _(
                "Paying off %(number)s on %(day)s takes %(amount)s, and the offer says at most"
                " %(most)s. Let the borrower pay the difference on that loan first, or make another"
                " offer."
            )
            % {
                "number": old.number,
                "day": date_format(day, "DATE_FORMAT"),
                "amount": format_money(amount, old.currency),
                "most": format_money(most, old.currency),
            },
        )
    return amount


def check(disbursement: Disbursement, day: date) -> None:
    """Raise Conflict where what was kept back does not pay the other loan off on the planned day.

    What the bank does later is at nobody's cost: the loan is then paid off as planned.
    """
    old = _old(disbursement.loan.application)
    if old is None or disbursement.tranche > 1:
        return
    if old.status == "closed":
        _require_nothing_kept(old, disbursement)
        return
    _require_payable(old, disbursement.loan.application)
    amount = selectors.payoff_on(old, min(day, disbursement.planned_date)).total
    if amount > disbursement.netted:
        raise Conflict(
            "kept_back_too_little",
            _(
                "Paying off %(number)s takes %(amount)s by now, and %(kept)s is kept back. Take"
                " this payment back and ask for it anew."
            )
            % {
                "number": old.number,
                "amount": format_money(amount, old.currency),
                "kept": format_money(disbursement.netted, old.currency),
            },
        )


def _require_nothing_kept(old: Loan, disbursement: Disbursement) -> None:
    """Raise Conflict where something is kept back for a loan that was repaid meanwhile."""
    if disbursement.netted:
        raise Conflict(
            "kept_back_for_nothing",
            _(
                "%(number)s was repaid meanwhile, and %(kept)s is kept back for it. Take this"
                " payment back and ask for it anew."
            )
            % {
                "number": old.number,
                "kept": format_money(disbursement.netted, old.currency),
            },
        )


def settle(actor: Any, disbursement: Disbursement, now: datetime) -> None:
    """Pay the other loan off by what was kept back, and close it with its letter.

    On the day the bank paid where that is enough, or else on the day that was planned. Of a loan
    that was repaid since the bank was told, it is paid too much, and given back as such. Raises
    Conflict where it is on neither, DayClosed.
    """
    old = _held(disbursement)
    if old is None:
        raise Conflict("loan_to_settle_gone", _("There is no loan to pay off out of this one."))
    day = _day(old, disbursement)
    reference = _reference(disbursement)
    if old.status == "active":
        repayments.charge_late(loan=old, day=day, now=now)
    paying_early.ask_charge(
        old,
        day,
        selectors.payoff_on(old, day).charge if old.status == "active" else ZERO,
        reference,
        actor=actor,
        now=now,
    )
    repayments.enter(
        actor=actor,
        loan=old,
        fact=Payoff(
            day=day,
            amount=disbursement.netted,
            channel=NETTED,
            external_reference=disbursement.reference,
        ),
        reference=reference,
        now=now,
    )
    audit.record(
        actor,
        "servicing.paid_off_by_loan",
        old,
        case=old.application,
        payment=disbursement.reference,
        amount=str(disbursement.netted),
        day=day.isoformat(),
    )
    _close(actor, Loan.objects.get(pk=old.pk), now)


def undo(actor: Any, disbursement: Disbursement, reason: str, now: datetime) -> None:
    """Take back what was paid off by a payment that came back: the other loan runs again."""
    event = AccountEvent.objects.filter(
        reference=_reference(disbursement), status="live"
    ).select_related("loan")
    for one in event:
        repayments.take_back(actor=actor, event=one, reason=reason, now=now, with_new_loan=True)


def _close(actor: Any, old: Loan, now: datetime) -> None:
    """Issue the letter of no dues, unless something is to be given back before.

    What was pledged may secure the new loan, and what was kept back beyond the pay-off is the
    borrower's: then somebody closes the loan by hand.
    """
    if selectors.pledged(old):
        return
    try:
        closing.finish(actor=actor, loan=_ground.locked_for(old), now=now)
    except StillOwed:
        return


def _old(application: Application) -> Loan | None:
    if application.settles_id is None:
        return None
    rows = Loan.objects.select_related("application", "branch__entity", "product", "offer")
    return rows.filter(application=application.settles_id).first()


def _held(disbursement: Disbursement) -> Loan | None:
    """Return the other loan, held; the new one is held already, and is never the older key's."""
    old = _old(disbursement.loan.application)
    return None if old is None else _ground.locked_for(old)


def _day(old: Loan, disbursement: Disbursement) -> date:
    paid, planned = disbursement.paid_date, disbursement.planned_date
    days: Iterable[date] = sorted({one for one in (paid, planned) if one and one <= (paid or one)})
    for day in reversed(list(days)):
        if old.status != "active" or selectors.payoff_on(old, day).total <= disbursement.netted:
            return day
    raise Conflict(
        "kept_back_too_little",
        _(
            "%(kept)s was kept back, which does not pay off %(number)s. Post the difference on that"
            " loan first, then confirm this payment."
        )
        % {
            "kept": format_money(disbursement.netted, old.currency),
            "number": old.number,
        },
    )


def _require_payable(old: Loan, application: Application) -> None:
    if old.status != "active":
        raise Conflict(
            "loan_to_settle_gone",
            _("The loan %(number)s does not run any more; it is not paid off out of a new one.")
            % {"number": old.number},
        )
    if old.currency != application.currency or application.product.conditions.is_staged:
        raise Conflict(
            "product_refused",
            _("A loan is paid off out of one in its currency that is paid out at once."),
        )


def _reference(disbursement: Disbursement) -> str:
    return f"netted:{disbursement.pk}"
