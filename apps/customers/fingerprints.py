"""Blind indexes of personal values: equal values match, nobody can read them back.

Every caller hands over canonical values (`contact`, `identity`); each column has its own place,
so that equal values in different columns cannot be linked.
"""

from apps.core.keyring import keyring


def phone(value: str) -> str:
    """Return the index of a number in E.164; of nothing, nothing."""
    return keyring().blind_index(value, place="customers.customer.phone") if value else ""


def email(value: str) -> str:
    """Return the index of an e-mail in lower case; of nothing, nothing."""
    return keyring().blind_index(value, place="customers.customer.email") if value else ""


def identity(kind: str, value: str) -> str:
    """Return the index of an official number of a kind."""
    return keyring().blind_index(value, place=f"customers.identitynumber.{kind}")
