"""Names, telephone numbers, e-mail and postal addresses in one canonical form. Pure."""

import re
import unicodedata

import phonenumbers

from apps.customers.findings import Finding

MAX_EMAIL = 254
MAX_PHONE = 40
# Joiners shape letters in Indian scripts; other invisible characters only deceive the reader.
_JOINERS = {"\u200c", "\u200d"}
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"[a-z][a-z0-9-]{0,61}[a-z0-9]",
    re.ASCII,
)
# India Post: six digits, the first names the zone, 1 to 9. Kenya: five. US: ZIP or ZIP+4.
_POSTAL_CODES = {
    "IN": re.compile(r"[1-9][0-9]{5}", re.ASCII),
    "KE": re.compile(r"[0-9]{5}", re.ASCII),
    "US": re.compile(r"[0-9]{5}(?:-[0-9]{4})?", re.ASCII),
}
_NEEDS_POSTAL_CODE = {"IN"}


def line(text: str, *, limit: int, required: bool = True) -> str:
    """Return one line of text: composed (NFC), single spaces, no invisible characters.

    Raises Finding when it is empty but required, too long, or holds control characters.
    """
    value = " ".join(unicodedata.normalize("NFC", text).split())
    if required and not value:
        raise Finding("required")
    if len(value) > limit:
        raise Finding("too_long", limit=limit)
    if any(unicodedata.category(sign)[0] == "C" and sign not in _JOINERS for sign in value):
        raise Finding("control_characters")
    return value


def name(text: str, *, limit: int = 120) -> str:
    """Return a person's name; it must hold a letter of any script and no digits."""
    value = line(text, limit=limit)
    if not any(sign.isalpha() for sign in value) or any(sign.isdigit() for sign in value):
        raise Finding("name_invalid")
    return value


def phone(text: str, *, country: str) -> str:
    """Return a number in E.164 (+919823012345); without a prefix it is read as of `country`."""
    if not text.strip():
        raise Finding("required")
    if len(text) > MAX_PHONE:
        raise Finding("too_long", limit=MAX_PHONE)
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise Finding("phone_invalid") from None
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise Finding("phone_invalid")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(text: str) -> str:
    """Return an address in lower case; raise Finding when it cannot be one. Empty stays empty."""
    value = text.strip().lower()
    if not value:
        return ""
    if len(value) > MAX_EMAIL:
        raise Finding("too_long", limit=MAX_EMAIL)
    if not _EMAIL.fullmatch(value) or ".." in value or value.startswith("."):
        raise Finding("email_invalid")
    return value


def postal_code(text: str, *, country: str) -> str:
    """Return the code without spaces; raise Finding when the country has no such code."""
    value = text.replace(" ", "").strip()
    if not value:
        if country in _NEEDS_POSTAL_CODE:
            raise Finding("required")
        return ""
    pattern = _POSTAL_CODES.get(country)
    if len(value) > 12 or (pattern is not None and not pattern.fullmatch(value)):
        raise Finding(f"postal_code_invalid_{country.lower()}")
    return value
