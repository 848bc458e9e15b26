"""One byte form for a JSON value, so that equal content always has an equal hash."""

import hashlib
import json
import re
from collections.abc import Mapping

# How a whole float begins or ends in JSON text; a text may hold the same, so it is only a hint.
_MAYBE_WHOLE = re.compile(r"\.0(?!\d)|e\+")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def canonical_bytes(value: object) -> bytes:
    """Return `value` as sorted, compact UTF-8 JSON.

    A whole float is written as an integer: a JSON database column turns 1e20 into an integer
    and back, and the hash must survive that trip. NaN and infinity raise ValueError.
    """
    # Nearly nothing holds a whole float, and every feature, score and decision is hashed.
    text = _text(value) if type(value) is dict else ""
    if not text or _MAYBE_WHOLE.search(text):
        text = _text(_normal(value))
    return text.encode()


def sha256(*parts: bytes) -> str:
    """Return the hex SHA-256 of the parts, each preceded by its length so that none can bleed."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _text(value: object) -> str:
    return json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=_as_dict,
    )


def _as_dict(value: object) -> object:
    """Return a mapping that is no dict as one; TypeError for what is no JSON."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON.")


def _normal(value: object) -> object:
    # Nearly everything is text: ask for it first.
    if type(value) is str:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if type(value) is dict or isinstance(value, Mapping):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(item) for item in value]
    return value
