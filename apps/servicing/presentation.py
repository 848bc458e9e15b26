"""How changes of a loan are shown: words, tones, and a schedule beside the one it replaces."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.loans.presentation import Look
from apps.repayments.alterations import Change
from apps.repayments.facts import Kind
from apps.repayments.models import AccountEvent
from apps.repayments.rescheduling import Rescheduled, Standing, saved
from apps.schedules.terms import Row
from apps.servicing import hooks, policies
from apps.servicing.services import changing

PROPOSALS: Mapping[str, Look] = {
    "proposed": Look("progress", "users", _("Waits for another person")),
    "approved": Look("success", "circle-check", _("Approved")),
    "refused": Look("danger", "circle-x", _("Refused")),
    "withdrawn": Look("neutral", "undo-2", _("Taken back")),
}
PAUSES: Mapping[str, Look] = {
    "agreed": Look("info", "circle-pause", _("Agreed")),
    "ended": Look("neutral", "circle-slash", _("Ended")),
}
EVENTS: Mapping[str, Look] = {
    "live": Look("success", "circle-check", _("Stands")),
    "reversed": Look("neutral", "undo-2", _("Taken back")),
}
TITLES: Mapping[str, str | Promise] = {
    Change.RATE_CHANGE: _("Change the rate"),
    Change.MORATORIUM: _("Agree on a pause of instalments"),
    Change.RESCHEDULE: _("Reschedule"),
    Change.RESTRUCTURE: _("Restructure"),
    Change.DUE_DATE_CHANGE: _("Change the due date"),
}
WORDS: Mapping[str, str | Promise] = {
    Change.RATE_CHANGE: _("Another rate of interest"),
    Change.MORATORIUM: _("Pause of instalments"),
    Change.RESCHEDULE: _("Rescheduled"),
    Change.RESTRUCTURE: _("Restructured"),
    Change.DUE_DATE_CHANGE: _("Another day of the month"),
}


@dataclass(frozen=True)
class Pair:
    """Two rows ahead in the same place; None where one schedule has no such row."""

    before: Row | None
    after: Row | None


@dataclass(frozen=True)
class Comparison:
    """What is ahead of a loan before and after a change."""

    before: tuple[Row, ...]
    after: tuple[Row, ...]
    saved: Decimal

    @property
    def pairs(self) -> list[Pair]:
        """Return the rows side by side."""
        return [Pair(*both) for both in zip_longest(self.before, self.after)]

    @property
    def more(self) -> Decimal:
        """Return how much more interest falls due."""
        return -self.saved


def comparison(standing: Standing, after: Rescheduled) -> Comparison:
    """Return what is ahead before and after."""
    return Comparison(standing.ahead, after.new, saved(standing, after))


def follows(loan: Loan, parameters: Mapping[str, Any], day: date) -> str:
    """Return what a change for a borrower in difficulty leads to at the day's end; else nothing."""
    return hooks.restructured(loan, day) if parameters.get("difficulty") else ""


def event(one: AccountEvent, written_off: Decimal | None = None) -> dict[str, Any]:
    """Return what the panel shows of something that changed the loan.

    A write-off is of all that is owed: what the account says was `written_off` is its amount.
    """
    is_write_off = one.kind == Kind.WRITE_OFF and one.status == "live"
    kind = one.parameters.get("change", "") if one.kind == "change" else ""
    return {
        "event": one,
        "look": EVENTS[one.status],
        "word": WORDS.get(kind, one.get_kind_display()),
        "reason": one.reason,
        "amount": written_off if is_write_off else one.amount,
        "in_difficulty": one.parameters.get("parameters", {}).get("difficulty"),
    }


def actions(
    actor: User, loan: Loan, *, is_floating: bool, is_settled: bool
) -> list[dict[str, Any]]:
    """Return the links to what the person may do with the loan as it stands.

    `is_settled` says that nothing is owed on either side, and no letter says so yet.
    """
    found = (
        [*_when_running(actor, loan, is_floating=is_floating)] if loan.status == "active" else []
    )
    if actor.has_perm(policies.POST) and loan.status == "written_off":
        found.append(_link("recover", loan, _("Take a recovery"), "coins"))
    if actor.has_perm(policies.PROPOSE) and loan.status in ("active", "closed", "written_off"):
        found.append(
            _link("relief", loan, _("Propose a waiver, write-off or refund"), "hand-coins")
        )
    if actor.has_perm(policies.PROPOSE_TRANSFER) and loan.status in (
        *("active", "closed", "written_off"),
    ):
        found.append(_link("transfer", loan, _("Transfer to another branch"), "building-2"))
    if actor.has_perm(policies.CLOSE) and is_settled:
        found.append(_link("close", loan, _("Close with a letter of no dues"), "badge-check"))
    return found


def _when_running(actor: User, loan: Loan, *, is_floating: bool) -> list[dict[str, Any]]:
    found = [_link("payoff", loan, _("Quote for paying off"), "receipt")]
    if actor.has_perm(policies.POST):
        found.append(_link("prepay", loan, _("Pay a part early"), "coins"))
    if actor.has_perm(policies.TOP_UP):
        found.append(_link("top_up", loan, _("Top up"), "plus"))
    for kind, title in TITLES.items():
        if actor.has_perm(changing.permission(kind)):
            address = reverse("servicing:change", args=[loan.pk, kind.replace("_", "-")])
            found.append({"url": address, "label": title, "symbol": "calendar"})
    if is_floating and actor.has_perm(policies.RESTRUCTURE):
        found.append(_link("follow_rate", loan, _("Follow the benchmark"), "percent"))
    if actor.has_perm(policies.CHANGE):
        found.append(_link("pause", loan, _("Leave alone for hardship"), "circle-pause"))
    return found


def _link(name: str, loan: Loan, label: str | Promise, symbol: str) -> dict[str, Any]:
    return {"url": reverse(f"servicing:{name}", args=[loan.pk]), "label": label, "symbol": symbol}
