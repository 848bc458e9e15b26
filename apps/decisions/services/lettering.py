"""Put together what the letter about a decision states, in the applicant's language."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates, formatting
from apps.core.errors import DomainError
from apps.decisions import instalments, recourse_words, sentences
from apps.decisions.errors import LetterImpossible
from apps.decisions.models import Decision
from apps.decisions.reasons import Reason
from apps.decisions.recourse import Change
from apps.decisions.services import letter_parts
from apps.letters import content, regimes
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.products import pricing
from apps.products.models import Product
from apps.scoring import feature_words

# What reasons are about, and reviewers' codes, that speak of all that is paid a month already.
_ABOUT_OBLIGATIONS = frozenset(
    {
        *("dti", "foir", "pay_committed", "existing_dti"),
        *("obligations_high_on_net_income", "obligations_high_on_gross_income"),
    }
)


def local_date(entity: Entity, moment: datetime) -> date:
    """Return the day of a moment in the lender's own calendar."""
    return dates.local_date(moment, entity.time_zone)


def issue(
    *,
    actor: User | str,
    application: Application,
    decision: Decision,
    changes: tuple[Change, ...] | None,
) -> Letter:
    """Issue the letter about an approval or a decline, in the caller's transaction.

    `changes` are what would have been approved; None when nobody looked, because people decided.
    Raises LetterImpossible when what is on record does not make a letter.
    """
    composed = compose(application=application, decision=decision, changes=changes)
    [letter] = issue_all(actor=actor, composed=[composed])
    return letter


def issue_all(*, actor: User | str, composed: Sequence[Letter]) -> list[Letter]:
    """Write composed letters down, in the caller's transaction. Raises LetterImpossible."""
    with _refusals():
        return letters.issue_all(actor=actor, composed=composed)


def compose(
    *, application: Application, decision: Decision, changes: tuple[Change, ...] | None
) -> Letter:
    """Return the letter that `issue` would write down, unwritten. Raises LetterImpossible."""
    return _composed(
        lambda: _facts(application, decision, changes),
        application=application,
        subject=audit.reference(decision),
        now=decision.decided_at,
    )


def issue_lapsed(
    *,
    actor: User | str,
    application: Application,
    decision: Decision,
    owes_reasons: bool,
    now: datetime,
) -> Letter:
    """Issue the letter that an offer has lapsed, in the caller's transaction.

    `owes_reasons` says that it was not what was asked for. Raises as `issue`.
    """
    return issued(
        lambda: _lapsed(application, decision, owes_reasons=owes_reasons, now=now),
        actor=actor,
        application=application,
        subject=audit.reference(decision),
        now=now,
        since=_offered(application, decision),
    )


def issued(
    facts_of: Callable[[], content.LetterFacts],
    *,
    actor: User | str,
    application: Application,
    subject: str,
    now: datetime,
    since: date | None = None,
) -> Letter:
    """Issue the letter whose facts are put together in the applicant's language.

    `since` is when the time to send it began, where the facts do not say. Raises LetterImpossible.
    """
    composed = _composed(facts_of, application=application, subject=subject, now=now, since=since)
    [letter] = issue_all(actor=actor, composed=[composed])
    return letter


def _composed(
    facts_of: Callable[[], content.LetterFacts],
    *,
    application: Application,
    subject: str,
    now: datetime,
    since: date | None = None,
) -> Letter:
    language = application.customer.language
    with _refusals():
        with translation.override(language):
            facts = facts_of()
        return letters.compose(
            branch=application.branch,
            kind=facts.kind,
            subject=subject,
            case=audit.reference(application),
            language=language,
            facts=letter_parts.with_notices(facts),
            issued_at=now,
            since=since,
        )


@contextmanager
def _refusals() -> Iterator[None]:
    """Say of whatever keeps a letter from being written that it is impossible."""
    try:
        yield
    except LetterImpossible:
        raise
    except (content.ContentRefused, pricing.PricingRefused, DomainError) as refusal:
        raise LetterImpossible(str(refusal)) from refusal


def _facts(
    application: Application, decision: Decision, changes: tuple[Change, ...] | None
) -> content.LetterFacts:
    entity = application.branch.entity
    decided = local_date(entity, decision.decided_at)
    kind, declined = _kind(application, decision), decision.outcome == "decline"
    until = decided + timedelta(days=entity.review_days)
    why = _why_not_as_asked(application, decision) if kind == content.COUNTER_OFFER else ()
    return content.LetterFacts(
        kind=kind,
        regime=letter_parts.regime(entity),
        lender=lender(entity),
        applicant_name=application.customer.full_name,
        applicant_address=address(application),
        application_number=application.number,
        product_name=application.product.named(application.customer.language),
        amount=application.amount,
        currency=application.currency,
        term_months=application.term_months,
        received_date=min(letter_parts.received(application), decided),
        completed_date=min(letter_parts.completed(application) or decided, decided),
        decided_date=decided,
        automated=decision.kind == Decision.Kind.AUTOMATED,
        reasons=told_reasons(application, decision) if declined else why,
        could_change=_could_change(application, decision, changes) if declined else (),
        no_change=_no_change(decision, changes) if declined else "",
        approval=None if declined else approval(application, decision),
        bureau=letter_parts.bureau(application),
        score=None if kind == content.APPROVED else letter_parts.score(application, decision),
        review_until=until,
        reasons_until=(
            letter_parts.reasons_until(decided)
            if kind == content.COUNTER_OFFER and not why
            else None
        ),
        # What was granted as asked leaves nothing to appeal against by an address of one's own.
        review_link=(
            ""
            if kind == content.APPROVED
            else letter_parts.review_link(application, decision, until=until)
        ),
        reference=f"{application.number}/{decision.number}",
    )


def _kind(application: Application, decision: Decision) -> str:
    if decision.outcome == "decline":
        return content.DECLINED
    asked = (application.amount, application.term_months)
    is_as_asked = asked == (decision.amount, decision.term_months)
    return content.APPROVED if is_as_asked else content.COUNTER_OFFER


def _why_not_as_asked(application: Application, decision: Decision) -> tuple[content.Reason, ...]:
    """Return why the request itself was not granted, where it was declined before an exception."""
    rows = Decision.objects.filter(application=application, number__lt=decision.number)
    declined = rows.order_by("-number").filter(outcome="decline").first()
    if decision.override_id is None or declined is None:
        return ()
    return told_reasons(application, declined)


def _offered(application: Application, decision: Decision) -> date | None:
    """Return the day of an offer, where the law counts from it and not from its end."""
    rules = letter_parts.regime(application.branch.entity)
    if regimes.limit(rules, content.LAPSED).after != "offered":
        return None
    return local_date(application.branch.entity, decision.decided_at)


def _lapsed(
    application: Application, decision: Decision, *, owes_reasons: bool, now: datetime
) -> content.LetterFacts:
    """Return what the letter about a lapsed offer states: its terms, and the right to reasons.

    Rule book 4.2: who was offered something else than asked for may ask why within 60 days.
    """
    entity = application.branch.entity
    facts, today = _facts(application, decision, None), local_date(entity, now)
    again = _("You may apply again at any time; we then decide on the facts of that day.")
    return dataclasses.replace(
        facts,
        kind=content.LAPSED,
        reasons=(),
        score=None,
        decided_date=today,
        review_until=today + timedelta(days=entity.review_days),
        approval=dataclasses.replace(
            approval(application, decision), first_steps=(again,), working=()
        ),
        offer_until=local_date(entity, decision.valid_until or decision.decided_at),
        reasons_until=letter_parts.reasons_until(today) if owes_reasons else None,
        # An offer that lapsed is no decision to appeal against; who writes to us is heard.
        review_link="",
    )


def lender(entity: Entity) -> content.Lender:
    """Return who writes, as the master data names it today."""
    return content.Lender(
        name=entity.name,
        address=entity.address,
        email=entity.email,
        phone=entity.phone,
        review_contact=entity.review_contact,
        data_protection_contact=entity.data_protection_contact,
        regulator=entity.regulator,
    )


def address(application: Application) -> str:
    """Return the applicant's address, or that the branch hands the letter over."""
    try:
        address = application.customer.address
    except ObjectDoesNotExist:
        return _("To be handed over by our branch %(branch)s") % {"branch": application.branch.name}
    town = " ".join(part for part in (address.postal_code, address.city) if part)
    return "\n".join(part for part in (address.street, town, address.region) if part)


def told_reasons(application: Application, decision: Decision) -> tuple[content.Reason, ...]:
    """Return a decision's reasons as sentences in the active language."""
    found = [Reason.from_json(stored) for stored in decision.reasons]
    return tuple(
        content.Reason(code=one.code, sentence=_sentence(one, application)) for one in found
    )


def _sentence(one: Reason, application: Application) -> str:
    """Return a reason as a sentence; one about obligations says what of them is paid to us."""
    said = sentences.reason(one, currency=application.currency)
    if not application.own_burden or not {one.about, one.code} & _ABOUT_OBLIGATIONS:
        return said
    own = formatting.format_money(application.own_burden, application.currency)
    ours = _("Of what you pay a month already, %(own)s are for other loans with us.")
    return f"{said} {ours % {'own': own}}"


def _could_change(
    application: Application, decision: Decision, changes: tuple[Change, ...] | None
) -> tuple[str, ...]:
    """Return what would have been approved: by the policy's table, or as amount and term alone."""
    if decision.recourse is not None:
        return recourse_words.suggestions(decision.recourse)
    return tuple(
        sentences.change(one, asked_amount=application.amount, currency=application.currency)
        for one in changes or ()
    )


def _no_change(decision: Decision, changes: tuple[Change, ...] | None) -> str:
    """Return what was looked for and not found; nothing where something was, or nobody looked."""
    if decision.recourse is not None:
        return "" if decision.recourse["suggestions"] else recourse_words.no_change()
    return sentences.no_change() if changes == () else ""


def approval(application: Application, decision: Decision) -> content.Approval:
    """Return what a decision approves, with its working and the applicant's next steps."""
    currency = application.currency
    steps = (
        _("Visit or call our branch %(branch)s and bring this letter and proof of identity.")
        % {"branch": application.branch.name},
        _("Read the key facts of the loan before you sign the agreement."),
    )
    return content.Approval(
        amount=decision.amount,
        currency=currency,
        term_months=decision.term_months,
        annual_rate=decision.annual_rate,
        instalment=instalments.told(application, decision),
        first_steps=(*_acceptance(application, decision), *steps),
        working=_working(application, decision),
    )


def _acceptance(application: Application, decision: Decision) -> tuple[str, ...]:
    """Return until when a counter-offer can be taken up, any other approval signed for."""
    if decision.valid_until is None:
        return ()
    last = local_date(application.branch.entity, decision.valid_until)
    words = {"day": date_format(last, "j F Y")}
    if decision.override_id is not None or decision.is_counter_offer is False:
        sign = _("Sign the loan agreement by %(day)s; this approval lapses after that day.")
        return (sign % words,)
    return (_("Tell us by %(day)s whether you take this offer; it lapses after that day.") % words,)


def _working(application: Application, decision: Decision) -> tuple[str, ...]:
    """Return how rate and instalment come about where they are not the list rate, and not equal."""
    is_even = application.product.schedule == Product.Schedule.EMI
    uneven = _(
        "This loan is not paid back in equal monthly instalments: the instalment named here is what"
        " we reckon with a month. The offer tells what you pay when."
    )
    addon = decision.annual_rate - application.annual_rate
    if not addon:
        return () if is_even else (uneven,)
    words = {
        "listed": formatting.format_percent(application.annual_rate, decimals=2),
        "addon": formatting.format_percent(addon, decimals=2),
        "rate": formatting.format_percent(decision.annual_rate, decimals=2),
        "instalments": feature_words.months(decision.term_months),
    }
    if not is_even:
        dearer = _(
            "The rate of %(rate)s a year is our list rate of %(listed)s and %(addon)s for the risk"
            " we found."
        )
        return (dearer % words, uneven)
    return (
        _(
            "The rate of %(rate)s a year is our list rate of %(listed)s and %(addon)s for the risk"
            " we found; the instalment is the equal monthly payment at this rate over"
            " %(instalments)s."
        )
        % words,
    )
