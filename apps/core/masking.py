"""Personal data as it may be shown to everybody: enough to recognise, too little to use. Pure."""

import re

DOTS = "••••"
# Longer than the key of a row: a part of a path that opens something by itself.
_TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_.-]{37,}(?=[/?\s\"']|$)")


def hidden(value: str) -> str:
    """Return dots for any value; nothing stays nothing, so that a history shows what was filled.

    The row history (auditlog) hands over the text "None" for a column that was empty.
    """
    return value if value in {"", "None"} else DOTS


def tail(value: str | None, *, keep: int = 4) -> str:
    """Return the last `keep` characters behind dots; dots alone where that would show half."""
    if not value:
        return ""
    return DOTS + value[-keep:] if len(value) >= 2 * keep else DOTS


def email(value: str | None) -> str:
    """Return the first letter and the domain: r••••@example.com."""
    if not value:
        return ""
    local, _, domain = value.rpartition("@")
    return f"{local[:1]}{DOTS}@{domain}"


def name(value: str | None) -> str:
    """Return the initials, each with the same number of dots: R•••• P••••."""
    return " ".join(word[0] + DOTS for word in (value or "").split())


def hide_tokens(text: str) -> str:
    """Return a text with paths in it without their tokens: /my/••••/letters/."""
    return _TOKEN.sub(DOTS, text)
