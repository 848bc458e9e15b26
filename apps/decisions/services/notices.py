"""Letters that no decision brings along: what is missing, and what came of a review."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.decisions.models import Decision
from apps.decisions.services import letter_parts, lettering
from apps.letters import content
from apps.letters.models import Letter


@dataclass(frozen=True, kw_only=True)
class Review:
    """What came of a review of a decision: asked for when, upheld or changed, and the answer.

    `decision` is the one that stands now: that which was reviewed, or the new one. `subject` is
    the review as audit names it; there is one letter about each. `changed` are sentences, in the
    applicant's language, on what was corrected.
    """

    subject: str
    decision: Decision
    asked_at: datetime
    upheld: bool
    answer: str
    changed: Sequence[str] = ()


def issue_appeal_outcome(
    *, actor: User | str, application: Application, review: Review, now: datetime
) -> Letter:
    """Issue the letter that answers who asked for a review, in the caller's transaction.

    The caller has permitted it. A decline that stands is told with its reasons again, an approval
    with its terms. Raises LetterImpossible when what is on record does not make a letter.
    """
    return lettering.issued(
        lambda: _reviewed(application, review, now=now),
        actor=actor,
        application=application,
        subject=review.subject,
        now=now,
    )


def issue_incomplete(
    *,
    actor: User | str,
    application: Application,
    missing: Sequence[str],
    until: date,
    now: datetime,
) -> Letter:
    """Issue a notice of what an application lacks and until when, in the caller's transaction.

    The caller has permitted it. `missing` are sentences in the applicant's language. The same
    notice on the same day is issued once; another one gets a number of its own. Raises
    LetterImpossible.
    """
    case = audit.reference(application)
    earlier = Letter.objects.filter(case=case, kind=content.INCOMPLETE)
    subject = f"{case}/notice-{earlier.count() + 1}"
    wanted = (list(missing), str(until), str(_today(application, now)))
    for one in earlier:
        facts = one.facts or {}
        if wanted == (facts["missing"], facts["missing_until"], facts["decided_date"]):
            return one
    return lettering.issued(
        lambda: _incomplete(application, missing, until, now=now),
        actor=actor,
        application=application,
        subject=subject,
        now=now,
    )


def _today(application: Application, now: datetime) -> date:
    return lettering.local_date(application.branch.entity, now)


def _incomplete(
    application: Application, missing: Sequence[str], until: date, *, now: datetime
) -> content.LetterFacts:
    entity, today = application.branch.entity, _today(application, now)
    return content.LetterFacts(
        kind=content.INCOMPLETE,
        regime=letter_parts.regime(entity),
        lender=lettering.lender(entity),
        applicant_name=application.customer.full_name,
        applicant_address=lettering.address(application),
        application_number=application.number,
        product_name=application.product.name,
        amount=application.amount,
        currency=application.currency,
        term_months=application.term_months,
        received_date=min(letter_parts.received(application), today),
        completed_date=None,
        decided_date=today,
        automated=False,
        reasons=(),
        could_change=(),
        approval=None,
        bureau=None,
        missing=tuple(missing),
        missing_until=until,
        review_until=until,
        reference=application.number,
    )


def _reviewed(application: Application, review: Review, *, now: datetime) -> content.LetterFacts:
    entity, today, decision = application.branch.entity, _today(application, now), review.decision
    declined = decision.outcome == "decline"
    return content.LetterFacts(
        kind=content.APPEAL,
        regime=letter_parts.regime(entity),
        lender=lettering.lender(entity),
        applicant_name=application.customer.full_name,
        applicant_address=lettering.address(application),
        application_number=application.number,
        product_name=application.product.name,
        amount=application.amount,
        currency=application.currency,
        term_months=application.term_months,
        received_date=min(letter_parts.received(application), today),
        completed_date=min(letter_parts.completed(application) or today, today),
        decided_date=today,
        automated=False,
        reasons=lettering.told_reasons(application, decision) if declined else (),
        could_change=(),
        approval=None if declined else lettering.approval(application, decision),
        bureau=letter_parts.bureau(application),
        appeal=content.Appeal(
            asked_date=lettering.local_date(entity, review.asked_at),
            upheld=review.upheld,
            answer=review.answer,
            changed=tuple(review.changed),
        ),
        review_until=today + timedelta(days=entity.review_days),
        reference=f"{application.number}/{decision.number}",
    )


# What an application may lack, said to the applicant instead of to the officer.
MISSING: dict[str, Promise] = {
    "consent_credit_assessment": gettext_lazy(
        "Your consent that we use your data to assess your credit."
    ),
    "consent_automated_decision": gettext_lazy(
        "Your consent to an automated decision, which you may have reviewed by a person."
    ),
    "income": gettext_lazy("Proof of your work and your income."),
    "obligations": gettext_lazy(
        "What you pay every month on other loans, or your declaration that it is nothing."
    ),
    "collateral": gettext_lazy("Papers of the security that you offer."),
    "currency": gettext_lazy("Your income and obligations in the currency of the loan."),
    "identity": gettext_lazy("A proof of your identity."),
    "address": gettext_lazy("A proof of your address."),
    "bank_statement": gettext_lazy("Your bank statements of the last six months."),
}


def missing_sentences(codes: Sequence[str]) -> tuple[str, ...]:
    """Return what is missing, in the active language; a code nobody wrote words for is left out."""
    return tuple(str(MISSING[code]) for code in codes if code in MISSING)
