"""Make links to an applicant's own pages, revoke them, and note that they were opened."""

import uuid
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import names
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import DomainError, NotPermitted
from apps.core.keyring import keyring
from apps.core.visibility import get_visible
from apps.letters import hooks
from apps.letters.models import Letter
from apps.offers import selectors as offers
from apps.offers.lifecycle import AGREED
from apps.portal import selectors, tokens
from apps.portal.models import Revocation
from apps.portal.selectors import Visit

ISSUE = "portal.issue_link"
HOLDS_FOR = timedelta(days=30)
_CASE = "applications.application"


@transaction.atomic
def issue_link(*, actor: User, application: Application, purpose: str, now: datetime) -> str:
    """Return the path of a new link that holds for thirty days, and note who made it.

    Raises NotPermitted, NotVisible, DomainError for an unknown purpose, and for one that answers an
    offer where the applicant gets it by e-mail: then nobody else needs to hold it.
    """
    found = _seen(actor, application)
    if purpose not in tokens.PURPOSES:
        sentence = _("Choose what the link is for.")
        raise DomainError("unknown_purpose", sentence, fields={"purpose": sentence})
    if purpose == tokens.OFFER and _goes_by_mail(found):
        sentence = _(
            "The applicant gets this link by e-mail, with the statement of the offer. Send the"
            " statement again if it was lost."
        )
        raise DomainError("goes_by_mail", sentence, fields={"purpose": sentence})
    expires_at = now + HOLDS_FOR
    link = tokens.Link(purpose, found.pk, expires_at, selectors.series(found))
    audit.record(
        actor,
        "portal.link_issued",
        found,
        case=found,
        purpose=purpose,
        expires=expires_at.isoformat(),
    )
    return path(link)


@transaction.atomic
def revoke_links(*, actor: User, application: Application, now: datetime) -> Revocation:
    """End every link to the application's own pages, those in letters too. Raises as above."""
    _seen(actor, application)
    found = Application.objects.select_for_update(of=("self",), no_key=True).get(pk=application.pk)
    made = Revocation.objects.create(
        application=found,
        series=selectors.series(found),
        revoked_at=now,
        revoked_by=actor,
    )
    audit.record(actor, "portal.links_revoked", found, case=found, series=made.series)
    return made


def review_link(*, subject: str, case: str, until: date) -> str:  # noqa: ARG001 - the shape of the hook
    """Return the address a letter carries to ask for a review until the end of a day.

    Empty where the public address is not set, and for cases that are no application.
    """
    label, _colon, key = case.partition(":")
    if not settings.PUBLIC_ADDRESS or label != _CASE:
        return ""
    application = Application.objects.select_related("branch__entity").get(pk=uuid.UUID(key))
    last = dates.last_moment(until, application.branch.entity.time_zone)
    link = tokens.Link(tokens.APPEAL, application.pk, last, selectors.series(application))
    return absolute(path(link))


def offer_link(application_id: uuid.UUID, until: date) -> str:
    """Return the address at which an applicant answers an offer until the end of a day.

    Empty where the public address is not set.
    """
    if not settings.PUBLIC_ADDRESS:
        return ""
    application = Application.objects.select_related("branch__entity").get(pk=application_id)
    last = dates.last_moment(until, application.branch.entity.time_zone)
    link = tokens.Link(tokens.OFFER, application.pk, last, selectors.series(application))
    return absolute(path(link))


def loan_link(application_id: uuid.UUID, until: date) -> str:
    """Return the address of the borrower's page of a loan, which holds until the end of a day.

    Empty where the public address is not set.
    """
    if not settings.PUBLIC_ADDRESS:
        return ""
    application = Application.objects.select_related("branch__entity").get(pk=application_id)
    last = dates.last_moment(until, application.branch.entity.time_zone)
    link = tokens.Link(tokens.LETTER, application.pk, last, selectors.series(application))
    return absolute(reverse("portal:loan", args=[tokens.write(link, keyring())]))


def stop_link(token: str) -> str:
    """Return the address that ends reminders. Empty where the public address is not set."""
    if not settings.PUBLIC_ADDRESS:
        return ""
    return absolute(reverse("portal:reminders", args=[token]))


def path(link: tokens.Link) -> str:
    """Return the path a link opens."""
    return reverse("portal:status", args=[tokens.write(link, keyring())])


def absolute(where: str) -> str:
    """Return the public address of a path."""
    return settings.PUBLIC_ADDRESS.rstrip("/") + where


@transaction.atomic
def note_opened(visit: Visit, *, page: str) -> None:
    """Note that an applicant opened a page by a link."""
    audit.record(
        names.APPLICANT,
        "portal.opened",
        visit.application,
        case=visit.application,
        page=page,
        purpose=visit.link.purpose,
    )


@transaction.atomic
def note_letter(visit: Visit, letter: Letter, *, form: str) -> None:
    """Note that an applicant opened a letter, as `page` or `pdf`."""
    audit.record(names.APPLICANT, "portal.letter_opened", letter, case=visit.application, form=form)


def _seen(actor: User, application: Application) -> Application:
    if not actor.has_perm(ISSUE):
        raise NotPermitted("not_permitted", _("Your role does not make links for applicants."))
    return get_visible(Application.objects.only("pk"), actor, pk=application.pk)


def _goes_by_mail(application: Application) -> bool:
    """Say whether the statement takes the link to the applicant, and no loan was agreed to yet.

    Whoever has agreed may step back for longer than the statement's link holds.
    """
    newest = offers.latest(application)
    if newest is not None and newest.status in AGREED:
        return False
    if not settings.PUBLIC_ADDRESS or not settings.LETTERS_BY_EMAIL:
        return False
    return not hooks.recipient(audit.reference(application)).obstacle
