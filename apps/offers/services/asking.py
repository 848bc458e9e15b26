"""Note that a borrower asked to step back while it cannot be done: the day that was asked counts.

A payment may be with the bank, which is silent past the last cooling-off day. What the borrower
said in time holds; the exit is completed when it is known what became of the payment.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import names
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError
from apps.offers import policies
from apps.offers.errors import BranchMustHelp, OfferEnded
from apps.offers.models import Channel, Offer
from apps.offers.services import _ground, taking
from apps.offers.services.accepting import BY_OFFICER, LONGEST_REFERENCE


@dataclass(frozen=True, kw_only=True)
class Asked:
    """On which day the borrower asked to step back, how, and where that can be looked up."""

    day: date
    channel: str
    reference: str


@transaction.atomic
def note_exit_asked(
    *, actor: User, offer: Offer, asked: Asked, now: datetime, version: str = ""
) -> Offer:
    """Note that the borrower asked to step back within the cooling-off time; return the offer.

    Nothing more is paid out from then on, and `exit` completes it on any day, at what it cost on
    the day that was asked. The same said again returns the offer. Raises NotPermitted, NotVisible,
    StaleRecord, OfferEnded where nothing was agreed, CoolingOffOver for a day after the last,
    Conflict where another day or way is on record, DomainError beside a field.
    """
    found = _ground.locked(actor, offer, permission=policies.ANSWER, version=version)
    if found.exit_asked_date is not None:
        return _same(found, asked, on=found.exit_asked_date)
    _require_told(asked)
    _require_day(found, asked.day, now=now)
    return _noted(found, actor, asked, now=now)


@transaction.atomic
def step_back_by_link(*, offer: Offer, now: datetime) -> Offer:
    """Let the borrower step back by a signed link, or note that it was asked; return the offer.

    It is noted where a payment is with the bank; the branch completes it. Raises what `exit`
    raises.
    """
    try:
        with transaction.atomic():
            return taking.exit(actor=None, offer=offer, now=now)
    except BranchMustHelp:
        found = _ground.locked(None, offer)
        if found.exit_asked_date is not None:
            return found
        day = _ground.today(found.application, now)
        _require_day(found, day, now=now)
        asked = Asked(day=day, channel=Channel.LINK, reference="")
        return _noted(found, None, asked, now=now)


def _same(offer: Offer, asked: Asked, *, on: date) -> Offer:
    noted = (on, offer.exit_asked_via, offer.exit_asked_reference)
    if noted == (asked.day, asked.channel, asked.reference.strip()):
        return offer
    raise Conflict(
        "exit_asked",
        _("It is on record that the borrower asked to step back on %(day)s.")
        % {"day": date_format(on, "DATE_FORMAT")},
    )


def _require_told(asked: Asked) -> None:
    fields: dict[str, object] = {}
    if asked.channel not in BY_OFFICER:
        fields["channel"] = _("Say how the borrower asked.")
    reference = asked.reference.strip()
    if not reference or len(reference) > LONGEST_REFERENCE:
        fields["reference"] = _("Say where it can be looked up, in at most %(most)d letters.") % {
            "most": LONGEST_REFERENCE
        }
    if fields:
        raise DomainError("asked_incomplete", _("Something is missing."), fields=fields)


def _require_day(offer: Offer, day: date, *, now: datetime) -> None:
    if not offer.may("exit") or offer.accepted_at is None:
        raise OfferEnded(_("Only what was agreed can be stepped back from."))
    today = _ground.today(offer.application, now)
    accepted = dates.local_date(offer.accepted_at, offer.application.branch.entity.time_zone)
    refusal = ""
    if day > today:
        refusal = _("This day is still to come.")
    elif day < accepted:
        refusal = _("Only what was agreed can be stepped back from.")
    elif day < today - policies.ASKED_NOTED_WITHIN:
        refusal = _("It is noted within %(days)d days after it was asked.") % {
            "days": policies.ASKED_NOTED_WITHIN.days
        }
    if refusal:
        raise DomainError("day_refused", refusal, fields={"day": refusal})
    if not policies.within_cooling_off(offer, day):
        raise taking.cooling_off_over(offer)


def _noted(offer: Offer, actor: User | None, asked: Asked, *, now: datetime) -> Offer:
    changes = {
        "exit_asked_date": asked.day,
        "exit_asked_via": asked.channel,
        "exit_asked_by": actor,
        "exit_asked_at": now,
        "exit_asked_reference": asked.reference.strip(),
        "updated_at": now,
    }
    # Without the row's own history: where it is kept stays with the offer.
    Offer.objects.filter(pk=offer.pk).update(**changes)
    offer.refresh_from_db(fields=list(changes))
    audit.record(
        actor or names.APPLICANT,
        "offers.exit_asked",
        offer,
        case=offer.application,
        day=asked.day.isoformat(),
        channel=asked.channel,
    )
    return offer
