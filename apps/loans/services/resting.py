"""The rest of a loan that was paid out in part: taken to follow later, or given up.

Interest runs on money that went out and on no other. Where the day of a rest passed and it was not
paid out, the schedule takes it to follow later, for as long as there are instalments for it; then
it is given up.
"""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.loans import hooks, payout, policies
from apps.loans.errors import AskedForItself, NotPayable
from apps.loans.lifecycle import ON_ITS_WAY
from apps.loans.models import Disbursement, Loan, ScheduleVersion
from apps.loans.services import grounds, scheduling
from apps.loans.services.opening import locked, reason_of
from apps.loans.services.requesting import nothing_left
from apps.offers.models import Offer
from apps.schedules import documents
from apps.schedules.terms import Terms, Tranche

ZERO = Decimal(0)


@transaction.atomic
def give_up_rest(*, actor: User, loan: Loan, reason: str, now: datetime) -> Loan:
    """Give up what of a loan was not paid out: the contract stands for what was. Return the loan.

    The schedule is written anew for that, over the agreed term, and what came of the old one
    follows. It is one act of a person who approves payments and asked for none of this loan; nobody
    takes it back. Raises NotPermitted, NotVisible, NotPayable where the loan does not run or the
    borrower stepped back, AskedForItself, RestGivenUp, NothingLeft, TermsRefused, DomainError
    without a reason, Conflict where nothing was paid out or a payment is on its way.
    """
    grounds.require(actor, policies.APPROVE)
    found = locked(actor, loan)
    if found.status == "opened":
        raise Conflict(
            "nothing_paid_out", _("Nothing of this loan was paid out yet; give the contract up.")
        )
    paid = _paid(found)
    if found.status != "active" or not paid:
        raise NotPayable("not_payable", _("Nothing is paid out under this loan in its state."))
    # What was given up before stays so; a part that came back since is a rest like any other.
    if sum(one.amount for one in paid) >= found.lent:
        raise nothing_left(found)
    if found.offer is not None:
        grounds.require_wanted(Offer(pk=found.offer_id))
    if _is_on_its_way(found):
        raise Conflict(
            "payment_on_its_way",
            _(
                "A payment of the rest was asked for or is with the bank; take it back, or record"
                " what became of it, first."
            ),
        )
    if policies.asked_for_itself(actor, found):
        raise AskedForItself
    return _give_up(found, paid, actor=actor, by=actor, reason=reason_of(reason), now=now)


def late_rests(entity: Entity, day: date) -> list[uuid.UUID]:
    """Return the running loans of a lender whose rest was to follow before a day, and did not."""
    rests = Disbursement.objects.filter(status="paid", rest_planned_date__lt=day)
    late = Loan.objects.filter(
        status="active", source="", branch__entity=entity, pk__in=rests.values("loan")
    )
    going = Sum("disbursements__amount", filter=Q(disbursements__status="paid"))
    rows = late.exclude(offer__status="exited").annotate(going=going)
    return [loan.pk for loan in rows.order_by("pk") if (loan.going or ZERO) < loan.lent]


@transaction.atomic
def follow_late_rest(*, actor: Any, key: uuid.UUID, day: date, now: datetime) -> None:
    """Take the rest of a loan to follow later where it did not by a day, or give it up.

    It is given up where the term left is too short for it, and no payment of it is on its way.
    Nothing where all was paid out since, or another schedule says so already.
    """
    rows = Loan.objects.select_for_update(of=("self",), no_key=True).select_related(
        "application", "branch__entity", "product", "offer"
    )
    loan = rows.get(pk=key)
    paid = _paid(loan)
    if loan.status != "active" or sum(one.amount for one in paid) >= loan.lent:
        return
    base = loan.schedules.filter(reason__in=ScheduleVersion.CONTRACTUAL).order_by("-number")[:1]
    told = base.get().terms
    if payout.planned_last(documents.from_document(told)) >= day:
        return
    terms = payout.put_off(
        payout.without(_original(loan), loan.given_up),
        _tranches(paid),
        rest_on=paid[-1].rest_planned_date,
        day=day,
    )
    if terms is not None:
        _put_off(loan, terms, actor=actor, now=now)
    elif not _is_on_its_way(loan):
        # A record is in one language, whoever's night it is.
        with translation.override(settings.LANGUAGE_CODE):
            reason = _("It was not paid out in time: what is left of the term is too short.")
        _give_up(loan, paid, actor=actor, by=None, reason=reason, now=now)


def _put_off(loan: Loan, terms: Terms, *, actor: Any, now: datetime) -> None:
    _keep(loan, terms, ScheduleVersion.Reason.REST_PUT_OFF, actor)
    hooks.paid_out_otherwise(actor, loan, now)
    audit.record(
        actor,
        "loans.rest_put_off",
        loan,
        case=loan.application,
        to=payout.planned_last(terms).isoformat(),
    )


def _give_up(
    loan: Loan,
    paid: list[Disbursement],
    *,
    actor: Any,
    by: User | None,
    reason: str,
    now: datetime,
) -> Loan:
    """Give the rest up, write the schedule of what was paid out, and let what came of it follow."""
    loan.given_up = loan.principal - sum((one.amount for one in paid), ZERO)
    loan.given_up_date = grounds.today(loan, now)
    loan.given_up_reason = reason
    loan.given_up_by = by
    names = ["given_up", "given_up_date", "given_up_reason", "given_up_by", "updated_at"]
    loan.save(update_fields=names)
    terms = payout.as_paid(
        payout.without(_original(loan), loan.given_up), _tranches(paid), rest_on=None
    )
    _keep(loan, terms, ScheduleVersion.Reason.REST_GIVEN_UP, actor)
    hooks.paid_out_otherwise(actor, loan, now)
    audit.record(
        actor,
        "loans.rest_given_up",
        loan,
        case=loan.application,
        amount=str(loan.given_up),
        currency=loan.currency,
        reason=reason,
    )
    return loan


def _keep(loan: Loan, terms: Terms, reason: str, actor: Any) -> None:
    made_by = actor if isinstance(actor, User) else None
    scheduling.keep(loan, terms, reason=reason, actor=made_by)


def _paid(loan: Loan) -> list[Disbursement]:
    return list(loan.disbursements.filter(status="paid").order_by("paid_date", "tranche"))


def _tranches(paid: list[Disbursement]) -> list[Tranche]:
    return [Tranche(one.paid_date, one.amount) for one in paid if one.paid_date is not None]


def _is_on_its_way(loan: Loan) -> bool:
    return loan.disbursements.filter(status__in=ON_ITS_WAY).exists()


def _original(loan: Loan) -> Terms:
    return documents.from_document(loan.schedules.get(number=1).terms)
