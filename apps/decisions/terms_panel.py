"""What the case page shows of terms: the price, what would be approved, and what may be changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.applications import policies as applications
from apps.applications import presentation
from apps.applications import selectors as application_selectors
from apps.applications.models import Application
from apps.decisions import instalments, judging, policies, policy_inputs, services, terms_forms
from apps.decisions.errors import NotBinding
from apps.decisions.models import Decision, Override
from apps.products import presentation as products
from apps.products import pricing

RATIOS = ("dti", "foir", "lti", "ltv")
# How the state of an exception looks, and its words.
_STATES = {
    "asked": ("awaiting_approval", gettext_lazy("Waits for an answer")),
    "authorised": ("approved", gettext_lazy("Authorised")),
    "refused": ("declined", gettext_lazy("Refused")),
    "lapsed": ("expired", gettext_lazy("Lapsed")),
}


@dataclass(frozen=True)
class OfferLine:
    """One row of the recommendation: the largest amount at a term, its price, its burden."""

    amount: Decimal
    term_months: int
    annual_rate: Decimal
    instalment: Decimal
    ratios: tuple[Decimal | None, ...]
    is_asked_term: bool


def price(application: Application, decision: Decision) -> dict[str, Any]:
    """Return rate, instalment and ratios of what was decided, with their working.

    Empty for terms that cannot be priced. `band` is named where the add-on is that of the band; an
    exception pays what a better one pays. `larger` names what the product asks for since, where
    that is more than was judged.
    """
    amount, term = decision.amount, decision.term_months
    try:
        found = application_selectors.affordability(
            judging.at_terms(application, amount, term, decision.annual_rate),
            instalment=instalments.told(application, decision),
        )
        larger = instalments.larger(application, decision, amount=amount, term_months=term)
    except pricing.PricingRefused:
        return {}
    addon = decision.annual_rate - application.annual_rate
    band = decision.trace["band"] if decision.trace else None
    return {
        "listed": application.annual_rate,
        "addon": addon,
        "band": band["name"] if band and Decimal(band["rate_addon"]) == addon else "",
        "rate": decision.annual_rate,
        "instalment": found.instalment,
        "larger": larger if decision.outcome == "approve" else None,
        "judged_by": products.judged_by(application.product, amount),
        "ratios": presentation.ratio_lines(found),
    }


def offers(application: Application, decision: Decision) -> dict[str, Any]:
    """Return the recommendation stored with a decision, as a table; no rows where there is none."""
    lines = [_line(stored, application) for stored in decision.recommendation]
    known = [place for place in range(len(RATIOS)) if any(one.ratios[place] for one in lines)]
    return {
        "offers": [
            (one, [(RATIOS[place].upper(), one.ratios[place]) for place in known])
            for one in sorted(lines, key=lambda one: one.term_months)
        ],
        "offer_ratios": [
            (RATIOS[place].upper(), presentation.RATIOS[RATIOS[place]]) for place in known
        ],
        "needs_person": _needs_person(decision.trace),
    }


def of_application(
    actor: User,
    application: Application,
    decision: Decision | None,
    *,
    now: datetime,
    bound: Any = None,
) -> dict[str, Any]:
    """Return what binds and what the person may do about it; `bound` is a form with errors."""
    return {
        "not_binding": _not_binding(application, decision, now=now),
        "change_form": _change_form(actor, application, decision, bound),
        **_override(actor, application, decision, bound),
    }


def _not_binding(application: Application, decision: Decision | None, *, now: datetime) -> str:
    """Return why an approval binds no more; empty where it does, or where none was given."""
    if decision is None or decision.outcome != "approve":
        return ""
    try:
        services.binding_decision(application, now=now)
    except NotBinding as reason:
        return str(reason)
    return ""


def _change_form(
    actor: User, application: Application, decision: Decision | None, bound: Any
) -> Any:
    if not (applications.may_take(actor) and application.may("reopen")):
        return None
    if isinstance(bound, terms_forms.ChangeForm):
        return bound
    return terms_forms.ChangeForm(
        initial={**_bound(application, decision), "version": application.version}
    )


def _override(
    actor: User, application: Application, decision: Decision | None, bound: Any
) -> dict[str, Any]:
    rows = Override.objects.filter(application=application).select_related(
        "requested_by", "answered_by"
    )
    made = list(rows.order_by("-requested_at"))
    waiting = next((one for one in made if one.status == "asked"), None)
    context: dict[str, Any] = {
        "overrides": [(one, *_STATES[one.status]) for one in made],
        "override": waiting,
    }
    if waiting is not None:
        context["may_answer"] = policies.may_answer(actor, waiting, application)
        context["refusal_form"] = _kept(bound, terms_forms.OverrideRefusalForm)
    elif (
        decision is not None
        and application.status == "declined"
        and actor.has_perm(policies.REQUEST_OVERRIDE)
    ):
        context["override_form"] = _kept(bound, terms_forms.OverrideForm, **_asked(application))
    return context


def _kept(bound: Any, kind: type[Any], **initial: Any) -> Any:
    return bound if isinstance(bound, kind) else kind(initial=initial)


def _asked(application: Application) -> dict[str, Any]:
    return {"amount": application.amount, "term_months": application.term_months}


def _bound(application: Application, decision: Decision | None) -> dict[str, Any]:
    """Return the terms that bind: of a counter-offer what was offered, not what was asked for."""
    if decision is None:
        return _asked(application)
    return {
        "amount": min(application.amount, decision.amount),
        "term_months": min(application.term_months, decision.term_months),
    }


def _line(stored: Mapping[str, Any], application: Application) -> OfferLine:
    found = stored["inputs"]
    return OfferLine(
        amount=Decimal(stored["amount"]),
        term_months=stored["term_months"],
        annual_rate=Decimal(stored["annual_rate"]),
        instalment=Decimal(stored["instalment"]),
        ratios=tuple(None if found[code] is None else Decimal(found[code]) for code in RATIOS),
        is_asked_term=stored["term_months"] == application.term_months,
    )


def _needs_person(trace: Mapping[str, Any]) -> bool:
    """Say whether a rule referred that no amount moves: the offers then hold once it is cleared."""
    if not trace:
        return False
    return any(
        one["outcome"] == "refer" and one["input"] not in policy_inputs.MOVED_BY_REQUEST
        for one in trace["results"]
    )
