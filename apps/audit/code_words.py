"""What the codes in columns and facts are called where people read a history.

Apps say it at start-up, in their `AppConfig.ready()`: audit knows none of them. A code nobody
named is shown as it is written.
"""

from collections.abc import Mapping
from typing import Any

_words: dict[tuple[str, str], dict[str, Any]] = {}


def know(app: str, name: str, words: Mapping[str, Any]) -> None:
    """Call the codes of a fact, or of a column as `model.column`, of an app by these words."""
    _words[app, name] = dict(words)


def said(app: str, name: str, code: str) -> str:
    """Return the word of a code, in the language that is active; any other text as it is."""
    found = _words.get((app, name), {}).get(code)
    return code if found is None else str(found)
