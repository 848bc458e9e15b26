"""See that a payment that came back is charged once: by a person, or by the bank's file."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import dates
from apps.core.errors import Conflict
from apps.loans.models import Loan
from apps.repayments.facts import MONEY_IN, payer_reference
from apps.repayments.models import AccountEvent
from apps.repayments.services import references

# What a charge for a payment that came back is called.
CODE = "bounce"
# Within so long of each other two charges may be for one return: somebody heard of it from the
# bank, and the file came later, or was read later. The next instalment comes after a month.
NEAR = timedelta(days=14)
# A shorter number - of a cheque, of a counter - may stand in words for anything.
_SHORTEST_NAME = 5


@dataclass(frozen=True, kw_only=True)
class Bounced:
    """What came back: the reference of its debit, and since when anybody could know of it."""

    debit: str
    since: date

    def basis(self) -> dict[str, str]:
        """Return what a charge for it says of itself."""
        return {"debit": self.debit, "since": self.since.isoformat()}


def asked_by_hand(
    loan: Loan,
    bounced: Bounced,
    *,
    until: date,
    but: Collection[Any],
    other_debits: Collection[str],
) -> AccountEvent | None:
    """Return the charge that somebody asked for by hand for what came back; None for none.

    One that names the debit, on whatever day; or one of a day on which it was known that names no
    other payment that came back, and is not for a cheque that did. Those in `but` are for other
    debits. In doubt it is for this one: nobody pays twice. The caller holds the loan.
    """
    found = list(_standing(loan).filter(made_by__isnull=False).exclude(pk__in=but))
    named = [one for one in found if _names(_words(one), bounced.debit)]
    if named:
        return named[0]
    others = [*_references(loan), *other_debits]
    nameless = [one for one in found if not _named(_words(one), others)]
    near = [one for one in nameless if bounced.since - NEAR <= one.day <= until]
    for day in _cheques(loan, found, since=bounced.since - NEAR, until=until):
        of_it = next((one for one in near if day <= one.day), None)
        near = [one for one in near if one is not of_it]
    return next((one for one in near if bounced.since <= one.day), None)


def require_first(
    loan: Loan, *, day: date, reason: str, reference: str, is_another: bool = False
) -> None:
    """Raise Conflict where what a person asks for was asked for already, by hand or by a file.

    About the same days another payment may have come back, where the person says so or names one
    that was taken back; the same debit comes back once. What was asked for under the reference
    before may be asked again. The caller holds the loan.
    """
    if AccountEvent.objects.filter(reference=reference).exists():
        return
    payments = _references(loan)
    names = _named(reason, payments)
    for one in _standing(loan):
        debit = one.parameters["basis"].get("debit", "")
        if debit and _names(reason, debit):
            sentence = _("The return of direct debit %(debit)s was charged on %(day)s already.")
            raise _refused(one, sentence, debit=debit)
        of_it = _named(_words(one), payments)
        is_for_other = bool(names and (debit or of_it) and not names & of_it)
        if not is_another and not is_for_other and (names & of_it or _is_near(one, day)):
            sentence = _(
                "A returned payment was charged on %(day)s already. If another payment came back,"
                " say so."
            )
            raise _refused(one, sentence)


def _is_near(one: AccountEvent, day: date) -> bool:
    """Say whether a charge of a day may be for the same return as one that stands."""
    since = one.parameters["basis"].get("since")
    first = date.fromisoformat(since) if since else one.day - NEAR
    return first <= day <= one.day + NEAR


def _standing(loan: Loan) -> "QuerySet[AccountEvent]":
    rows = AccountEvent.objects.filter(
        loan=loan, kind="charge", status="live", parameters__code=CODE
    )
    return rows.order_by("day", "position")


def _words(one: AccountEvent) -> str:
    return f"{one.reference} {one.reason}"


def _references(loan: Loan) -> list[str]:
    """Return by what the loan's payments that were taken back are known, but for those of debits.

    One that stands did not come back: what names it is not about that.
    """
    rows = _payments(loan).filter(status="reversed")
    kept = rows.values_list("parameters__channel", "parameters__external_reference")
    return [told for channel, told in kept if channel != "direct_debit" and told]


def _cheques(
    loan: Loan, charges: Collection[AccountEvent], *, since: date, until: date
) -> list[date]:
    """Return when the cheques were taken back, within a time, that came back and no charge names.

    A charge for one is of that day or later. What was entered anew, or waits in suspense to be, was
    a mistake: no cheque came back.
    """
    zone = loan.branch.entity.time_zone
    rows = _payments(loan).filter(status="reversed", parameters__channel="cheque")
    found = [
        (dates.local_date(one.reversed_at, zone), one)
        for one in rows
        if one.reversed_at is not None
        and not any(
            _named(_words(charge), [one.parameters["external_reference"]]) for charge in charges
        )
    ]
    return sorted(
        day
        for day, one in found
        if since <= day <= until and not _is_entered_anew(loan, one, day=day)
    )


def _is_entered_anew(loan: Loan, cheque: AccountEvent, *, day: date) -> bool:
    """Say whether a cheque that was taken back on a day stands otherwise, or waits in suspense.

    It stands under its own reference, on whatever loan; or on this one it was entered since with
    its day or its amount, another thing of it having been mistaken.
    """
    entity = loan.branch.entity
    told = payer_reference(entity.code, cheque.parameters["external_reference"])
    if references.kept(entity, [told]):
        return True
    own = Q(reference=told)
    for mark in (references.PART, "#"):
        own |= Q(reference__startswith=f"{told}{mark}")
    if AccountEvent.objects.filter(own, status="live").exists():
        return True
    before = dates.last_moment(day - timedelta(days=1), entity.time_zone)
    like = Q(day=cheque.day) | Q(amount=cheque.amount)
    since = _payments(loan).filter(like, status="live", parameters__channel="cheque")
    return since.filter(made_at__gt=before).exists()


def _payments(loan: Loan) -> "QuerySet[AccountEvent]":
    return AccountEvent.objects.filter(loan=loan, kind__in=[one.value for one in MONEY_IN])


def _named(words: str, references: Collection[str]) -> set[str]:
    """Return those references that words name."""
    return {one for one in references if len(one) >= _SHORTEST_NAME and _names(words, one)}


def _names(words: str, debit: str) -> bool:
    """Say whether words name a debit, not one whose reference is longer."""
    return bool(re.search(rf"(?<![\w-]){re.escape(debit)}(?![\w-])", words, re.IGNORECASE))


def _refused(event: AccountEvent, sentence: str, **facts: str) -> Conflict:
    said = sentence % {"day": date_format(event.day, "DATE_FORMAT"), **facts}
    return Conflict("bounce_charged", said, fields={"code": said})
