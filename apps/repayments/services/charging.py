"""Ask for a fee or a charge on a loan's account, with the taxes on it, and take it back.

What a borrower was not told before the agreement - in the key facts, in that amount - is asked for
only with their explicit consent, which is on record (rule book 6.6).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.core.formatting import format_money
from apps.core.money import money
from apps.loans.models import Loan
from apps.products import selectors as products
from apps.repayments import lateness, policies
from apps.repayments.errors import refused_field
from apps.repayments.facts import Bucket, Charge
from apps.repayments.models import AccountEvent
from apps.repayments.services import bouncing, entering, holding, taking_back
from apps.repayments.services.bouncing import Bounced

# What of the contract arises only when something happens, by the name a charge has here.
CONTINGENT = {bouncing.CODE: "bounce_charge", "switching": "switching_charge"}
LONGEST_WORDS = 300
# Rule book 6.6: of loans that were sanctioned before, no key facts were told.
KEY_FACTS_FROM = date(2024, 10, 1)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for: a fee or a penal charge, what for, how much, owed from when, and why.

    `consent` says how and when the borrower agreed to a fee that the key facts do not name. Of a
    payment that came back, a file says which it was (`bounced`), and a person where a second one
    came back about the same days (`is_another`).
    """

    bucket: Bucket = Bucket.FEE
    code: str
    amount: Decimal
    day: date
    due_on: date
    reason: str
    consent: str = ""
    bounced: Bounced | None = None
    is_another: bool = False


@transaction.atomic
def charge(*, actor: Any, loan: Loan, asked: Asked, reference: str, now: datetime) -> AccountEvent:
    """Enter a charge with the taxes on it, and return its event.

    The actor is a person, or the name of the system's own work.

    The same reference with the same content returns the event it made. Raises NotAllowed,
    NotVisible, FactRefused for a charge that was not told and not agreed to, Conflict where a
    person asks again for what a payment that came back costs, and what `entering.enter` raises.
    """
    holding.require(actor, policies.CHARGE)
    held = holding.hold(actor, loan)
    _check(held, asked)
    if asked.code == bouncing.CODE and isinstance(actor, User):
        bouncing.require_first(
            held,
            day=asked.day,
            reason=asked.reason,
            reference=reference,
            is_another=asked.is_another,
        )
    event = entering.enter(actor=actor, loan=held, fact=_fact(asked), reference=reference, now=now)
    if asked.bucket == Bucket.FEE:
        for tax in products.taxes_on_fees(held.branch.entity_id, asked.day):
            amount = money(asked.amount * tax.rate, held.currency)
            if amount:
                fact = _tax(asked, event, code=tax.code, rate=tax.rate, amount=amount)
                entering.enter(
                    actor=actor, loan=held, fact=fact, reference=f"{reference}:{tax.code}", now=now
                )
    return event


@transaction.atomic
def charge_bounce(
    *,
    actor: str,
    loan: Loan,
    asked: Asked,
    reference: str,
    charged: Collection[Any],
    other_debits: Collection[str],
    is_ours: bool,
    now: datetime,
) -> AccountEvent | None:
    """Enter what a debit that came back costs, or return what somebody asked for it by hand.

    `charged` are the charges for other debits, `other_debits` the references of those. Where it
    `is_ours` no more, because a person dealt with it, nothing is entered. Raises what `charge`
    raises.
    """
    held = holding.hold(actor, loan)
    if asked.bounced is None:
        raise ValueError("Which debit came back?")
    found = bouncing.asked_by_hand(
        held, asked.bounced, until=asked.day, but=charged, other_debits=other_debits
    )
    if found is not None or not is_ours:
        return found
    return charge(actor=actor, loan=held, asked=asked, reference=reference, now=now)


@transaction.atomic
def take_charge_back(
    *, actor: User, event: AccountEvent, reason: str, now: datetime
) -> AccountEvent:
    """Take a charge back with the taxes on it; what was paid of it goes to what else is owed.

    Raises NotAllowed, Conflict for a charge that is computed from how late a loan is, and what
    `taking_back.take_back` raises.
    """
    holding.require(actor, policies.CHARGE)
    if event.kind != "charge" or event.parameters["code"] in lateness.CODES:
        raise Conflict(
            "computed_charge",
            _("What being late costs follows from the payments; it is waived, not taken back."),
        )
    if event.parameters["bucket"] == Bucket.TAX:
        raise Conflict("tax_alone", _("A tax is taken back with the fee it is on."))
    for tax in _taxes_on(event):
        taking_back.take_back(actor=actor, event=tax, reason=reason, now=now)
    return taking_back.take_back(actor=actor, event=event, reason=reason, now=now)


def told(loan: Loan) -> dict[str, Decimal]:
    """Return what a borrower was told to pay when something happens, by code.

    Fees that were told besides are in the schedule, or were paid when the money went out.
    """
    if loan.offer is not None:
        contingent = loan.offer.key_facts["contingent"]
        return {code: Decimal(contingent[name]) for code, name in CONTINGENT.items()}
    conditions = getattr(loan.product, "conditions", None)
    return {code: getattr(conditions, name) for code, name in CONTINGENT.items() if conditions}


def _check(loan: Loan, asked: Asked) -> None:
    for name, words in (("reason", asked.reason), ("consent", asked.consent)):
        if len(words) > LONGEST_WORDS or not words.isprintable():
            sentence = _("Say it in at most %(most)s letters.") % {"most": LONGEST_WORDS}
            raise refused_field("words_refused", name, sentence)
    if not asked.reason.strip():
        raise refused_field("reason_missing", "reason", _("Say why this is asked for."))
    if asked.bucket not in (Bucket.FEE, Bucket.PENAL):
        raise refused_field("bucket_refused", "bucket", _("Ask for a fee or for a penal charge."))
    if not asked.code.strip() or asked.code in lateness.CODES:
        raise refused_field("code_refused", "code", _("Say what this is asked for."))
    _check_told(loan, asked)


def _check_told(loan: Loan, asked: Asked) -> None:
    if asked.consent.strip() or _is_before_key_facts(loan):
        return
    most = told(loan).get(asked.code)
    if most is None or not most:
        raise refused_field(
            "not_in_key_facts",
            "code",
            _(
                "The key facts name no such charge. Ask for it only with the borrower's explicit"
                " consent, and say how and when it was given."
            ),
        )
    if asked.amount > most:
        sentence = _("The key facts say %(amount)s; more takes the borrower's explicit consent.")
        amount = format_money(most, loan.currency)
        raise refused_field("above_key_facts", "amount", sentence % {"amount": amount})


def _is_before_key_facts(loan: Loan) -> bool:
    return loan.offer is None and loan.opened_date < KEY_FACTS_FROM


def _fact(asked: Asked) -> Charge:
    basis = {"reason": asked.reason.strip()}
    if asked.consent.strip():
        basis["consent"] = asked.consent.strip()
    if asked.bounced is not None:
        basis |= asked.bounced.basis()
    return Charge(
        day=asked.day,
        amount=asked.amount,
        bucket=asked.bucket,
        code=asked.code.strip(),
        due_on=asked.due_on,
        basis=basis,
    )


def _tax(asked: Asked, event: AccountEvent, *, code: str, rate: Decimal, amount: Decimal) -> Charge:
    return Charge(
        day=asked.day,
        amount=amount,
        bucket=Bucket.TAX,
        code=code,
        due_on=asked.due_on,
        basis={"on": str(event.pk), "rate": str(rate)},
    )


def _taxes_on(event: AccountEvent) -> list[AccountEvent]:
    rows = AccountEvent.objects.filter(
        loan=event.loan_id, kind="charge", parameters__basis__on=str(event.pk)
    )
    return list(rows.order_by("-day", "-position"))
