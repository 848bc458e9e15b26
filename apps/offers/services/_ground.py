"""What every action on an offer begins with: seen, permitted, locked, as it was last seen."""

import uuid
from collections.abc import Callable
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import dates
from apps.core.errors import NotPermitted, StaleRecord
from apps.core.visibility import get_visible
from apps.decisions import services as decisions
from apps.decisions.errors import NotBinding
from apps.offers.errors import OfferEnded, OfferExpired, OfferOvertaken
from apps.offers.models import Offer


def permit(actor: User, permission: str) -> None:
    """Raise NotPermitted without the permission."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this with offers."))


def lock_application(application_id: uuid.UUID) -> Application:
    """Return the application with all an offer tells of, locked until the transaction ends.

    It is locked before anything of its offers, so that two actions cannot wait for each other.
    """
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related(
        "product", "customer__address", "customer__entity", "branch__entity"
    )
    return rows.get(pk=application_id)


def locked(
    actor: User | None,
    offer: Offer,
    *,
    permission: str = "",
    version: str = "",
    between: Callable[[Offer], None] | None = None,
) -> Offer:
    """Return an offer, locked, its application before it.

    Without an actor the applicant acts by a signed link, and what may be seen was checked there.
    `between` is called with the offer as it was seen, after the application was locked and before
    the offer is. Raises NotPermitted, NotVisible, and StaleRecord when it changed since `version`.
    """
    if actor is not None:
        permit(actor, permission)
        get_visible(Offer.objects.only("pk"), actor, pk=offer.pk)
    seen = Offer.objects.only("application", "status").get(pk=offer.pk)
    application = lock_application(seen.application_id)
    if between is not None:
        between(seen)
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("decision")
    found = rows.get(pk=offer.pk)
    if version and version != found.version:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
    found.application = application
    found.decision.application = application
    return found


def today(application: Application, now: datetime) -> date:
    """Return the day it is in the lender's calendar."""
    return dates.local_date(now, application.branch.entity.time_zone)


def require_open(offer: Offer, *, now: datetime) -> None:
    """Raise OfferEnded for what was answered or has ended, OfferExpired after the last day."""
    if not offer.is_open:
        raise OfferEnded(_ended(offer))
    if today(offer.application, now) > offer.valid_until:
        raise OfferExpired(date_format(offer.valid_until, "DATE_FORMAT"))


def require_binding(offer: Offer, *, now: datetime) -> None:
    """Raise OfferOvertaken where the decision under the offer is not the one that binds."""
    try:
        decision = decisions.binding_decision(offer.application, now=now)
    except NotBinding as reason:
        raise OfferOvertaken from reason
    if decision.pk != offer.decision_id:
        raise OfferOvertaken


def _ended(offer: Offer) -> str:
    sentences = {
        "accepted": _("This offer was accepted already."),
        "taken_up": _("This offer was accepted already."),
        "declined": _("This offer was declined."),
        "withdrawn": _("This offer was withdrawn."),
        "expired": _("This offer has expired."),
        "superseded": _(
            "What was decided has changed since, so this offer does not stand any more."
        ),
        "exited": _("The borrower has stepped back from this offer."),
    }
    return sentences[offer.status]
