"""The words for what becomes of the lines of statements, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import table_sentences
from apps.core.table_faults import Fault, FileRefused, FileUnreadable
from apps.repayments.matching import Because

_FAULTS = {
    "too_many_cells": gettext_lazy("The row has %(found)s cells, the header only %(expected)s."),
    "not_a_number": gettext_lazy("This is not a number."),
    "not_a_number_point": gettext_lazy("This is not a number with a decimal point, like 1234.50."),
    "not_a_number_comma": gettext_lazy("This is not a number with a decimal comma, like 1234,50."),
    "amount_too_large": gettext_lazy("This amount is too large to be true."),
    "fraction_of_unit": gettext_lazy(
        "This amount has fractions of the smallest unit of %(currency)s."
    ),
    "both_sides": gettext_lazy("The row says that money came in and went out at once."),
    "side_unknown": gettext_lazy("Write CR for money that came in and DR for what went out."),
    "day_unreadable": gettext_lazy("This is not a day of the form %(pattern)s or YYYY-MM-DD."),
    "day_ahead": gettext_lazy("This day lies ahead."),
    "day_too_old": gettext_lazy("This day is more than five years ago; check the year."),
    "day_closed": gettext_lazy(
        "The books are closed up to %(closed)s. Give the row a later day, and upload it again."
    ),
    "another_currency": gettext_lazy("This statement is in %(expected)s."),
    "too_long": gettext_lazy("This text is too long."),
    "control_characters": gettext_lazy("This text holds signs that cannot be seen."),
    "reference_twice": gettext_lazy(
        "Row %(row)s has the same reference, but another day or amount."
    ),
    "reference_used": gettext_lazy(
        "This reference was taken before, with another day or amount: row %(row)s of the statement"
        " of %(uploaded)s."
    ),
    "payment_used": gettext_lazy(
        "Another payment was posted under this reference. Compare the two before you go on."
    ),
    "kept_used": gettext_lazy(
        "Other money under this reference is in suspense, or was returned from there. Compare the"
        " two before you go on."
    ),
    "unexpected": gettext_lazy("Something is wrong on our side; it has been noted."),
}
_BECAUSE = {
    Because.ACCOUNT: gettext_lazy("The loan's number was given as the account."),
    Because.NARRATIVE: gettext_lazy("The loan's number stands in the text."),
    Because.CUSTOMER: gettext_lazy("The customer's number was given."),
    Because.PHONE: gettext_lazy("It came from the customer's telephone."),
    Because.AMOUNT: gettext_lazy("The amount is what falls due next."),
    Because.NAME: gettext_lazy("The names agree."),
    "taken_out": gettext_lazy("Money that went out."),
    "no_amount": gettext_lazy("No money moved."),
    "sample": gettext_lazy("It is a row of the sample file."),
    "not_completed": gettext_lazy("The payment was not completed."),
    "repeated": gettext_lazy("The row stands in this file before."),
    "known": gettext_lazy("It was taken before, from another statement."),
    "kept": gettext_lazy("It was taken in before, under the same reference, and is on no loan."),
    "by_hand": gettext_lazy("It was posted by hand before, under the same reference."),
    "no_loan": gettext_lazy("Nothing names a loan."),
    "several_loans": gettext_lazy("More than one loan may be meant."),
    "loan_over": gettext_lazy("The loan that is named takes no money."),
    "refused_by_account": gettext_lazy("The loan's account did not take it as it is."),
    "misplaced": gettext_lazy("It was taken back from a loan that was the wrong one."),
    "placed": gettext_lazy("Somebody placed it."),
}
_NO_HEADER = gettext_lazy(
    "No line among the first ones names the day and the amount. Say what the columns are called, or"
    " choose the other layout."
)


def because(code: str) -> str:
    """Return why a line came to what it came to; of nothing, nothing."""
    return str(_BECAUSE[code]) if code else ""


def of_row(faults: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return column and sentence of every stored fault of a row."""
    read = [Fault.from_json(stored) for stored in faults]
    return [{"column": one.column, "sentence": str(_FAULTS[one.code]) % one.facts} for one in read]


def in_one_line(faults: list[Mapping[str, Any]]) -> str:
    """Return everything that is wrong with a row as `column: sentence`."""
    return " ".join(
        f"{one['column']}: {one['sentence']}" if one["column"] else one["sentence"]
        for one in of_row(faults)
    )


def refusal(error: FileUnreadable) -> FileRefused:
    """Return the error an officer reads about a file that nothing can be read from."""
    if error.code == "no_header":
        sentence = str(_NO_HEADER)
    else:
        sentence = table_sentences.of_file(error.code, **error.facts)
    return FileRefused(error.code, _("The file cannot be taken."), fields={"file": sentence})
