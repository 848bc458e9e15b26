"""How loans, payments and instalments are shown: tone, symbol and words for each state."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.audit import code_words
from apps.loans.arrears import State
from apps.loans.lifecycle import RUNNING
from apps.loans.models import Disbursement, Loan
from apps.loans.selectors import Position


class Look(NamedTuple):
    """Tone, symbol and word, as the badge component takes them."""

    tone: str
    symbol: str
    word: str | Promise


LOANS: Mapping[str, Look] = {
    "opened": Look("info", "circle-dashed", gettext_lazy("Not paid out yet")),
    "active": Look("success", "circle-dot", gettext_lazy("Running")),
    "closed": Look("neutral", "archive", gettext_lazy("Closed")),
    "written_off": Look("danger", "circle-x", gettext_lazy("Written off")),
    "cancelled": Look("neutral", "circle-slash", gettext_lazy("Given up")),
    "imported": Look("neutral", "archive", gettext_lazy("From a tape")),
}
# Of a loan that runs on the books until what its borrower owes for stepping back was paid.
EXITED = Look("neutral", "log-out", gettext_lazy("Stepped back"))
PAYMENTS: Mapping[str, Look] = {
    "requested": Look("progress", "users", gettext_lazy("Waits for approval")),
    "approved": Look("info", "circle-check", gettext_lazy("Approved")),
    "instructed": Look("info", "send", gettext_lazy("With the bank")),
    "paid": Look("success", "banknote", gettext_lazy("Paid out")),
    "refused": Look("danger", "circle-x", gettext_lazy("Refused")),
    "cancelled": Look("neutral", "circle-slash", gettext_lazy("Taken back")),
    "failed": Look("danger", "octagon-alert", gettext_lazy("Refused by the bank")),
    "reversed": Look("warning", "undo-2", gettext_lazy("Came back")),
}
INSTALMENTS: Mapping[State, Look] = {
    # A pause of principal and interest leaves rows without an amount.
    State.NOTHING: Look("neutral", "circle-pause", gettext_lazy("Nothing due")),
    State.PAID: Look("success", "circle-check", gettext_lazy("Paid")),
    State.OVERDUE: Look("warning", "alarm-clock", gettext_lazy("Overdue")),
    State.TODAY: Look("info", "clock", gettext_lazy("Due today")),
    State.PARTLY: Look("progress", "circle-dot", gettext_lazy("Partly paid")),
    State.PLANNED: Look("neutral", "circle-dashed", gettext_lazy("To come")),
}
# Of a loan that was written off: what was paid, and what was given up, leave rows alike.
SETTLED = Look("neutral", "circle-minus", gettext_lazy("Paid or written off"))
STAGES: Mapping[str, str | Promise] = {
    "open": gettext_lazy("To open"),
    "request": gettext_lazy("To ask for"),
    "approve": gettext_lazy("To approve"),
    "instruct": gettext_lazy("To tell the bank"),
    "confirm": gettext_lazy("To confirm"),
}


def tell_codes() -> None:
    """Let histories tell states of loans and of their payments in words."""
    for column, looks in (("loan.status", LOANS), ("disbursement.status", PAYMENTS)):
        code_words.know("loans", column, {code: look.word for code, look in looks.items()})


def look(loan: Loan, *, is_exited: bool) -> Look:
    """Return how the state of a loan is shown."""
    return EXITED if is_exited and loan.status in RUNNING else LOANS[loan.status]


def next_action(loan: Loan, waiting: Disbursement | None, position: Position) -> str:
    """Return in words what happens next with a loan, and who does it.

    `waiting` is the payment under way, if there is one.
    """
    if waiting is not None:
        return _of_payment(waiting)
    if loan.status in RUNNING and loan.offer is not None and loan.offer.status == "exited":
        return _("The borrower stepped back from this loan.")
    if loan.status in RUNNING and loan.offer is not None and loan.offer.exit_asked_date is not None:
        return _("The borrower asked to step back: record it on the offer.")
    if loan.status == "opened":
        return _("Ask for the payment: nothing was paid out yet.")
    if loan.status == "active":
        return _of_schedule(position)
    words = {
        "closed": _("Nothing: nothing is owed any more."),
        "written_off": _("Recover what can be recovered: the loan is off the books, not forgiven."),
        "cancelled": _("Nothing: the contract was given up before anything was paid out."),
        "imported": _("Nothing: the loan is known from a tape and not on the books."),
    }
    return words[loan.status]


def _of_payment(waiting: Disbursement) -> str:
    words = {
        "requested": _("Another person than %(name)s approves the payment or refuses it."),
        "approved": _("Tell the bank to pay."),
        "instructed": _("Record what the bank says about the payment."),
    }
    return words[waiting.status] % {"name": waiting.requested_by.name}


def _of_schedule(position: Position) -> str:
    late = position.arrears.instalments
    if late:
        return ngettext(
            "Collect %(n)s overdue instalment.", "Collect %(n)s overdue instalments.", late
        ) % {"n": late}
    if position.next_due is None:
        return _("Close the loan: every instalment is paid.")
    if not position.next_amount:
        return _("Nothing now: the next instalment is paid ahead.")
    return _("Wait for the next instalment.")
