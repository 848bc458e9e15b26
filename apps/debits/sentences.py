"""The words of direct debits: reasons, what is wrong with a row or a file, what was left out."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import table_sentences
from apps.core.table_faults import Fault, FileRefused, FileUnreadable
from apps.debits.selecting import LeftOut

# Codes of reasons that are kept, by `apps.core.stored_reasons`.
RETURNED = "debits.returned"
BOUNCED = "debits.bounced"
REASONS = {
    "insufficient_funds": gettext_lazy("The account held too little."),
    "account_frozen": gettext_lazy("The account is frozen."),
    "account_closed": gettext_lazy("The account is closed."),
    "no_such_account": gettext_lazy("There is no such account."),
    "mandate_cancelled": gettext_lazy("The borrower cancelled the mandate at the bank."),
    "mandate_unknown": gettext_lazy("The bank knows no such mandate."),
    "amount_above_mandate": gettext_lazy("The amount is above what the mandate allows."),
    "payer_refused": gettext_lazy("The borrower stopped this payment."),
    "payer_deceased": gettext_lazy("The bank says that the account holder has died."),
    "bank_unavailable": gettext_lazy("The borrower's bank could not be reached."),
    "other": gettext_lazy("The bank gave no reason we know."),
    # Ours.
    "mandate_paused": gettext_lazy("The mandate was paused before the bank was told."),
    "mandate_cancelled_before": gettext_lazy("The mandate ended before the bank was told."),
    "mandate_expired": gettext_lazy("The mandate ended before the bank was told."),
    "mandate_rejected": gettext_lazy("The bank refused the mandate."),
    "mandate_ended": gettext_lazy("The mandate does not hold on the day."),
    "left_alone": gettext_lazy("The borrower is left alone for a time."),
    "paid_meanwhile": gettext_lazy("It was paid meanwhile, or less is owed."),
    "file_withdrawn": gettext_lazy("The file was withdrawn."),
    "file_recalled": gettext_lazy("The file was recalled; it can be asked for again."),
    "answered_recalled": gettext_lazy(
        "The bank answered it though its file was recalled: look at what it answered."
    ),
    "partly": gettext_lazy("Only a part was collected."),
    "in_suspense": gettext_lazy("The loan's account did not take it as it is."),
    "after_end": gettext_lazy("It was collected after the borrower had ended the mandate."),
    "until_date": gettext_lazy("Its last day is over."),
}
LEFT_OUT = {
    LeftOut.NOTHING_DUE: gettext_lazy("nothing due on the day"),
    LeftOut.PAID_AHEAD: gettext_lazy("paid ahead"),
    LeftOut.UNDERWAY: gettext_lazy("another debit is underway"),
    LeftOut.ASKED_BEFORE: gettext_lazy("collected for this due date already"),
    LeftOut.TRIES_USED: gettext_lazy("no more tries for this due date"),
    LeftOut.TRY_LATER: gettext_lazy("tried again on a later day"),
    LeftOut.LEFT_ALONE: gettext_lazy("the borrower is left alone for a time"),
}
_BECAUSE = {
    "collected": gettext_lazy("The money is on the loan."),
    "partly": gettext_lazy("A part of the amount is on the loan."),
    "after_end": gettext_lazy("On the loan; the borrower had ended the mandate. Look at it."),
    "in_suspense": gettext_lazy(
        "The loan takes no such money: it waits as unidentified, to be placed or returned."
    ),
    "failed": gettext_lazy("Recorded; nothing was collected."),
    "returned": gettext_lazy("Taken back from the loan."),
    "known": gettext_lazy("The bank said so before; nothing was done twice."),
    "posted_later": gettext_lazy("Somebody posted it on another day."),
    "closed": gettext_lazy("Somebody said what became of it."),
}
_FAULTS = {
    "not_an_answer": gettext_lazy("A row begins with D and has at most %(expected)s cells."),
    "reference_missing": gettext_lazy("The reference of the debit is missing."),
    "answered_twice": gettext_lazy("Row %(row)s answers the same debit."),
    "outcome_unknown": gettext_lazy("Write collected, failed or returned."),
    "not_a_number": gettext_lazy("This is not a number."),
    "not_a_number_point": gettext_lazy("This is not a number with a decimal point, like 1234.50."),
    "amount_too_large": gettext_lazy("This amount is too large to be true."),
    "not_above_zero": gettext_lazy("An amount is above zero."),
    "fraction_of_unit": gettext_lazy(
        "This amount has fractions of the smallest unit of %(currency)s."
    ),
    "not_a_date": gettext_lazy("This is not a day of the form %(pattern)s."),
    "day_ahead": gettext_lazy("This day lies ahead."),
    "day_too_old": gettext_lazy("This day is more than five years ago; check the year."),
    "reason_of_success": gettext_lazy("What was collected has no reason of a failure."),
    "reason_unknown": gettext_lazy("This is none of the reasons that are known."),
    "too_long": gettext_lazy("This text is too long."),
    "control_characters": gettext_lazy("This text holds signs that cannot be seen."),
    "no_such_debit": gettext_lazy("No debit of this lender has this reference."),
    "not_presented": gettext_lazy("This debit was not given to the bank."),
    "recalled": gettext_lazy(
        "The file of this debit was recalled, and it may have been asked for again. If the money"
        " really came, post the row, or settle it otherwise: then it waits as unidentified."
    ),
    "not_collected": gettext_lazy("This debit was not collected, so nothing can be returned."),
    "answered_otherwise": gettext_lazy("The bank answered this debit otherwise before."),
    "more_than_asked": gettext_lazy("Only %(asked)s was asked for."),
    "other_amount": gettext_lazy("The amount is %(asked)s."),
    "before_asked": gettext_lazy("The bank was to collect on %(asked)s at the earliest."),
    "day_closed": gettext_lazy(
        "The books are closed up to %(closed)s. Post the row on a later day, which you choose."
    ),
    "nothing_owed": gettext_lazy(
        "Nothing is owed on the loan any more. The money belongs to the borrower: return it, and"
        " say here how."
    ),
    "refused_by_account": gettext_lazy(
        "The loan's account did not take it as it is. Look at the loan, then post the row."
    ),
    "not_on_a_loan": gettext_lazy(
        "This money waits as unidentified. Return it there, then say so here."
    ),
    "unexpected": gettext_lazy("Something is wrong on our side; it has been noted."),
}
_FILES = {
    "no_answers_header": gettext_lazy(
        "The first line is no header of the layout %(layout)s: H, the layout, the lender's code,"
        " the name of the file, the currency, the day."
    ),
    "other_lender": gettext_lazy("These answers are of another lender, not of %(expected)s."),
    "other_currency": gettext_lazy("These answers are in another currency than %(expected)s."),
    "after_trailer": gettext_lazy("Row %(row)s stands behind the trailer."),
    "trailer_unreadable": gettext_lazy(
        "The trailer in row %(row)s cannot be read: T, the count of rows, the total collected, the"
        " total returned."
    ),
    "no_trailer": gettext_lazy(
        "The trailer is missing: the file was cut off. Fetch it from the bank again."
    ),
    "not_csv": gettext_lazy("This is an Excel file. Send the bank's CSV as it is."),
    "no_answers": gettext_lazy("The file holds no answers."),
    "count_differs": gettext_lazy("The trailer counts %(told)s rows, the file has %(found)s."),
    "collected_differs": gettext_lazy(
        "The trailer says that %(told)s was collected, the rows come to %(found)s."
    ),
    "returned_differs": gettext_lazy(
        "The trailer says that %(told)s was returned, the rows come to %(found)s."
    ),
}


def reason(code: str) -> str:
    """Return the sentence of a reason; of none, nothing."""
    return str(REASONS.get(code, code)) if code else ""


def returned(code: str) -> str:
    """Return why a payment was taken back that the bank returned, by the code it gave."""
    return _("Returned by the bank: %(reason)s") % {"reason": reason(code)}


def bounced(reference: str) -> str:
    """Return what a bounce is charged for, by the reference of the debit."""
    return _("Direct debit %(reference)s bounced.") % {"reference": reference}


def left_out(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return why loans were left out, and how many each."""
    return [(str(LEFT_OUT[LeftOut(code)]), number) for code, number in counts.items()]


def because(code: str) -> str:
    """Return what a row came to; of nothing, nothing."""
    return str(_BECAUSE[code]) if code else ""


def of_row(faults: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return column and sentence of every stored fault of a row."""
    read = [Fault.from_json(stored) for stored in faults]
    return [{"column": one.column, "sentence": str(_FAULTS[one.code]) % one.facts} for one in read]


def refusal(error: FileUnreadable) -> FileRefused:
    """Return the error an officer reads about a file that is not taken."""
    if error.code in _FILES:
        sentence = str(_FILES[error.code]) % error.facts
    else:
        sentence = table_sentences.of_file(error.code, **error.facts)
    return FileRefused(error.code, _("The file cannot be taken."), fields={"file": sentence})
