"""Propose to take less than is owed; another person approves or refuses it; either withdraws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collections import policies, selectors, settlement_loss, settlement_paper, settling
from apps.collections.models import Settlement, SettlementPart
from apps.collections.rules import Code
from apps.collections.services import _ground
from apps.collections.settling import Part
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.formatting import format_money
from apps.core.money import MoneyRefused, money
from apps.core.visibility import get_visible
from apps.decisions.services import lettering
from apps.letters import services as letters
from apps.letters.checks import ContentRefused
from apps.letters.models import Letter
from apps.letters.typesetting import RenderingFailed
from apps.loans.models import Loan
from apps.repayments.services import entering
from apps.servicing import policies as servicing
from apps.servicing.errors import AboveLimit


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What is proposed: the parts, and why so much is given up.

    `seen` is what the person was shown to be given up; where it is other now, it is shown again.
    """

    parts: Sequence[Part]
    reason: str
    seen: Decimal

    @property
    def amount(self) -> Decimal:
        """What is paid in all."""
        return sum((one.amount for one in self.parts), Decimal(0))


@transaction.atomic
def propose_settlement(*, actor: User, loan: Loan, offer: Offer, now: datetime) -> Settlement:
    """Propose to take less than is owed on an overdue loan; return it, nobody is told yet.

    Raises NotPermitted, NotVisible, Conflict where the loan does not run, is not overdue, has an
    open one, or gives up another amount than was shown, DomainError with a sentence for each field.
    """
    _ground.permit(actor, policies.PROPOSE_SETTLEMENT)
    _ground.hold(loan)
    found = _ground.running(actor, loan)
    today = _ground.today(found, now)
    _ground.require_overdue(actor, found, today)
    reason = _ground.said(offer.reason, field="reason")
    # The account would refuse it once all parts are paid.
    entering.require_own_words(actor, reason)
    debt = require_offer(found, offer.parts, today)
    loss = settlement_loss.of_offer(found, today, offer.amount)
    if loss.waived != offer.seen:
        raise Conflict("loss_not_seen", _loss_not_seen(loss.waived, found.currency))
    made = Settlement(
        loan=found,
        amount=money(offer.amount, found.currency),
        debt=debt,
        currency=found.currency,
        grace_days=selectors.number(found.branch.entity_id, Code.SETTLEMENT_GRACE_DAYS, today),
        reason=reason,
        proposed_by=actor,
        proposed_at=now,
        proposed_on=today,
    )
    _insert(made, offer.parts)
    audit.record(
        actor,
        "collections.settlement_proposed",
        found,
        **_told(made),
        amount=str(made.amount),
        given_up=str(loss.waived),
        parts=len(offer.parts),
    )
    return made


@transaction.atomic
def approve_settlement(
    *, actor: User, settlement: Settlement, seen: Decimal, now: datetime, note: str = ""
) -> Settlement:
    """Approve what another person proposed, and write to the borrower; return it.

    `seen` is what the person was shown to be given up if all were paid today. The limit covers what
    is given up if the last part comes on the last day of grace: more is never given up for it.

    Raises NotPermitted for the own one and above the limit, NotVisible, Conflict for one that was
    answered, whose first day has passed, that gives up nothing or another amount now, on which
    something was paid since, or whose loan does not run.
    """
    found = _held(actor, settlement, policies.APPROVE_SETTLEMENT)
    _require_other(actor, found)
    found.lifecycle.target("approve", found.status)
    loan = _ground.running(actor, found.loan)
    today = _ground.today(loan, now)
    parts = selectors.parts_of(found)
    if parts[0].due < today:
        raise Conflict("day_passed", _("The first day of this settlement has passed: refuse it."))
    _require_seen(found, settlement_loss.of_offer(loan, today, found.amount).waived, seen)
    most = settlement_loss.at_most(
        loan, settling.last_day(parts, grace=found.grace_days), found.amount
    )
    limit = servicing.limit(actor, loan)
    if most > limit:
        raise AboveLimit(limit, found.currency)
    found.move(
        "approve",
        answered_by=actor,
        answered_at=now,
        answered_on=today,
        answer_note=_ground.said(note, field="note") if note.strip() else None,
        most_given_up=most,
        letter=_letter(actor, found, loan, now=now),
    )
    audit.record(
        actor,
        "collections.settlement_approved",
        loan,
        **_told(found),
        given_up=str(seen),
        most=str(most),
        currency=found.currency,
    )
    return found


@transaction.atomic
def refuse_settlement(
    *, actor: User, settlement: Settlement, note: str, now: datetime
) -> Settlement:
    """Refuse what another person proposed, with a reason; return it. Raises as approving it."""
    found = _held(actor, settlement, policies.APPROVE_SETTLEMENT)
    _require_other(actor, found)
    why = _ground.said(note, field="note")
    today = _ground.today(found.loan, now)
    found.move("refuse", answered_by=actor, answered_at=now, answered_on=today, answer_note=why)
    audit.record(actor, "collections.settlement_refused", found.loan, **_told(found))
    return found


@transaction.atomic
def withdraw_settlement(
    *, actor: User, settlement: Settlement, reason: str, now: datetime
) -> Settlement:
    """Withdraw a settlement, proposed or agreed, with a reason; return it.

    A proposal by whoever proposed it, or who approves settlements. What two people agreed, and the
    borrower has in writing, by who approves settlements and is not the one who proposed it; and
    whoever withdraws it tells the borrower so: no letter goes out. Raises NotPermitted, NotVisible,
    Conflict for one that is over, or whose parts all came.
    """
    may_any = actor.has_perm(policies.APPROVE_SETTLEMENT)
    needed = policies.APPROVE_SETTLEMENT if may_any else policies.PROPOSE_SETTLEMENT
    found = _held(actor, settlement, needed)
    is_own = found.proposed_by_id == actor.pk
    if not is_own and not may_any:
        raise NotPermitted(
            "not_own_settlement", _("Only who proposed this, or who approves, withdraws it.")
        )
    if found.status == "approved":
        _require_endable(found, is_own=is_own, now=now)
    why = _ground.said(reason, field="reason")
    found.move("withdraw", withdrawn_by=actor, withdrawn_reason=why, ended_at=now)
    audit.record(actor, "collections.settlement_withdrawn", found.loan, **_told(found))
    return found


def require_offer(loan: Loan, parts: Sequence[Part], today: date) -> Decimal:
    """Return all that is owed; raise DomainError where the parts are no offer for it."""
    fields: dict[str, object] = {}
    amounts = [_amount(one.amount, loan.currency) for one in parts]
    if not 1 <= len(parts) <= settling.MOST_PARTS or not all(amounts):
        fields["parts"] = _("One to %(most)s parts, each of an amount above zero.") % {
            "most": settling.MOST_PARTS
        }
    longest = selectors.number(loan.branch.entity_id, Code.SETTLEMENT_LONGEST_DAYS, today)
    last = today + timedelta(days=longest)
    is_in_time = all(today <= one.due <= last for one in parts)
    if not is_in_time or not settling.in_order(parts):
        fields["days"] = _("Days from today on, one after the other, at most %(days)s ahead.") % {
            "days": longest
        }
    debt = settlement_loss.of_offer(loan, today).owed
    if not fields and sum(amounts, Decimal(0)) >= debt:
        fields["parts"] = _("Less than the %(amount)s that is owed: nothing is given up else.") % {
            "amount": format_money(debt, loan.currency)
        }
    if fields:
        raise DomainError("settlement_refused", _("The settlement is not complete."), fields=fields)
    return debt


def _amount(amount: Decimal, currency: str) -> Decimal:
    """Return an amount of a part; zero for one that is none."""
    try:
        exact = money(amount, currency)
    except MoneyRefused:
        return Decimal(0)
    return exact if exact == amount and exact > 0 else Decimal(0)


def _insert(made: Settlement, parts: Sequence[Part]) -> None:
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "settlement_open", _("A settlement of this loan is open already: withdraw it first.")
        ) from None
    SettlementPart.objects.bulk_create(
        SettlementPart(settlement=made, number=number, due_date=one.due, amount=one.amount)
        for number, one in enumerate(parts, start=1)
    )


def _held(actor: User, settlement: Settlement, permission: str) -> Settlement:
    """Return a settlement with its loan, both held until the transaction ends."""
    _ground.permit(actor, permission)
    seen = get_visible(Settlement.objects.only("loan"), actor, pk=settlement.pk)
    _ground.hold(Loan(pk=seen.loan_id))
    rows = Settlement.objects.select_for_update(of=("self",), no_key=True)
    return get_visible(
        rows.select_related("loan__branch__entity", "proposed_by"), actor, pk=settlement.pk
    )


def _require_other(actor: User, settlement: Settlement) -> None:
    if settlement.proposed_by_id == actor.pk:
        raise NotPermitted("own_settlement", _("You proposed this; another person answers it."))


def _require_endable(settlement: Settlement, *, is_own: bool, now: datetime) -> None:
    """Raise what stands against ending what two people agreed and the borrower was told."""
    if is_own:
        raise NotPermitted(
            "agreed_by_two",
            _("Two people agreed to this: another one who approves settlements withdraws it."),
        )
    if selectors.stands(settlement, _ground.today(settlement.loan, now)) == "kept":
        raise Conflict(
            "all_paid", _("All parts were paid in time: this settlement holds, and is not ended.")
        )


def _require_seen(settlement: Settlement, waived: Decimal, seen: Decimal) -> None:
    """Raise Conflict where what is given up is nothing, or not what the second person saw."""
    if not waived:
        # The letter would ask for more than is owed.
        raise Conflict(
            "nothing_given_up",
            _("No more than this is owed now: nothing is given up. Refuse it."),
        )
    paid = selectors.paid_since(settlement)
    if paid:
        raise Conflict(
            "paid_since",
            _(
                "%(amount)s was paid since this was proposed, and the letter would ask for it once"
                " more. Refuse it, and propose what is left to pay."
            )
            % {"amount": format_money(paid, settlement.currency)},
        )
    if waived != seen:
        raise Conflict("loss_not_seen", _loss_not_seen(waived, settlement.currency))


def _loss_not_seen(waived: Decimal, currency: str) -> str:
    return _("%(amount)s would be given up: look at that first, then send it.") % {
        "amount": format_money(waived, currency)
    }


def _letter(actor: User, settlement: Settlement, loan: Loan, *, now: datetime) -> Letter:
    with translation.override(loan.customer.language):
        try:
            stated = settlement_paper.statement(
                settlement,
                loan,
                dated=_ground.today(loan, now),
                address=tuple(lettering.address(loan.application).splitlines()),
            )
            return letters.issue_statement(
                actor=actor,
                branch=loan.branch,
                kind=Letter.Kind.SETTLEMENT,
                subject=audit.reference(settlement),
                case=_ground.case_of(loan),
                regime="",
                statement=stated,
                now=now,
            )
        except (RenderingFailed, ContentRefused) as refusal:
            raise Conflict("letter_not_set", str(refusal)) from refusal


def _told(settlement: Settlement) -> dict[str, Any]:
    """Return what the history says of a settlement: not why, that tells about the borrower."""
    return {"case": _ground.case_of(settlement.loan), "settlement": str(settlement.pk)}
