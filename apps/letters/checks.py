"""What every part of a letter's facts is held against when it is put together. Pure."""

from decimal import Decimal


class ContentRefused(ValueError):
    """The facts cannot become a letter; the message says which one and why."""


def require_text(owner: object, *names: str) -> None:
    """Raise ContentRefused where one of the owner's texts is empty."""
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, str) or not value.strip():
            raise ContentRefused(f"{type(owner).__name__}.{name} must not be empty.")


def require_texts(owner: object, *names: str) -> None:
    """Raise ContentRefused where one sentence of the owner's lists is empty."""
    for name in names:
        for value in getattr(owner, name):
            if not isinstance(value, str) or not value.strip():
                raise ContentRefused(f"{type(owner).__name__}.{name} has an empty sentence.")


def require_amount(owner: object, *names: str, zero: bool = False) -> None:
    """Raise ContentRefused where one of the owner's amounts is no positive, finite Decimal."""
    for name in names:
        value = getattr(owner, name)
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ContentRefused(f"{type(owner).__name__}.{name} must be a finite Decimal.")
        if value < 0 or (value == 0 and not zero):
            raise ContentRefused(f"{type(owner).__name__}.{name} must be positive.")


def require_term(owner: object, term_months: int) -> None:
    """Raise ContentRefused for a term that is no whole number of months."""
    if not isinstance(term_months, int) or term_months < 1:
        raise ContentRefused(f"{type(owner).__name__}.term_months must be at least one month.")
