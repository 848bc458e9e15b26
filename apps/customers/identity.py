"""Official numbers of a person by country: their form, their check digits, how they are masked.

Pure. The kinds are those of `IdentityNumber.Kind`. Sources: python-stdnum 2 (PAN holder types and
serials, Aadhaar by Verhoeff's check digit, KRA PIN); the Kenyan national ID has no check digit.
"""

import re
from collections.abc import Callable

from stdnum import exceptions as stdnum_errors
from stdnum.in_ import aadhaar as stdnum_aadhaar
from stdnum.in_ import pan as stdnum_pan
from stdnum.ke import pin as stdnum_kra

from apps.core import masking
from apps.customers.findings import Finding

PAN, AADHAAR, KE_NATIONAL_ID, KRA_PIN = "pan", "aadhaar", "ke_national_id", "kra_pin"
# Of the kinds a country has, a customer must have at least one.
KINDS_BY_COUNTRY: dict[str, tuple[str, ...]] = {
    "IN": (PAN, AADHAAR),
    "KE": (KE_NATIONAL_ID, KRA_PIN),
    "US": (),
}
MAX_LENGTH = 40
_KE_NATIONAL_ID = re.compile(r"[1-9][0-9]{6,7}", re.ASCII)


def normalise(kind: str, text: str) -> str:
    """Return the number in its one canonical form; raise Finding when it cannot be genuine."""
    if len(text) > MAX_LENGTH:
        raise Finding("too_long", limit=MAX_LENGTH)
    return _CHECKS[kind](text)


def masked(kind: str, number: str) -> str:
    """Return the number as the issuer lets it be shown: PAN ABCPX••••K, others the last four."""
    if kind == PAN:
        return number[:5] + masking.DOTS + number[-1:]
    return masking.tail(number, keep=4 if kind == AADHAAR else 3)


def _pan(text: str) -> str:
    try:
        number = stdnum_pan.validate(text)
    except stdnum_errors.ValidationError:
        raise Finding("pan_invalid") from None
    # The fourth letter says who holds it; P is a natural person, and only those borrow here.
    if number[3] != "P":
        raise Finding("pan_not_of_a_person")
    return number


def _aadhaar(text: str) -> str:
    try:
        return stdnum_aadhaar.validate(text)
    except stdnum_errors.InvalidChecksum:
        raise Finding("aadhaar_check_digit") from None
    except stdnum_errors.ValidationError:
        raise Finding("aadhaar_invalid") from None


def _ke_national_id(text: str) -> str:
    number = text.replace(" ", "").strip()
    if not _KE_NATIONAL_ID.fullmatch(number) or len(set(number)) == 1:
        raise Finding("ke_national_id_invalid")
    return number


def _kra_pin(text: str) -> str:
    try:
        number = stdnum_kra.validate(text)
    except stdnum_errors.ValidationError:
        raise Finding("kra_pin_invalid") from None
    if number[0] != "A":
        raise Finding("kra_pin_not_of_a_person")
    return number


_CHECKS: dict[str, Callable[[str], str]] = {
    PAN: _pan,
    AADHAAR: _aadhaar,
    KE_NATIONAL_ID: _ke_national_id,
    KRA_PIN: _kra_pin,
}
