"""The account a loan is paid to. Pure.

Rule book 6.5: a loan is paid to the borrower's own account. Names are compared as banks write them:
without capitals, accents, titles and points, in any order of their words.
"""

import re
import unicodedata

_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "shri", "smt", "bw", "bi"})
_ACCOUNT = re.compile(r"[A-Z0-9]{6,34}")
_BANK = re.compile(r"[A-Z0-9]{4,20}")


def is_same_person(holder: str, borrower: str) -> bool:
    """Say whether an account holder's name is the borrower's."""
    found = _words(holder)
    return bool(found) and found == _words(borrower)


def account(text: str) -> str:
    """Return an account number or IBAN in capitals without spaces; empty where it is none."""
    cleaned = re.sub(r"[\s-]", "", text).upper()
    return cleaned if _ACCOUNT.fullmatch(cleaned) and any(c.isdigit() for c in cleaned) else ""


def bank(text: str) -> str:
    """Return a bank's code - IFSC, BIC, routing or branch number - in capitals; empty if none."""
    cleaned = re.sub(r"[\s-]", "", text).upper()
    return cleaned if _BANK.fullmatch(cleaned) else ""


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(c for c in plain if not unicodedata.combining(c) or ord(c) > 0x36F)
    words = re.split(r"[\s.,'\u2019-]+", kept)
    return sorted(word for word in words if word and word not in _TITLES)
