"""Take money on a loan that was written off: a recovery, up to what was written off."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.core.formatting import format_money
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.facts import Recovery, payer_reference
from apps.repayments.models import AccountEvent
from apps.servicing import policies, selectors
from apps.servicing.errors import NotWrittenOff, refused_field
from apps.servicing.services import _ground
from apps.servicing.services.paying_early import Money, check_money


@transaction.atomic
def recover(*, actor: User, loan: Loan, money: Money, now: datetime) -> AccountEvent:
    """Take money on a loan that was written off, as income of recovery; return the event.

    What was asked for since comes first. The same external reference with the same content returns
    the same event, also once the rest was settled. Raises NotPermitted, NotVisible, NotWrittenOff,
    Settled, Conflict, and DomainError for a day, a reference, or more than was written off: what is
    beyond stays in suspense.
    """
    _ground.permit(actor, policies.POST)
    found = _ground.locked(actor, loan)
    if found.status != "written_off":
        raise NotWrittenOff
    check_money(found, money, now)
    reference = payer_reference(found.branch.entity.code, money.external_reference)
    if not selectors.is_known(reference):
        repayments.require_claim(found)
        _require_no_more(money.amount, selectors.recoverable(found, money.day), found.currency)
    return repayments.enter(
        actor=actor,
        loan=found,
        fact=Recovery(
            day=money.day,
            amount=money.amount,
            channel=money.channel,
            external_reference=money.external_reference.strip(),
        ),
        reference=reference,
        now=now,
    )


@transaction.atomic
def download_losses(*, actor: User) -> "QuerySet[Loan]":
    """Return the loans that were written off, the latest first, after that is on record.

    Raises NotPermitted.
    """
    if not actor.has_perm(policies.VIEW_LOSSES):
        raise NotPermitted("not_permitted", _("Your role does not show loans."))
    audit.record(actor, "servicing.losses_downloaded", "servicing.losses")
    return selectors.losses(actor)


def _require_no_more(amount: Decimal, most: Decimal, currency: str) -> None:
    if amount > most:
        raise refused_field(
            "more_than_written_off",
            "amount",
            _("Only %(amount)s is left of what was written off; keep the rest as unidentified.")
            % {"amount": format_money(most, currency)},
        )
