"""See that a payment that came back is charged once: by a person, or by the bank's file."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.errors import Conflict
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent

# What a charge for a payment that came back is called.
CODE = "bounce"


@dataclass(frozen=True, kw_only=True)
class Bounced:
    """What came back: the reference of its debit, and since when anybody could know of it."""

    debit: str
    since: date

    def basis(self) -> dict[str, str]:
        """Return what a charge for it says of itself."""
        return {"debit": self.debit, "since": self.since.isoformat()}


def asked_by_hand(
    loan: Loan, bounced: Bounced, *, until: date, but: Collection[Any]
) -> AccountEvent | None:
    """Return the charge that somebody asked for by hand for what came back; None for none.

    One that names the debit, on whatever day; or one of a day on which it was known. Those in `but`
    are for other debits. The caller holds the loan.
    """
    found = list(_standing(loan).filter(made_by__isnull=False).exclude(pk__in=but))
    named = [one for one in found if _names(f"{one.reference} {one.reason}", bounced.debit)]
    in_time = [one for one in found if bounced.since <= one.day <= until]
    return next(iter([*named, *in_time]), None)


def require_first(
    loan: Loan, *, day: date, reason: str, reference: str, is_another: bool = False
) -> None:
    """Raise Conflict where what a person asks for was asked for already, by hand or by a file.

    Of the same day another payment may have come back, where the person says so; the same debit
    comes back once. What was asked for under the reference before may be asked again. The caller
    holds the loan.
    """
    if AccountEvent.objects.filter(reference=reference).exists():
        return
    for one in _standing(loan):
        basis = one.parameters["basis"]
        if basis.get("debit") and _names(reason, basis["debit"]):
            sentence = _("The return of direct debit %(debit)s was charged on %(day)s already.")
            raise _refused(one, sentence, debit=basis["debit"])
        since = date.fromisoformat(basis["since"]) if "since" in basis else one.day
        if since <= day <= one.day and not is_another:
            sentence = _(
                "A returned payment was charged on %(day)s already. If another payment came back,"
                " say so."
            )
            raise _refused(one, sentence)


def _standing(loan: Loan) -> "QuerySet[AccountEvent]":
    rows = AccountEvent.objects.filter(
        loan=loan, kind="charge", status="live", parameters__code=CODE
    )
    return rows.order_by("day", "position")


def _names(words: str, debit: str) -> bool:
    """Say whether words name a debit, not one whose reference is longer."""
    return bool(re.search(rf"(?<![\w-]){re.escape(debit)}(?![\w-])", words, re.IGNORECASE))


def _refused(event: AccountEvent, sentence: str, **facts: str) -> Conflict:
    said = sentence % {"day": date_format(event.day, "DATE_FORMAT"), **facts}
    return Conflict("bounce_charged", said, fields={"code": said})
