"""What can be asked about offers: which counts, the worklist, and those that have to end."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.audit.models import Event
from apps.core import crypto
from apps.decisions.models import Decision
from apps.letters.models import Letter
from apps.offers.lifecycle import LIVE
from apps.offers.models import Offer

ORDER = ("valid_until", "id")
NEWEST = ("-offered_at", "id")
SHOWN = ("open", "soon", "accepted", "ended", "all")
# An offer is about to expire when so few days are left, the last one counted.
SOON_DAYS = 2
# The widest clocks are a day apart; under the lock the lender's own calendar decides.
_A_DAY = timedelta(days=1)
_A_PERSON = "accounts.user:"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which offers to list; empty means those that wait for an answer."""

    show: str = "open"
    branch: str = ""
    product: str = ""


def accepted(application: Application) -> Offer | None:
    """Return the offer that was accepted and not yet lent under, or None."""
    return Offer.objects.filter(application=application, status="accepted").first()


def live(application: Application) -> Offer | None:
    """Return the offer of an application that still counts, or None."""
    return Offer.objects.filter(application=application, status__in=LIVE).first()


def latest(application: Application) -> Offer | None:
    """Return the newest offer of an application, whatever became of it, or None."""
    return of_application(application).first()


def of_application(application: Application) -> QuerySet[Offer]:
    """Return the offers of an application, the newest first."""
    rows = Offer.objects.filter(application=application).select_related("offered_by")
    return rows.defer("terms", "key_facts").order_by("-sequence")


def detailed() -> QuerySet[Offer]:
    """Return offers with everything their page shows."""
    return Offer.objects.select_related(
        "application__product",
        "application__customer",
        "application__branch__entity",
        "decision",
        "offered_by",
        "accepted_by",
        "exit_asked_by",
        "ended_by",
        "letter",
    ).defer("letter__html", "letter__pdf", "letter__facts")


def link_holders(offer: Offer) -> list[uuid.UUID]:
    """Return the people of the lender who could answer the offer in the applicant's stead, by key.

    They made a link that opens the answering of this application's offers, or took the PDF of a
    statement with one. Revoked and expired links count, too.
    """
    made = Q(verb="portal.link_issued", facts__purpose="offer")
    if _has_link(offer.letter_id):
        letter = audit.reference(Letter(pk=offer.letter_id))
        made |= Q(verb="letters.opened", subject=letter, facts__form="pdf")
    rows = Event.objects.filter(
        made, case=audit.reference(offer.application), actor__startswith=_A_PERSON
    )
    actors = rows.values_list("actor", flat=True).distinct()
    return sorted(uuid.UUID(one.removeprefix(_A_PERSON)) for one in actors)


def holders_named(offer: Offer) -> str:
    """Return the names of who held a link by which the offer may have been accepted, or nothing."""
    people = User.objects.filter(pk__in=offer.link_held_by).order_by("name", "pk")
    return ", ".join(one.name for one in people)


def worklist(actor: User, filters: Filters, *, today: date) -> QuerySet[Offer]:
    """Return the offers a person may see, ready to be listed; the caller orders them."""
    rows = Offer.objects.visible_to(actor).select_related(
        "application__product", "application__branch", "application__customer"
    )
    soon = today + timedelta(days=SOON_DAYS - 1)
    kept = {
        "open": Q(status="offered"),
        "soon": Q(status="offered", valid_until__lte=soon),
        "accepted": Q(status="accepted"),
        "ended": ~Q(status__in=("offered", "accepted")),
        "all": Q(),
    }
    rows = rows.filter(kept.get(filters.show, kept["open"]))
    if filters.branch:
        rows = rows.filter(application__branch__code=filters.branch)
    if filters.product:
        rows = rows.filter(application__product__code=filters.product)
    return rows.defer("terms", "key_facts")


def counts(actor: User, *, today: date) -> dict[str, int]:
    """Return how many offers wait for an answer, expire soon, and wait for the loan."""
    rows = Offer.objects.visible_to(actor)
    waiting = rows.filter(status="offered")
    soon = today + timedelta(days=SOON_DAYS - 1)
    return {
        "open": waiting.count(),
        "soon": waiting.filter(valid_until__lte=soon).count(),
        "accepted": rows.filter(status="accepted").count(),
    }


def choices(actor: User) -> dict[str, list[tuple[str, str]]]:
    """Return the branches and products among the offers a person may see."""
    rows = Offer.objects.visible_to(actor).order_by().distinct()
    branches = rows.values_list("application__branch__code", "application__branch__name")
    products = rows.values_list("application__product__code", "application__product__name")
    return {"branches": sorted(set(branches)), "products": sorted(set(products))}


def due(now: datetime) -> list[uuid.UUID]:
    """Return the offers that may have to end: past their day, or their decision binds no more."""
    later = Decision.objects.filter(
        application=OuterRef("application"), number__gt=OuterRef("decision__number")
    )
    past: Any = Q(status="offered", valid_until__lt=(now + _A_DAY).date())
    unbound = (
        Q(decision__valid_until__lt=now)
        | ~Q(application__status="approved")
        | Q(application__submitted_at__gt=F("decision__decided_at"))
        | Exists(later)
    )
    waiting = Offer.objects.filter(status__in=("offered", "accepted"))
    rows = waiting.filter(past | unbound).order_by("valid_until", "pk")
    return list(rows.values_list("pk", flat=True))


def next_sequence(application: Application) -> int:
    """Return the number of the next offer of an application."""
    last = Offer.objects.filter(application=application).order_by("-sequence").first()
    return 1 if last is None else last.sequence + 1


def _has_link(letter_id: uuid.UUID) -> bool:
    """Say whether a statement carries an address to answer at; one that cannot be read may."""
    try:
        stated: Any = Letter.objects.only("facts").get(pk=letter_id).facts
    except crypto.CannotOpen:
        return True
    return bool(stated.get("link"))
