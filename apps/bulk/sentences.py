"""The words for everything that can be wrong with a row or a file, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import table_sentences
from apps.core.table_faults import Fault, FileRefused, FileUnreadable
from apps.customers import sentences as customer_sentences
from apps.customers.findings import Finding

_ROWS = {
    "too_many_cells": gettext_lazy("The row has %(found)s cells, the header only %(expected)s."),
    "not_a_number_point": gettext_lazy("This is not a number with a decimal point, like 1234.50."),
    "not_a_number_comma": gettext_lazy("This is not a number with a decimal comma, like 1234,50."),
    "not_whole": gettext_lazy("This is not a whole number."),
    "not_a_date": gettext_lazy("This is not a date of the form %(pattern)s."),
    "not_one_of": gettext_lazy("This is none of the values allowed: %(values)s."),
    "not_yes_or_no": gettext_lazy("Write yes or no."),
    "example_row": gettext_lazy("This is the example of the template. Take the row out."),
    "reference_used": gettext_lazy(
        "This reference was used before for another request, application %(number)s."
    ),
    "taken_elsewhere": gettext_lazy("Another branch has taken this request in before."),
    "numbers_of_two": gettext_lazy("The numbers belong to two different customers."),
    "on_record_elsewhere": gettext_lazy(
        "On record for customer %(number)s (%(name)s, branch %(branch)s)."
    ),
    "another_birth": gettext_lazy(
        "The customer on record with this number was born on another day. Check the number."
    ),
    "shared_contact": gettext_lazy(
        "Customer %(number)s (%(name)s) has the same. If you have looked and this is another"
        " person, write yes in the column confirmed_distinct."
    ),
    "evidence_form": gettext_lazy(
        "Name where the signed consent is kept, in at most %(longest)s letters, digits and"
        " signs - _ / . : and without spaces."
    ),
    "counted_twice": gettext_lazy(
        "Single obligations are on record; a total beside them would count them twice."
    ),
    "obligations_stand": gettext_lazy(
        "Obligations are on record; end those that are paid off before declaring none."
    ),
    "obligations_and_none": gettext_lazy(
        "Give the obligations, or the declaration that there are none, not both."
    ),
    "no_consent_to_enquiry": gettext_lazy(
        "The customer has not consented to an enquiry at a credit bureau."
    ),
    "report_exists": gettext_lazy("A report with this number is already recorded."),
    "amount_not_positive": gettext_lazy(
        "Enter an amount above zero, in whole smallest units of the currency."
    ),
    "unexpected": gettext_lazy("Something is wrong on our side; it has been noted."),
}
_FILES = {
    **table_sentences.FILES,
    "excel_bomb": gettext_lazy("This Excel file unpacks to far more than a list of applications."),
    "stopped_no_right": gettext_lazy(
        "It was stopped because the person who uploaded it may no longer take in applications."
    ),
}


def words(fault: Fault) -> str:
    """Return the sentence of one fault in the active language."""
    if fault.code == "sentence":
        # Said by the form in every language when the row was refused.
        said: Mapping[str, Any] = fault.facts
        return str(said.get(translation.get_language() or "") or said[settings.LANGUAGE_CODE])
    if fault.code in _ROWS:
        return str(_ROWS[fault.code]) % fault.facts
    return customer_sentences.words(Finding(fault.code, **fault.facts))


def of_row(faults: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return column and sentence of every stored fault of a row."""
    read = [Fault.from_json(stored) for stored in faults]
    return [{"column": one.column, "sentence": words(one)} for one in read]


def in_one_line(faults: list[Mapping[str, Any]]) -> str:
    """Return everything that is wrong with a row as `column: sentence`."""
    return " ".join(
        f"{one['column']}: {one['sentence']}" if one["column"] else one["sentence"]
        for one in of_row(faults)
    )


def of_file(code: str, **facts: Any) -> str:
    """Return the sentence about a whole file."""
    return str(_FILES[code]) % facts


def refusal(error: FileUnreadable) -> FileRefused:
    """Return the error an officer reads about a file that nothing can be read from."""
    sentence = of_file(error.code, **error.facts)
    return FileRefused(error.code, _("The file cannot be taken."), fields={"file": sentence})
