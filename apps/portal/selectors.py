"""What the applicant's own pages show: the application, its letters, its reasons."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import crypto
from apps.core.keyring import keyring
from apps.customers.models import Customer
from apps.decisions import selectors as decisions
from apps.decisions import sentences
from apps.decisions.models import Decision
from apps.letters.models import Letter
from apps.portal import tokens
from apps.portal.models import Revocation
from apps.repayments import stop_links


@dataclass(frozen=True)
class Visit:
    """A link that holds, and the application it opens."""

    link: tokens.Link
    application: Application


def visit(token: str, *, purpose: str, now: datetime) -> Visit | None:
    """Return what a link opens for a purpose; None for whatever is wrong with it."""
    try:
        link = tokens.read(token, keyring())
    except tokens.NotOurs:
        return None
    if not link.may(purpose) or link.expires_at <= now:
        return None
    application = _applications().filter(pk=link.application).first()
    if application is None or series(application) != link.series:
        return None
    return Visit(link, application)


def reminded(token: str) -> Customer | None:
    """Return whose reminders a link ends; None for whatever is wrong with it. It never expires."""
    try:
        key = stop_links.read(token, keyring())
    except stop_links.NotOurs:
        return None
    return Customer.objects.select_related("entity").filter(pk=key).first()


def series(application: Application) -> int:
    """Return the series that holds: how often the links were revoked before."""
    return Revocation.objects.filter(application=application).count()


def letters(application: Application) -> QuerySet[Letter]:
    """Return the letters that were set, the newest first, without their contents."""
    rows = Letter.objects.filter(
        case=audit.reference(application), rendered_at__isnull=False
    ).defer("facts", "html", "pdf")
    return rows.order_by("-issued_at", "-pk")


def letter(application: Application, pk: uuid.UUID) -> Letter | None:
    """Return one letter of the application, with its contents, or None."""
    rows = Letter.objects.filter(
        case=audit.reference(application), rendered_at__isnull=False, pk=pk
    )
    return rows.select_related("branch__entity").first()


def outcome(application: Application) -> Decision | None:
    """Return the latest decision where it is one for the applicant to know, or None."""
    if application.status not in ("approved", "declined", "lapsed"):
        return None
    found = decisions.latest(application)
    return None if found is None or found.outcome == "refer" else found


def explanation(application: Application, decision: Decision) -> dict[str, Any]:
    """Return the reasons in plain words, and what would have changed the outcome, as its letter."""
    if decision.outcome != "decline":
        return {}
    return {
        "reasons": sentences.reasons(decision.reasons, currency=application.currency),
        "could_change": _could_change(decision),
        "by_machine": decision.kind == Decision.Kind.AUTOMATED,
    }


def what_now(status: str) -> tuple[str, str]:
    """Return how an application stands, said to its applicant: a few words, and a sentence."""
    words = {
        "draft": (_("Being prepared"), _("Your application is being prepared at the branch.")),
        "submitted": (_("Received"), _("We have your application and are looking at it.")),
        "scored": (_("Received"), _("We have your application and are looking at it.")),
        "in_review": (_("In review"), _("A person is looking at your application.")),
        "approved": (_("Approved"), _("Read your letter for the terms and what to do next.")),
        "declined": (_("Declined"), _("Below are the reasons, and what you can do.")),
        "withdrawn": (_("Withdrawn"), _("This application was withdrawn.")),
        "lapsed": (
            _("Offer lapsed"),
            _("The offer was not taken up in time. You may apply again."),
        ),
        "historic": (_("Closed"), _("This application is closed.")),
    }
    return words[status]


def _applications() -> QuerySet[Application]:
    return Application.objects.select_related(
        "customer", "product", "branch__entity", "employment", "bureau_report"
    )


def _could_change(decision: Decision) -> list[str]:
    """Return the sentences that the letter about the decision gave, in its language.

    The one that says that nothing was found stands alone.
    """
    if decision.letter_id is None:
        return []
    stored = Letter.objects.only("facts").get(pk=decision.letter_id)
    try:
        told: Any = stored.facts or {}
    except crypto.CannotOpen:
        return []
    nothing = told.get("no_change", "")
    return list(told.get("could_change", ())) or ([nothing] if nothing else [])
