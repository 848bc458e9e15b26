"""The official number of a thing - a plate, a survey number - written one way, and its index."""

from apps.core.keyring import keyring

SHORTEST, LONGEST = 3, 40


def canonical(given: str) -> str:
    """Return a number in capitals without spaces and signs: MH 12 AB-1234 is MH12AB1234."""
    return "".join(sign for sign in given.upper() if sign.isalnum())


def index(number: str) -> str:
    """Return the blind index of a canonical number; of nothing, nothing."""
    return keyring().blind_index(number, place="collateral.item.registration") if number else ""
