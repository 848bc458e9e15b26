"""The hash chain: each seal covers the event and the seal before it. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True)
class Link:
    """One sealed event as read back: where it stands, what it says, what its seal claims."""

    position: int
    event: Mapping[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class Break:
    """The first place where the chain does not hold, and why."""

    position: int
    reason: str


def canonical(event: Mapping[str, Any]) -> bytes:
    """Return the one byte sequence an event is hashed as: sorted JSON, times in UTC."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), default=_text).encode()


def seal_hash(previous_hash: str, event: Mapping[str, Any]) -> str:
    """Return SHA-256 over the previous seal and the event, in hexadecimal."""
    return hashlib.sha256(previous_hash.encode() + b"\n" + canonical(event)).hexdigest()


def first_break(links: Iterable[Link]) -> Break | None:
    """Return the first broken link of a chain read in order from position 1, or None."""
    expected, previous = 1, GENESIS
    for link in links:
        if link.position != expected:
            return Break(expected, f"position {expected} is missing")
        if link.previous_hash != previous:
            return Break(link.position, "it does not follow the seal before it")
        if link.hash != seal_hash(previous, link.event):
            return Break(link.position, "the event differs from what was sealed")
        expected, previous = expected + 1, link.hash
    return None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
