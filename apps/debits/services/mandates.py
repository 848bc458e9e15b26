"""Record a mandate, tell how the bank and the borrower moved it, and end it."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates, masking
from apps.core.errors import Conflict, DomainError
from apps.core.money import MoneyRefused, money
from apps.core.visibility import get_visible
from apps.debits import errors, policies
from apps.debits.lifecycle import IN_FORCE
from apps.debits.models import Debit, Mandate
from apps.ledger.lines import LARGEST
from apps.loans import beneficiary
from apps.loans.models import Loan

LONGEST_HOLDER = 120
LONGEST_REFERENCE = 35
LONGEST_BANK_REFERENCE = 60
_BANK = audit.system("debits")


@dataclass(frozen=True, kw_only=True)
class MandateEntry:
    """What a borrower consents to: the account, how much each time, from when until when.

    `for_all_loans` covers every loan of the borrower. Without a reference one is made up.
    `evidence` says where the consent is kept.
    """

    holder: str
    account_number: str = field(repr=False)
    bank_code: str
    maximum: Decimal
    from_date: date
    until_date: date | None = None
    for_all_loans: bool = False
    reference: str = ""
    consent_channel: str
    consent_date: date
    evidence: str


@transaction.atomic
def record_mandate(*, actor: User, loan: Loan, entry: MandateEntry, now: datetime) -> Mandate:
    """Record a borrower's mandate; nothing is taken under it until the bank has accepted it.

    Raises NotPermitted, NotVisible, Conflict where one is in force or the reference is taken, and
    DomainError with a sentence for each field.
    """
    errors.require(policies.may(actor, policies.KEEP))
    rows = Loan.objects.select_related("branch__entity").select_for_update(of=("self",))
    found = get_visible(rows, actor, pk=loan.pk)
    if found.status not in ("opened", "active"):
        raise Conflict("not_running", _("Nothing is to be paid under this loan in its state."))
    _check(found, entry, today=dates.local_date(now, found.branch.entity.time_zone))
    made = _made(found, entry, actor=actor, now=now)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise _taken(made) from None
    _record(actor, made, verb="debits.mandate_recorded")
    return made


@transaction.atomic
def register_mandate(*, actor: User, mandate: Mandate, now: datetime) -> Mandate:
    """Record that the bank was told of a mandate. Raises NotPermitted, NotVisible, Conflict."""
    held = _held(actor, mandate)
    held.move("register", registered_at=now, moved_by=actor)
    _record(actor, held, verb="debits.mandate_registered")
    return held


@transaction.atomic
def accept_mandate(*, actor: User, mandate: Mandate, bank_reference: str, now: datetime) -> Mandate:
    """Record that the bank accepted a mandate; from now on money is asked for under it.

    Raises NotPermitted, NotVisible, Conflict, DomainError without the bank's reference.
    """
    said = errors.required_words(
        bank_reference, name="bank_reference", longest=LONGEST_BANK_REFERENCE
    )
    held = _held(actor, mandate)
    held.move("activate", answered_at=now, bank_reference=said, moved_by=actor)
    _record(actor, held, verb="debits.mandate_accepted")
    return held


@transaction.atomic
def reject_mandate(*, actor: User, mandate: Mandate, reason: str, now: datetime) -> Mandate:
    """Record that the bank refused a mandate. Raises as `accept_mandate` does."""
    held = _held(actor, mandate)
    _end(held, "reject", actor=actor, reason=errors.required_words(reason), now=now)
    return held


@transaction.atomic
def pause_mandate(*, actor: User, mandate: Mandate, reason: str) -> Mandate:
    """Take nothing under a mandate for a time; what no bank was told of yet is withdrawn.

    Raises NotPermitted, NotVisible, Conflict, DomainError without a reason.
    """
    said = errors.required_words(reason)
    held = _held(actor, mandate)
    pause(held, actor=actor, reason=said)
    return held


@transaction.atomic
def resume_mandate(*, actor: User, mandate: Mandate) -> Mandate:
    """Let money be taken under a paused mandate again. Raises as `pause_mandate` does."""
    held = _held(actor, mandate)
    held.move("resume", reason=None, moved_by=actor)
    _record(actor, held, verb="debits.mandate_resumed")
    return held


@transaction.atomic
def cancel_mandate(*, actor: User, mandate: Mandate, reason: str, now: datetime) -> Mandate:
    """End a mandate because the borrower says so, at once; return it.

    What no bank was told of yet is withdrawn. Raises NotPermitted, NotVisible, Conflict, and
    DomainError without words of how the borrower asked.
    """
    said = errors.required_words(reason)
    held = _held(actor, mandate)
    _end(held, "cancel", actor=actor, reason=said, now=now)
    return held


def expire_mandates(*, now: datetime) -> int:
    """End the mandates whose last day is over; return how many. Safe to run at any time."""
    return sum(_expire_for(entity, now) for entity in Entity.objects.order_by("code"))


def underway(mandate: Mandate) -> int:
    """Return how many debits under a mandate are with the bank and can be called back no more."""
    return Debit.objects.filter(mandate=mandate, status="presented").count()


# --- also for what the bank answers --------------------------------------------------------------
def pause(mandate: Mandate, *, actor: Any, reason: str) -> None:
    """Pause a mandate that is held, and withdraw what no bank was told of."""
    person = actor if isinstance(actor, User) else None
    mandate.move("pause", reason=reason, moved_by=person)
    _withdraw_waiting(mandate, "mandate_paused")
    _record(actor, mandate, verb="debits.mandate_paused")


def cancel_for_bank(mandate: Mandate, *, reason: str, now: datetime) -> None:
    """End a mandate that is held, because the bank's answer says that it is none any more."""
    _end(mandate, "cancel", actor=_BANK, reason=reason, now=now)


def hold(mandate_id: Any) -> Mandate:
    """Return a mandate held until the transaction ends."""
    rows = Mandate.objects.select_related("branch__entity", "loan")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=mandate_id)


# --- what they are made of -----------------------------------------------------------------------
def _held(actor: User, mandate: Mandate) -> Mandate:
    errors.require(policies.may(actor, policies.KEEP))
    rows = Mandate.objects.select_related("branch__entity", "loan")
    return get_visible(rows.select_for_update(of=("self",), no_key=True), actor, pk=mandate.pk)


def _end(mandate: Mandate, action: str, *, actor: Any, reason: str, now: datetime) -> None:
    changes: dict[str, Any] = {
        "reason": reason,
        "moved_by": actor if isinstance(actor, User) else None,
        "ended_at": now,
        "ended_date": dates.local_date(now, mandate.branch.entity.time_zone),
    }
    if action == "reject":
        changes["answered_at"] = now
    mandate.move(action, **changes)
    _withdraw_waiting(mandate, _GONE[action])
    _record(actor, mandate, verb=_ENDED[action])


_ENDED = {
    "reject": "debits.mandate_rejected",
    "cancel": "debits.mandate_cancelled",
    "expire": "debits.mandate_expired",
}
# Why a debit under it is withdrawn.
_GONE = {
    "reject": "mandate_rejected",
    "cancel": "mandate_cancelled_before",
    "expire": "mandate_expired",
}


def _withdraw_waiting(mandate: Mandate, code: str) -> None:
    """Take out of files what the bank was not told yet."""
    waiting = Debit.objects.filter(mandate=mandate, status="waiting")
    Debit.move_all(waiting, "withdraw", reason_code=code)


def _expire_for(entity: Entity, now: datetime) -> int:
    day = dates.local_date(now, entity.time_zone)
    over = Mandate.objects.filter(entity=entity, status__in=IN_FORCE, until_date__lt=day)
    keys = list(over.order_by("pk").values_list("pk", flat=True))
    return sum(_expire_one(key, now) for key in keys)


@transaction.atomic
def _expire_one(key: Any, now: datetime) -> int:
    mandate = hold(key)
    if not mandate.may("expire"):
        # Somebody ended it meanwhile.
        return 0
    _end(mandate, "expire", actor=_BANK, reason="until_date", now=now)
    return 1


def _made(loan: Loan, entry: MandateEntry, *, actor: User, now: datetime) -> Mandate:
    account = beneficiary.account(entry.account_number)
    made = Mandate(
        entity=loan.branch.entity,
        branch=loan.branch,
        customer_id=loan.customer_id,
        loan=None if entry.for_all_loans else loan,
        reference=entry.reference.strip().upper() or _next_reference(loan),
        account_tail=masking.tail(account),
        bank_code=beneficiary.bank(entry.bank_code),
        currency=loan.currency,
        maximum=entry.maximum,
        from_date=entry.from_date,
        until_date=entry.until_date,
        consent_channel=entry.consent_channel,
        consent_date=entry.consent_date,
        recorded_by=actor,
        recorded_at=now,
    )
    made.holder = " ".join(entry.holder.split())
    made.account_number = account
    made.evidence = errors.required_words(entry.evidence, name="evidence")
    return made


def _next_reference(loan: Loan) -> str:
    """Return the number behind the highest that is used; the loan is held, so that one gets it."""
    own = f"{loan.number}-M"
    used = Mandate.objects.filter(entity=loan.branch.entity_id, reference__startswith=own)
    said = [one.removeprefix(own) for one in used.values_list("reference", flat=True)]
    # References are free text: a longer number is somebody's own, and its next may not fit.
    last = max((int(one) for one in said if re.fullmatch(r"[0-9]{1,6}", one)), default=0)
    return f"{own}{last + 1}"


def _taken(mandate: Mandate) -> Conflict:
    same = Q(loan=mandate.loan_id) if mandate.loan_id else Q(loan=None, customer=mandate.customer)
    before = Mandate.objects.filter(same, status__in=IN_FORCE).first()
    if before is not None:
        return errors.underway(before.reference)
    sentence = _("Another mandate has this reference.")
    return Conflict("reference_used", sentence, fields={"reference": sentence})


def _check(loan: Loan, entry: MandateEntry, *, today: date) -> None:
    fields: dict[str, object] = {}
    holder = " ".join(entry.holder.split())
    if not 0 < len(holder) <= LONGEST_HOLDER or not holder.isprintable():
        fields["holder"] = _("Enter the account holder.")
    if not beneficiary.account(entry.account_number):
        fields["account_number"] = _("This is no account number.")
    if not beneficiary.bank(entry.bank_code):
        fields["bank_code"] = _("This is no code of a bank.")
    if not _is_amount(entry.maximum, loan.currency):
        fields["maximum"] = _("An amount above zero, without fractions of the smallest unit.")
    if entry.until_date is not None and entry.until_date < max(entry.from_date, today):
        fields["until_date"] = _("It ends after it begins, and not before today.")
    fields |= _faults_of_consent(entry, today=today)
    if fields:
        raise DomainError("mandate_refused", _("The mandate is not complete."), fields=fields)


def _faults_of_consent(entry: MandateEntry, *, today: date) -> dict[str, object]:
    fields: dict[str, object] = {}
    if entry.consent_channel not in Mandate.Consent.values:
        fields["consent_channel"] = _("Say how the consent was given.")
    if entry.consent_date > today:
        fields["consent_date"] = _("This day is still to come.")
    reference = entry.reference.strip()
    if len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        sentence = _("A reference has at most %(most)s letters.")
        fields["reference"] = sentence % {"most": LONGEST_REFERENCE}
    return fields


def _is_amount(amount: Decimal, currency: str) -> bool:
    try:
        return money(amount, currency) == amount and 0 < amount <= LARGEST
    except MoneyRefused:
        return False


def _record(actor: Any, mandate: Mandate, *, verb: str) -> None:
    audit.record(
        actor,
        verb,
        mandate,
        reference=mandate.reference,
        case=f"applications.application:{mandate.loan.application_id}" if mandate.loan else "",
        loan=mandate.loan.number if mandate.loan else "",
        customer=f"customers.customer:{mandate.customer_id}",
        state=mandate.status,
    )
