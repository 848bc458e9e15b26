"""Make an offer under the decision that binds, with the statement of what it costs."""

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError
from apps.core.money import money
from apps.core.visibility import get_visible
from apps.decisions import automation
from apps.decisions import services as decisions
from apps.decisions.errors import BeyondDecision
from apps.decisions.models import Decision
from apps.letters import services as letters
from apps.offers import contract, demands, gathering, policies, selectors, validity
from apps.offers.errors import CannotOffer, OfferOpen, StatementIncomplete
from apps.offers.key_facts import KeyFacts
from apps.offers.models import Offer
from apps.offers.services import _ground, stating
from apps.products import pricing
from apps.products import selectors as products
from apps.schedules import building, cost, documents
from apps.schedules.refusals import TermsRefused
from apps.schedules.sentences import in_words
from apps.schedules.terms import Schedule

# An offer is not for a payment in some distant year, nor for a loan nobody begins to pay back.
LONGEST_AHEAD_MONTHS = 3
LONGEST_WAIT_MONTHS = 2
_APR_PLACES = Decimal("0.00000001")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be offered: amount, term, the planned day of payment, when instalments begin."""

    principal: Decimal
    term_months: int
    disbursal_on: date
    first_due_on: date | None


@transaction.atomic
def make(
    *,
    actor: User,
    application: Application,
    now: datetime,
    principal: Decimal | None = None,
    term_months: int | None = None,
    disbursal_on: date | None = None,
    first_due_on: date | None = None,
    language: str | None = None,
) -> Offer:
    """Make the offer of an approved application at the decided rate and return it.

    Without more it is what is asked for, or a counter-offer to that, to be paid out today, in the
    applicant's language; never more than was decided. Making it again with the same terms returns
    the offer that is open. Raises NotPermitted, NotVisible, NotBinding where no decision binds,
    BorrowerBlocked, Conflict while automated decisions are stopped for one of a machine,
    BeyondDecision, OfferOpen, CannotOffer where something every offer tells is not on record,
    StatementIncomplete, and DomainError beside a field; then nothing was changed.
    """
    _ground.permit(actor, policies.MAKE)
    get_visible(Application.objects.only("pk"), actor, pk=application.pk)
    found = _ground.lock_application(application.pk)
    today = _ground.today(found, now)
    decision = _binding(found, now=now)
    amount, term = decided_terms(found, decision)
    wanted = Wanted(
        principal=amount if principal is None else principal,
        term_months=term if term_months is None else term_months,
        disbursal_on=disbursal_on or today,
        first_due_on=first_due_on,
    )
    _require_within(found, decision, wanted, today=today)
    tongue = _language(found, language)
    standing = selectors.live(found)
    if standing is not None:
        return _same(standing, decision, wanted, tongue)
    missing = contract.missing(found.product)
    if missing:
        raise CannotOffer(missing)
    offer, facts = _told(found, decision, wanted, language=tongue, today=today)
    offer.language = tongue
    return _write(offer, facts, actor=actor, now=now)


def _told(
    application: Application, decision: Decision, wanted: Wanted, *, language: str, today: date
) -> tuple[Offer, KeyFacts]:
    """Return an offer, not written yet, and its facts. Raises StatementIncomplete."""
    schedule = _schedule(application, decision, wanted)
    facts = gathering.gather(
        application,
        decision,
        schedule,
        number=f"{application.number}-O{selectors.next_sequence(application)}",
        language=language,
        term_months=wanted.term_months,
        offered=today,
        valid_until=_valid_until(application, decision, today),
    )
    _require_paid_over(facts)
    lacking = demands.lacking(facts)
    if lacking:
        raise StatementIncomplete(lacking)
    return _offer(application, decision, facts, schedule), facts


def _require_paid_over(facts: KeyFacts) -> None:
    """Raise DomainError where paying off another loan may leave the borrower with nothing."""
    own = facts.own_loan
    if own is not None and own.most >= facts.net_disbursed:
        sentence = _("Paying off %(number)s may take all that is paid out; offer more.") % {
            "number": own.number
        }
        raise DomainError("nothing_paid_over", sentence, fields={"principal": sentence})


def _binding(application: Application, *, now: datetime) -> Decision:
    decision = decisions.binding_decision(application, now=now)
    decisions.require_unblocked(application, now=now)
    by_machine = decision.kind == Decision.Kind.AUTOMATED
    if by_machine and automation.holding(application.branch.entity_id).exists():
        raise Conflict(
            "automation_stopped",
            _(
                "Automated decisions are stopped and a machine approved this. Have a person decide"
                " it anew, or wait until they start again."
            ),
        )
    return decision


def decided_terms(application: Application, decision: Decision) -> tuple[Decimal, int]:
    """Return amount and term of an offer: as asked for, or a counter-offer to that."""
    if decisions.gives_what_is_asked(decision, application):
        return application.amount, application.term_months
    return min(application.amount, decision.amount), decision.term_months


def _require_within(
    application: Application, decision: Decision, wanted: Wanted, *, today: date
) -> None:
    currency = application.currency
    try:
        is_within = wanted.principal <= application.amount and decisions.is_within(
            decision,
            amount=wanted.principal,
            term_months=wanted.term_months,
            currency=currency,
            repaid=products.repaid(application.product),
        )
    except pricing.PricingRefused as refusal:
        raise BeyondDecision("not_priceable", _("This is no amount or no term.")) from refusal
    if not is_within or wanted.principal != money(wanted.principal, currency):
        raise BeyondDecision(
            "beyond_decision",
            _("This is more than was decided; change the request to have it decided anew."),
        )
    decisions.require_judged(
        application, decision, amount=wanted.principal, term_months=wanted.term_months
    )
    _require_day(application, decision, wanted.disbursal_on, today=today)


def _require_day(application: Application, decision: Decision, day: date, *, today: date) -> None:
    ends = _approval_ends(application, decision)
    latest = dates.add_months(today, LONGEST_AHEAD_MONTHS) if ends is None else ends
    if not today <= day <= latest:
        sentence = _("The money is paid out between %(first)s and %(last)s.") % {
            "first": date_format(today),
            "last": date_format(latest),
        }
        raise DomainError("day_refused", sentence, fields={"disbursal_on": sentence})


def _language(application: Application, language: str | None) -> str:
    chosen = language or application.customer.language
    if chosen not in dict(settings.LANGUAGES):
        sentence = _("There is no statement in this language.")
        raise DomainError("language_unknown", sentence, fields={"language": sentence})
    return chosen


def _same(standing: Offer, decision: Decision, wanted: Wanted, language: str) -> Offer:
    """Return the offer that is open where it offers the same; raise OfferOpen otherwise."""
    terms = documents.from_document(standing.terms)
    is_same = (
        standing.is_open
        and standing.decision_id == decision.pk
        and standing.language == language
        and (terms.principal, standing.term_months, terms.disbursed_on, terms.first_due_on)
        == (wanted.principal, wanted.term_months, wanted.disbursal_on, wanted.first_due_on)
    )
    if not is_same:
        raise OfferOpen(standing.number)
    return standing


def _schedule(application: Application, decision: Decision, wanted: Wanted) -> Schedule:
    conditions = application.product.conditions
    count = contract.instalments(wanted.term_months, conditions.frequency)
    if count is None:
        sentence = _("This term does not divide into the instalments of the product.")
        raise DomainError("term_refused", sentence, fields={"term_months": sentence})
    terms = contract.terms(
        application.product,
        principal=wanted.principal,
        annual_rate=decision.annual_rate,
        count=count,
        disbursed_on=wanted.disbursal_on,
        first_due_on=wanted.first_due_on,
    )
    try:
        schedule = building.build(terms)
        usual = building.build(dataclasses.replace(terms, first_due_on=None)).rows[0].due_on
    except TermsRefused as refusal:
        raise in_words(refusal) from refusal
    latest = dates.add_months(usual, LONGEST_WAIT_MONTHS)
    if schedule.rows[0].due_on > latest:
        sentence = _("The first instalment is due on %(day)s at the latest.") % {
            "day": date_format(latest)
        }
        raise DomainError("day_refused", sentence, fields={"first_due_on": sentence})
    return schedule


def _valid_until(application: Application, decision: Decision, today: date) -> date:
    product = application.product
    try:
        last = validity.last_day(
            today,
            product.conditions.offer_working_days,
            contract.calendar(product.entity, product.conditions),
        )
    except validity.CalendarUnknown as unknown:
        sentence = _("the lender's holidays of %(year)d are not on record")
        raise CannotOffer([sentence % {"year": unknown.year}]) from unknown
    ends = _approval_ends(application, decision)
    if ends is not None and ends < last:
        sentence = _("the approval ends on %(day)s, before the offer would (%(last)s)")
        raise CannotOffer([sentence % {"day": date_format(ends), "last": date_format(last)}])
    return last


def _approval_ends(application: Application, decision: Decision) -> date | None:
    """Return the last day of the approval; None where a counter-offer was taken up in its time."""
    if decision.valid_until is None or decisions.is_taken_up(application, decision):
        return None
    return dates.local_date(decision.valid_until, application.branch.entity.time_zone)


def _offer(
    application: Application, decision: Decision, facts: KeyFacts, schedule: Schedule
) -> Offer:
    """Return the offer that states these facts, not written yet."""
    stated = facts.to_dict()
    return Offer(
        application=application,
        decision=decision,
        sequence=selectors.next_sequence(application),
        number=facts.number,
        principal=facts.principal,
        currency=facts.currency,
        annual_rate=facts.annual_rate,
        term_months=facts.term_months,
        instalments=facts.instalments,
        instalment=facts.instalment,
        disbursal_date=facts.disbursal_date,
        first_due_date=schedule.rows[0].due_on,
        net_disbursed=facts.net_disbursed,
        total_payable=facts.total_payable,
        apr=cost.apr(schedule).quantize(_APR_PLACES),
        terms=documents.to_document(schedule.terms),
        key_facts=stated,
        key_facts_hash=letters.facts_hash(stated),
        offered_date=facts.offered_date,
        valid_until=facts.valid_until,
        cooling_off_days=facts.cooling_off_days,
    )


def _write(offer: Offer, facts: KeyFacts, *, actor: User, now: datetime) -> Offer:
    """Write the offer with its frozen statement, and its event."""
    offer.offered_by, offer.offered_at = actor, now
    with translation.override(offer.language):
        offer.letter = stating.state(actor, offer, facts, now=now)
    offer.statement_hash = offer.letter.pdf_sha256
    _save(offer)
    audit.record(
        actor,
        "offers.made",
        offer,
        case=offer.application,
        decision=str(offer.decision_id),
        principal=str(offer.principal),
        term_months=offer.term_months,
        annual_rate=str(offer.annual_rate),
        apr=str(offer.apr),
        valid_until=offer.valid_until.isoformat(),
        key_facts_sha256=offer.key_facts_hash,
        statement_sha256=offer.statement_hash,
    )
    return offer


def _save(offer: Offer) -> None:
    try:
        with transaction.atomic():
            offer.save(force_insert=True)
    except IntegrityError as refusal:
        # The database has the last word, for whatever the comparison above did not see.
        raise BeyondDecision(
            "beyond_decision", _("The database refuses an offer that no decision allows.")
        ) from refusal
