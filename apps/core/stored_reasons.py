"""Reasons the system gives by itself: kept as a code with its value, said to each reader. Pure.

What people type is kept and said as it is: between code and value stands a character that no
keyboard has.
"""

from collections.abc import Callable

# Not white space at the ends, which is taken off what is kept.
_BETWEEN = "\x1e"
_words: dict[str, Callable[[str], str]] = {}


def register(code: str, *, words: Callable[[str], str]) -> None:
    """Let reasons of a code be said by `words`, which gets their value; once, at start-up."""
    _words[code] = words


def stored(code: str, value: str) -> str:
    """Return a reason as it is kept.

    Raises LookupError for a code nobody has words for, ValueError for no value.
    """
    if code not in _words:
        raise LookupError(f"Nobody has words for the reason {code}.")
    if not value.strip():
        raise ValueError(f"The reason {code} needs a value.")
    return f"{code}{_BETWEEN}{value}"


def said(kept: str) -> str:
    """Return a kept reason in the reader's language; what somebody typed as it is."""
    code, _between, value = kept.partition(_BETWEEN)
    words = _words.get(code)
    return words(value) if words and value else kept
