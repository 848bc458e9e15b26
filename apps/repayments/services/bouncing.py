"""See that a payment that came back is charged once: by a person, or by the bank's file."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core import dates
from apps.core.errors import Conflict
from apps.loans.models import Loan
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent

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
    other payment, and is not for a cheque that came back meanwhile. Those in `but` are for other
    debits. The caller holds the loan.
    """
    found = list(_standing(loan).filter(made_by__isnull=False).exclude(pk__in=but))
    named = [one for one in found if _names(_words(one), bounced.debit)]
    if named:
        return named[0]
    others = [*_references(loan), *other_debits]
    nameless = [one for one in found if not _named(_words(one), others)]
    near = [one for one in nameless if bounced.since - NEAR <= one.day <= until]
    # The first are for the cheques: as many as came back and no charge names.
    spare = near[_cheques(loan, found, since=bounced.since - NEAR, until=until) :]
    return next((one for one in spare if bounced.since <= one.day), None)


def require_first(
    loan: Loan, *, day: date, reason: str, reference: str, is_another: bool = False
) -> None:
    """Raise Conflict where what a person asks for was asked for already, by hand or by a file.

    About the same days another payment may have come back, where the person says so or names it;
    the same debit comes back once. What was asked for under the reference before may be asked
    again. The caller holds the loan.
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
    """Return by what the loan's payments are known, but for those of debits."""
    rows = AccountEvent.objects.filter(loan=loan, kind__in=[one.value for one in MONEY_IN])
    kept = rows.values_list("parameters__channel", "parameters__external_reference")
    return [told for channel, told in kept if channel != "direct_debit" and told]


def _cheques(loan: Loan, charges: Collection[AccountEvent], *, since: date, until: date) -> int:
    """Return how many cheques came back in a time that no charge names."""
    zone = loan.branch.entity.time_zone
    rows = AccountEvent.objects.filter(
        loan=loan,
        kind__in=[one.value for one in MONEY_IN],
        status="reversed",
        parameters__channel="cheque",
    )
    return sum(
        since <= dates.local_date(one.reversed_at, zone) <= until
        and not any(
            _named(_words(charge), [one.parameters["external_reference"]]) for charge in charges
        )
        for one in rows
        if one.reversed_at is not None
    )


def _named(words: str, references: Collection[str]) -> set[str]:
    """Return those references that words name."""
    return {one for one in references if len(one) >= _SHORTEST_NAME and _names(words, one)}


def _names(words: str, debit: str) -> bool:
    """Say whether words name a debit, not one whose reference is longer."""
    return bool(re.search(rf"(?<![\w-]){re.escape(debit)}(?![\w-])", words, re.IGNORECASE))


def _refused(event: AccountEvent, sentence: str, **facts: str) -> Conflict:
    said = sentence % {"day": date_format(event.day, "DATE_FORMAT"), **facts}
    return Conflict("bounce_charged", said, fields={"code": said})
