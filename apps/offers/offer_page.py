"""What the page of one offer shows, the panel of its application, and the form that makes one."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import DomainError
from apps.decisions import services as decisions
from apps.decisions.errors import NotBinding
from apps.decisions.models import Decision
from apps.offers import contract, forms, obstacles, policies, presentation, selectors, services
from apps.offers.cooling_off import ExitQuote
from apps.offers.lifecycle import LIVE
from apps.offers.models import Offer


def context(actor: User, offer: Offer, *, now: datetime, bound: Any = None) -> dict[str, Any]:
    """Return everything the page shows; `bound` is a form with errors."""
    application = offer.application
    today = _today(application, now)
    may_answer = policies.may_answer(actor, offer, today=today)
    stands = _stands(offer, now=now)
    initial = {"version": offer.version}
    lacking = _lacking(actor, offer, now=now) if stands else {}

    def form(kind: type[forms.Versioned]) -> forms.Versioned:
        return bound if isinstance(bound, kind) else kind(initial=initial)

    found: dict[str, Any] = {
        **presentation.row(offer, today),
        "application": application,
        "facts": offer.key_facts,
        "apr": presentation.apr(offer),
        **presentation.repaid(offer),
        "audit_subject": audit.reference(application),
        "is_overtaken": offer.status in ("offered", "accepted") and not stands,
        "may_exit": policies.may_exit(actor, offer, today=today),
        "exit_until": presentation.exit_until(offer, application.branch.entity.time_zone),
        **_quoted(offer, today),
        "link_holders": selectors.holders_named(offer),
        "to_hand_over": offer.is_open and not _is_sent(offer),
        **lacking,
    }
    if may_answer and stands and not lacking.get("papers_lacking"):
        found["accept_form"] = form(forms.AcceptForm)
    if may_answer:
        found["may_decline"] = True
    if policies.may_note_asked(actor, offer, today=today):
        found["asked_form"] = form(forms.AskedForm)
    if policies.may_withdraw(actor, offer) and today <= offer.valid_until:
        found["withdraw_form"] = form(forms.ReasonForm)
    return found


def panel(actor: User, application: Application, *, now: datetime) -> dict[str, Any]:
    """Return what the application's page shows of its offers, and why none can be made."""
    today = _today(application, now)
    rows = list(selectors.of_application(application))
    decision = _binding(application, now=now)
    live = next((one for one in rows if one.status in LIVE), None)
    may_make = actor.has_perm(policies.MAKE) and decision is not None and live is None
    lacking = {}
    if decision is not None and (live is None or live.status != "taken_up"):
        lacking = lacking_of(actor, application, now=now, amount=live.principal if live else None)
    return {
        **lacking,
        "application": application,
        "rows": [presentation.row(one, today) for one in rows],
        "may_make": may_make,
        "missing": contract.missing(application.product) if may_make else [],
        "decided": may_make and decision and services.decided_terms(application, decision),
        "decision": decision,
    }


def lacking_of(
    actor: User, application: Application, *, now: datetime, amount: Decimal | None = None
) -> dict[str, Any]:
    """Return what is missing before the offer is accepted, and before money is paid out."""
    security = obstacles.security_of(actor, application, now=now, amount=amount)
    return {
        "papers_lacking": obstacles.papers_of(actor, application, now=now),
        "security_lacking": security,
    }


def make_form(application: Application, *, now: datetime) -> forms.MakeForm:
    """Return the form of an offer, filled in from the decision. Raises NotBinding."""
    decision = decisions.binding_decision(application, now=now)
    principal, term_months = services.decided_terms(application, decision)
    return forms.MakeForm(
        initial={
            "principal": principal,
            "term_months": term_months,
            "disbursal_on": _today(application, now),
            "language": application.customer.language,
        }
    )


def _lacking(actor: User, offer: Offer, *, now: datetime) -> dict[str, Any]:
    if offer.status not in ("offered", "accepted"):
        return {}
    return lacking_of(actor, offer.application, now=now, amount=offer.principal)


def _is_sent(offer: Offer) -> bool:
    return offer.letter.deliveries.filter(status="sent").exists()


def _today(application: Application, now: datetime) -> date:
    return dates.local_date(now, application.branch.entity.time_zone)


def _binding(application: Application, *, now: datetime) -> Decision | None:
    try:
        return decisions.binding_decision(application, now=now)
    except NotBinding:
        return None


def _stands(offer: Offer, *, now: datetime) -> bool:
    decision = _binding(offer.application, now=now)
    return decision is not None and decision.pk == offer.decision_id


def _quoted(offer: Offer, today: date) -> dict[str, Any]:
    """Return what stepping back costs, and what was told of it where a payment came back since."""
    quote, told = _quote(offer, today), None
    if offer.exit_quote is not None:
        told = ExitQuote.from_json(offer.exit_quote)
    return {
        "quote": quote,
        "quote_rest": 0 if quote is None else offer.principal - quote.principal,
        "told_before": None if told == quote else told,
    }


def _quote(offer: Offer, today: date) -> ExitQuote | None:
    """Return what stepping back costs on this day; once it was done, what is owed for it."""
    try:
        if offer.exit_quote is not None:
            return services.exit_owed(offer)
        if offer.status == "taken_up" and policies.is_in_time(offer, today):
            return services.exit_quote(offer, on=today)
    except DomainError:
        return None
    return None
