"""Take money over the counter whose loan is not known yet: it waits in suspense to be placed.

Each is the one line of a file of its own layout, so that it is placed on a loan or returned as any
other money that waits.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core.errors import NotVisible
from apps.core.table_formats import Format
from apps.repayments import policies, suspense_entries
from apps.repayments.errors import CameAndWent, ReferenceUsed, refused_field
from apps.repayments.facts import payer_reference
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.services import holding, references
from apps.repayments.statement_lifecycle import TAKEN
from apps.repayments.statement_rows import OLDEST

DESK = StatementFile.Layout.DESK
LONGEST_NOTE = 300
# Under what a statement that brings the same money keeps it: then it is known there as taken.
_KEPT_AS = {
    "bank_transfer": StatementFile.Layout.BANK,
    "cheque": StatementFile.Layout.BANK,
    "mobile_money": StatementFile.Layout.MPESA,
}


@dataclass(frozen=True, kw_only=True)
class Unidentified:
    """Money nobody can say the loan of: how much, how it came, when, and what is known of it.

    Where nobody told the day it is today: sent again after midnight it is the same money still.
    """

    amount: Decimal
    channel: str
    external_reference: str
    day: date
    party: str = ""
    narrative: str = ""
    currency: str = ""
    is_day_told: bool = True


@transaction.atomic
def take_unidentified(
    *, actor: User, branch: Branch, money: Unidentified, now: datetime
) -> StatementLine:
    """Take money into suspense in the books of a branch, and return its line.

    The same reference with the same content returns the line it made, waiting, placed or returned.
    Raises NotAllowed, NotVisible for a branch the person does not work in, FactRefused,
    ReferenceUsed, CameAndWent where it was placed and the payment taken back since - a cheque that
    bounced -, and DayClosed.
    """
    holding.require(actor, policies.POST)
    _require_branch(actor, branch)
    reference = _checked(branch, money, now=now)
    # Whoever posts under it, by hand too, waits.
    references.hold([payer_reference(branch.entity.code, reference)])
    standing = _standing(branch, money, reference)
    if standing is not None:
        return standing
    line = _written(actor, branch, money, reference, now=now)
    entry = suspense_entries.hold(
        actor=actor, line=line, day=money.day, reference=f"suspense:{line.pk}", now=now
    )
    line.move("hold", because="no_loan", held_entry=entry)
    audit.record(
        actor,
        "repayments.money_unidentified",
        line,
        amount=str(money.amount),
        channel=money.channel,
        day=money.day.isoformat(),
    )
    return line


def _require_branch(actor: User, branch: Branch) -> None:
    if not actor.works_everywhere and branch.pk not in accounts.branch_ids(actor):
        sentence = _("There is no such record, or it is not yours to see.")
        raise NotVisible("not_found", sentence)


def _checked(branch: Branch, money: Unidentified, *, now: datetime) -> str:
    """Return the reference as it is kept. Raises FactRefused for what cannot have come in."""
    currency = branch.entity.currency
    if money.currency and money.currency != currency:
        sentence = _("This branch takes %(currency)s.") % {"currency": currency}
        raise refused_field("other_currency", "currency", sentence)
    holding.require_amount(money.amount, currency)
    if money.channel not in holding.CHANNELS:
        raise refused_field("channel_refused", "channel", _("Say how the money came."))
    _check_day(money.day, holding.today_of(branch, now))
    for name in ("party", "narrative"):
        said = getattr(money, name)
        if len(said) > LONGEST_NOTE or not said.isprintable():
            sentence = _("Say it in at most %(most)s letters.") % {"most": LONGEST_NOTE}
            raise refused_field("words_refused", name, sentence)
    reference = "".join(money.external_reference.split()).upper()
    if not 0 < len(reference) <= holding.LONGEST_REFERENCE or not reference.isprintable():
        sentence = _("Enter the reference of the payment.")
        raise refused_field("reference_refused", "external_reference", sentence)
    return reference


def _check_day(day: date, today: date) -> None:
    if day > today:
        raise refused_field("day_refused", "day", _("This day is still to come."))
    if day < today - OLDEST:
        sentence = _("This day is more than five years ago; check the year.")
        raise refused_field("day_refused", "day", sentence)


def _key(money: Unidentified, reference: str) -> str:
    return f"{_KEPT_AS.get(money.channel, DESK)}:{reference}"


def _standing(branch: Branch, money: Unidentified, reference: str) -> StatementLine | None:
    """Return what was taken under a reference before, if it was the same.

    Raises ReferenceUsed, CameAndWent.
    """
    told = payer_reference(branch.entity.code, reference)
    keys = [f"{layout}:{reference}" for layout in StatementFile.Layout.values]
    rows = StatementLine.objects.select_related("file__branch__entity", "event")
    found = rows.filter(entity=branch.entity_id, key__in=keys, status__in=TAKEN).first()
    if found is not None:
        said = (found.file.layout, found.file.branch_id, found.key, found.money)
        is_other_day = money.is_day_told and found.value_date != money.day
        if said != (DESK, branch.pk, _key(money, reference), money.amount) or is_other_day:
            raise ReferenceUsed(told)
        if found.event is not None and found.event.status != "live":
            raise CameAndWent(told)
        return found
    # One that was taken back gave its money back, too: it comes again under another reference.
    parts = f"{told}{references.PART}"
    if AccountEvent.objects.filter(reference=told).exists() or (
        AccountEvent.objects.filter(reference__startswith=parts).exists()
    ):
        raise ReferenceUsed(told)
    return None


def _written(
    actor: User, branch: Branch, money: Unidentified, reference: str, *, now: datetime
) -> StatementLine:
    key = _key(money, reference)
    file = StatementFile(
        branch=branch,
        entity=branch.entity,
        layout=DESK,
        size=0,
        sha256=hashlib.sha256(f"{DESK}:{key}".encode()).hexdigest(),
        format=Format().to_json(),
        currency=branch.entity.currency,
        header=[],
        roles={},
        total_rows=1,
        uploaded_by=actor,
        uploaded_at=now,
    )
    file.filename = ""
    file.save(force_insert=True)
    file.move(
        *("report", "start", "finish"),
        started_by=actor,
        checked_at=now,
        started_at=now,
        finished_at=now,
    )
    line = StatementLine(
        file=file,
        entity_id=branch.entity_id,
        number=1,
        day=money.day,
        amount=money.amount,
        reference=reference,
        key=key,
    )
    line.cells = []
    line.details = {
        "account": "",
        "narrative": money.narrative.strip(),
        "party": money.party.strip(),
        "phone": "",
        "channel": money.channel,
    }
    line.save(force_insert=True)
    return line
