"""What the codes in columns and facts are called where people read a history.

Apps say it at start-up, in their `AppConfig.ready()`: audit knows none of them. A code nobody
named is shown as it is written.
"""

from collections.abc import Callable, Mapping
from typing import Any

_words: dict[tuple[str, str], dict[str, Any]] = {}
_telling: dict[tuple[str, str], Callable[[str], str]] = {}


def know(app: str, name: str, words: Mapping[str, Any]) -> None:
    """Call the codes of a fact, or of a column as `model.column`, of an app by these words."""
    _words[app, name] = dict(words)


def tell(app: str, name: str, say: Callable[[str], str]) -> None:
    """Show a fact of an app as `say` tells it: what is kept, as people know it."""
    _telling[app, name] = say


def said(app: str, name: str, code: str) -> str:
    """Return the word of a code, in the language that is active, or a text as its app tells it."""
    found = _words.get((app, name), {}).get(code)
    if found is not None:
        return str(found)
    say = _telling.get((app, name))
    return say(code) if say is not None else code
