"""Take in what the applicant answers: by a signed link, or as an officer records it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import names
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.decisions import services as decisions
from apps.decisions.errors import BorrowerBlocked, PapersMissing
from apps.offers import policies, selectors
from apps.offers.errors import (
    BranchMustHelp,
    BringPapers,
    NotAcknowledged,
    NotAcknowledgedByApplicant,
    OtherStatement,
)
from apps.offers.models import Channel, Offer
from apps.offers.services import _ground

BY_OFFICER = (Channel.SIGNED, Channel.COUNTER, Channel.PHONE, Channel.EMAIL)
LONGEST_REFERENCE = 120


@dataclass(frozen=True, kw_only=True)
class Consent:
    """How the applicant agreed, and where that can be looked up; for what an officer records."""

    channel: str
    reference: str
    acknowledged: bool


@transaction.atomic
def accept_by_applicant(
    *, offer: Offer, acknowledged: bool, statement_hash: str, now: datetime
) -> Offer:
    """Accept an offer for the applicant, whose signed link was checked by the caller.

    `statement_hash` is that of the statement the page showed. The same sent again returns the
    offer. Raises NotAcknowledged, OtherStatement, OfferEnded, OfferExpired, OfferOvertaken,
    BringPapers where required papers are missing, and BranchMustHelp where the lender must not lend
    to the person now; then nothing was changed.
    """
    found = _ground.locked(None, offer)
    if found.accepted_via == Channel.LINK and found.status == "accepted":
        return found
    if not acknowledged:
        raise NotAcknowledged
    if statement_hash != found.statement_hash:
        raise OtherStatement
    try:
        _require_acceptable(found, now=now)
    except BorrowerBlocked as reason:
        # Who stands on the block list is not for a page to tell.
        raise BranchMustHelp from reason
    except PapersMissing as reason:
        raise BringPapers(reason.named) from reason
    return _accept(found, None, Channel.LINK, "", now=now)


@transaction.atomic
def accept_by_officer(
    *, actor: User, offer: Offer, consent: Consent, now: datetime, version: str = ""
) -> Offer:
    """Record that the applicant accepted otherwise than by the link, how, and where it is kept.

    Raises NotPermitted, NotVisible, StaleRecord, DomainError beside the fields of the consent,
    NotAcknowledgedByApplicant, OfferEnded, OfferExpired, OfferOvertaken, BorrowerBlocked, and
    PapersMissing where a required paper neither is there nor was waived.
    """
    found = _ground.locked(actor, offer, permission=policies.ANSWER, version=version)
    _require_consent(consent)
    _require_acceptable(found, now=now)
    return _accept(found, actor, consent.channel, consent.reference.strip(), now=now)


@transaction.atomic
def decline(
    *, actor: User | None, offer: Offer, now: datetime, version: str = "", reason: str = ""
) -> Offer:
    """Record that the applicant does not want the offer; without an actor by the signed link.

    The same said again returns the offer. Raises NotPermitted, NotVisible, StaleRecord, OfferEnded
    and OfferExpired.
    """
    found = _ground.locked(actor, offer, permission=policies.ANSWER, version=version)
    if found.status == "declined":
        return found
    _ground.require_open(found, now=now)
    found.move("decline", ended_at=now, ended_by=actor, end_reason=reason.strip()[:300])
    audit.record(actor or names.APPLICANT, "offers.declined", found, case=found.application)
    return found


def _require_acceptable(offer: Offer, *, now: datetime) -> None:
    _ground.require_open(offer, now=now)
    _ground.require_binding(offer, now=now)
    decisions.require_unblocked(offer.application, now=now)
    decisions.require_papers(offer.application, now=now)


def _require_consent(consent: Consent) -> None:
    fields: dict[str, object] = {}
    if consent.channel not in BY_OFFICER:
        fields["channel"] = _("Say how the applicant agreed.")
    reference = consent.reference.strip()
    if not reference or len(reference) > LONGEST_REFERENCE:
        fields["reference"] = _(
            "Say where the consent can be looked up, in at most %(most)d letters."
        ) % {"most": LONGEST_REFERENCE}
    if fields:
        raise DomainError("consent_incomplete", _("The consent is not complete."), fields=fields)
    if not consent.acknowledged:
        raise NotAcknowledgedByApplicant


def _accept(
    offer: Offer, actor: User | None, channel: str, reference: str, *, now: datetime
) -> Offer:
    last = _ground.today(offer.application, now) + timedelta(days=offer.cooling_off_days)
    changes: dict[str, Any] = {
        "accepted_at": now,
        "accepted_via": channel,
        "accepted_by": actor,
        "consent_reference": reference,
        "acknowledged_hash": offer.statement_hash,
        "cooling_off_until": last,
        "link_held_by": selectors.link_holders(offer) if channel == Channel.LINK else [],
    }
    offer.move("accept", **changes)
    audit.record(
        actor or names.APPLICANT,
        "offers.accepted",
        offer,
        case=offer.application,
        channel=channel,
        statement_sha256=offer.statement_hash,
        key_facts_sha256=offer.key_facts_hash,
        cooling_off_until=last.isoformat(),
        link_held_by=[str(key) for key in offer.link_held_by],
    )
    return offer
