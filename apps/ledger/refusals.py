"""Why something is not posted: sentences for what is no entry and for what the database says."""

from datetime import date

from django.db import IntegrityError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import Conflict, DomainError
from apps.ledger.lines import MOST_LINES, Fault, Problem

_FAULTS = {
    Fault.CURRENCY: gettext_lazy("%(found)s is no currency of this lender."),
    Fault.TOO_FEW: gettext_lazy("An entry has at least two lines: a debit and a credit."),
    Fault.TOO_MANY: gettext_lazy("An entry has at most %(most)s lines."),
    Fault.ACCOUNT: gettext_lazy("The chart has no account %(found)s."),
    Fault.SIDE: gettext_lazy("A line is a debit or a credit, not %(found)s."),
    Fault.AMOUNT: gettext_lazy(
        "%(found)s cannot be posted: an amount is positive, and the side says which way it goes."
    ),
    Fault.FRACTION: gettext_lazy("%(found)s has fractions of the currency's smallest unit."),
    Fault.UNBALANCED: gettext_lazy("Debits and credits differ by %(found)s; they must be equal."),
}


class LedgerRefused(DomainError):
    """What was given is no entry; nothing was posted."""


class DayClosed(Conflict):
    """The day is closed; nothing was posted."""


class ReferenceTaken(Conflict):
    """Something else was posted under this reference."""


class AlreadyReversed(Conflict):
    """The entry was taken back before."""


def of_lines(problem: Problem) -> LedgerRefused:
    """Return the refusal of lines that are no entry."""
    sentence = _FAULTS[problem.fault] % {"found": problem.found[:40], "most": MOST_LINES}
    return LedgerRefused(problem.fault.value, sentence, fields={"lines": sentence})


def reference_taken(reference: str) -> ReferenceTaken:
    """Return the refusal of other content under a known reference."""
    sentence = _("Something else was posted under the reference %(reference)s.")
    return ReferenceTaken("reference_taken", sentence % {"reference": reference})


def already_reversed() -> AlreadyReversed:
    """Return the refusal to take an entry back twice."""
    return AlreadyReversed("already_reversed", _("This entry was reversed already."))


def day_closed(entity: str, closed: date, following: date) -> DayClosed:
    """Return the refusal of a closed day, with the way to proceed."""
    sentence = _(
        "The books of %(entity)s are closed up to %(closed)s, so nothing is posted there. Post it"
        " on %(following)s or later, and name the day it belongs to in the reason."
    )
    values = {
        "entity": entity,
        "closed": date_format(closed, "DATE_FORMAT"),
        "following": date_format(following, "DATE_FORMAT"),
    }
    return DayClosed("day_closed", sentence % values, fields={"day": sentence % values})


def constraint_of(error: IntegrityError) -> str:
    """Return the name of the constraint or trigger that refused a statement."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnostics, "constraint_name", None) or "")


def of_database(name: str) -> DomainError:
    """Return the refusal that fits the name of a constraint of the ledger."""
    if name == "ledger_entry_loan_currency":
        return LedgerRefused(
            "loan_currency",
            _("This loan is kept in another currency."),
            fields={"currency": _("This loan is kept in another currency.")},
        )
    if name == "ledger_entry_true_reversal":
        return Conflict(
            "not_reversible",
            _(
                "This is not taken back so: a reversal is itself not reversed, stays in the branch"
                " and currency of its entry, and is not dated before it."
            ),
        )
    if name.startswith("ledger_entry_reverses_id"):
        return already_reversed()
    return LedgerRefused("not_an_entry", _("The ledger does not take this entry."))
