"""The words for every finding, fit for an officer."""

from collections.abc import Callable
from datetime import date
from typing import Any, ParamSpec, TypeVar

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.errors import DomainError
from apps.customers.findings import Finding, Refused

Entry = TypeVar("Entry")
Args = ParamSpec("Args")

SENTENCES = {
    "required": gettext_lazy("This is needed."),
    "too_long": gettext_lazy("This is too long; at most %(limit)s characters."),
    "control_characters": gettext_lazy(
        "This holds characters that cannot be seen. Type it again instead of pasting it."
    ),
    "name_invalid": gettext_lazy("Write the name in letters, as on the identity document."),
    "not_a_choice": gettext_lazy("Choose one of the values offered."),
    "phone_invalid": gettext_lazy(
        "This is not a telephone number. Abroad, begin with + and the country's prefix."
    ),
    "email_invalid": gettext_lazy("This is not an e-mail address. It looks like name@example.com."),
    "email_kept_and_removed": gettext_lazy("Either give a new e-mail or remove it, not both."),
    "postal_code_invalid_in": gettext_lazy(
        "An Indian PIN code has six digits and does not begin with 0."
    ),
    "postal_code_invalid_ke": gettext_lazy("A Kenyan postal code has five digits."),
    "postal_code_invalid_us": gettext_lazy("A ZIP code has five digits, or five and four."),
    "pan_invalid": gettext_lazy("A PAN has five letters, four digits and a letter: ABCPK1234L."),
    "pan_not_of_a_person": gettext_lazy(
        "This PAN belongs to a company or another body: its fourth letter is not P."
    ),
    "aadhaar_invalid": gettext_lazy("An Aadhaar number has twelve digits and begins with 2 to 9."),
    "aadhaar_check_digit": gettext_lazy(
        "The check digit of this Aadhaar number is wrong; a digit is mistyped."
    ),
    "ke_national_id_invalid": gettext_lazy("A Kenyan national ID has seven or eight digits."),
    "kra_pin_invalid": gettext_lazy("A KRA PIN has a letter, nine digits and a letter."),
    "kra_pin_not_of_a_person": gettext_lazy(
        "This KRA PIN belongs to a company: a person's begins with A."
    ),
    "identity_needed_in": gettext_lazy("Give the PAN or the Aadhaar number."),
    "identity_needed_ke": gettext_lazy("Give the national ID or the KRA PIN."),
    "identity_of_other_country": gettext_lazy(
        "This kind of number does not belong to the customer's country."
    ),
    "currency_of_lender": gettext_lazy("Enter amounts in %(currency)s."),
    "date_in_future": gettext_lazy("This day is in the future."),
    "date_too_late": gettext_lazy("This day must not be after %(latest)s."),
    "date_too_early": gettext_lazy("This day must not be before %(earliest)s."),
    "too_young": gettext_lazy("The customer must be at least %(years)s years old."),
    "too_old": gettext_lazy("That would be more than %(years)s years of age. Check the year."),
    "not_a_number": gettext_lazy("This is not a number."),
    "negative": gettext_lazy("This must not be below zero."),
    "amount_too_large": gettext_lazy("This amount is too large. Check the digits."),
    "too_many_decimals": gettext_lazy("This has more decimals than the currency."),
    "out_of_range": gettext_lazy("This must lie between %(least)s and %(most)s."),
    "net_above_gross": gettext_lazy(
        "Twelve months of net income are more than the gross income of the year."
    ),
    "basic_above_gross": gettext_lazy(
        "Twelve months of basic pay are more than the gross income of the year."
    ),
    "open_above_total": gettext_lazy("There are more open accounts than accounts ever."),
    "late_above_open": gettext_lazy("There are more accounts late now than open accounts."),
    "late_within_two_years": gettext_lazy(
        "A late payment in two years was reported, so the last one is at most 24 months ago."
    ),
    "bankruptcies_above_records": gettext_lazy("There are more bankruptcies than public records."),
    "consent_channel": gettext_lazy("Choose how the consent was given."),
    "wording_unknown": gettext_lazy("There is no such wording of this consent."),
    "file_empty": gettext_lazy("The file is empty."),
    "file_too_large": gettext_lazy("The file is larger than %(megabytes)s MB."),
    "file_type": gettext_lazy("Only PDF, JPEG and PNG files are taken."),
    "file_name_mismatch": gettext_lazy(
        "The file's content is %(content)s, but its name says something else. Save it again "
        "under a fitting name."
    ),
    "block_nobody": gettext_lazy("Name a customer, or an official number with its kind."),
    "block_twice": gettext_lazy(
        "An entry is about one thing: a customer, or an official number. Make two entries."
    ),
    "no_such_customer": gettext_lazy("There is no customer with this number, or not to you."),
    "protected_value": gettext_lazy("Choose values from the list, or leave them empty."),
}


# Facts that are days, as `YYYY-MM-DD`.
_DAYS = {"earliest", "latest"}


def words(finding: Finding) -> str:
    """Return the sentence of one finding in the active language."""
    return str(SENTENCES[finding.code]) % {
        name: _day(fact) if name in _DAYS else fact for name, fact in finding.facts.items()
    }


def _day(fact: object) -> str:
    """Return a day as the pages write it, in the active language."""
    return date_format(date.fromisoformat(str(fact)), "j F Y")


def refusal(findings: dict[str, Finding]) -> DomainError:
    """Return the error an officer reads: one sentence, and one beside each field."""
    fields = {name: words(finding) for name, finding in findings.items()}
    return DomainError("invalid_input", _("Some values are not acceptable."), fields=fields)


def checked(check: Callable[Args, Entry], *args: Args.args, **options: Args.kwargs) -> Entry:
    """Return what a pure check returns; raise its findings as a DomainError with sentences."""
    try:
        return check(*args, **options)
    except Refused as refused:
        raise refusal(refused.findings) from None


def refuse(field: str, code: str, **facts: Any) -> DomainError:
    """Return the error for a single field."""
    return refusal({field: Finding(code, **facts)})
