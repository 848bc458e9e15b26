"""Offers at the demonstration's lender: one waits for its answer, one was accepted on paper."""

from datetime import datetime

from apps.applications.models import Application
from apps.decisions import services as decisions
from apps.decisions.errors import NotBinding
from apps.demo import people
from apps.offers import services
from apps.offers.models import Offer

_CONSENT = services.Consent(
    channel="signed", reference="Offer folder 2026, page 1", acknowledged=True
)


def write(*, now: datetime) -> list[str]:
    """Offer what was approved to two applicants, one of whom accepts; return what, in words.

    Nothing where it was done before, or where nothing approved is waiting for an offer.
    """
    if Offer.objects.exists():
        return []
    officer, done = people.of_role("loan_officer", "pune"), list[str]()
    for application in _approved(now):
        offer = services.make(actor=officer, application=application, now=now)
        if done:
            services.accept_by_officer(actor=officer, offer=offer, consent=_CONSENT, now=now)
        done.append(f"offer {offer} accepted" if done else f"offer {offer} waits for its answer")
    return done


def _approved(now: datetime) -> list[Application]:
    """Return two applications of Pune whose approval is unused and holds long enough."""
    rows = Application.objects.filter(
        status="approved", branch__code="pune", product__secured=False, loan=None
    ).exclude(decisions=None)
    fit = (one for one in rows.order_by("-number")[:20] if _binds(one, now))
    return [one for one, _place in zip(fit, range(2), strict=False)]


def _binds(application: Application, now: datetime) -> bool:
    try:
        found = decisions.binding_decision(application, now=now)
    except NotBinding:
        return False
    return found.valid_until is None or (found.valid_until - now).days > 14
