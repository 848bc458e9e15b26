"""Reasons the system gives by itself: kept as a code with its value, said to each reader. Pure.

What people type is kept and said as it is; what would read as a code is not taken from them.
"""

from collections.abc import Callable, Collection

_words: dict[str, Callable[[str], str]] = {}
# What stands in rows of before their reasons were codes.
_sentences: dict[str, Callable[[str], str]] = {}


def register(code: str, *, words: Callable[[str], str], before: Collection[str] = ()) -> None:
    """Let reasons of a code be said by `words`, which gets their value; once, at start-up.

    `before` are the sentences that the system kept instead, in one language, before there was a
    code: they are said like it.
    """
    _words[code] = words
    _sentences.update(dict.fromkeys(before, words))


def stored(code: str, value: str) -> str:
    """Return a reason as it is kept. Raises LookupError for a code nobody has words for."""
    if code not in _words:
        raise LookupError(f"Nobody has words for the reason {code}.")
    return f"{code}:{value}"


def is_code(typed: str) -> bool:
    """Say whether words would be said as a reason of the system: nobody may type such."""
    return typed.strip().partition(":")[0] in _words


def said(kept: str) -> str:
    """Return a kept reason in the reader's language; what somebody typed as it is."""
    code, _colon, value = kept.partition(":")
    words = _words.get(code) or _sentences.get(kept)
    return words(value) if words else kept
