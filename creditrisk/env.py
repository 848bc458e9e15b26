"""Typed readers of environment variables that fail loudly and say which variable is wrong."""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_RATE = re.compile(r"[1-9][0-9]{0,5}/(?:sec|min|hour|day)", re.ASCII)
_KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}", re.ASCII)


class SettingRefused(RuntimeError):
    """A setting is missing or insecure; the process must not start."""


class Env:
    """Read settings from `values`; a missing value without a default is refused by name."""

    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self._values = values

    def text(self, name: str, default: str | None = None) -> str:
        """Return the variable, or the default; an empty value counts as missing."""
        value = self._values.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise SettingRefused(f"{name} is not set. See the configuration table in README.md.")
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes/no variable; anything else than a yes or a no is refused."""
        value = self._values.get(name, "").strip().lower()
        if not value:
            return default
        if value in _TRUE or value in _FALSE:
            return value in _TRUE
        raise SettingRefused(f"{name} must be yes or no, not {value!r}.")

    def number(self, name: str, default: int, *, least: int = 0, most: int = 10**6) -> int:
        """Return a whole number from `least` to `most`."""
        value = self._values.get(name, "").strip()
        if not value:
            return default
        try:
            number = int(value)
        except ValueError:
            raise SettingRefused(f"{name} must be a whole number, not {value!r}.") from None
        if not least <= number <= most:
            raise SettingRefused(f"{name} must lie between {least} and {most}, not {number}.")
        return number

    def rate(self, name: str, default: str) -> str:
        """Return how often something may happen: `20/min`."""
        value = self.text(name, default)
        if not _RATE.fullmatch(value):
            raise SettingRefused(f"{name} must be like 20/min or 100/hour, not {value!r}.")
        return value

    def words(self, name: str, default: str | None = None) -> list[str]:
        """Return a comma-separated list without empty items."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def address(self, name: str, schemes: tuple[str, ...]) -> str:
        """Return the address of a service we know how to speak to."""
        value = self.text(name)
        if _parts(name, value).scheme not in schemes:
            raise SettingRefused(f"{name} must begin with one of {', '.join(schemes)}, then ://.")
        return value

    def key(self, name: str) -> bytes:
        """Return a 32-byte key written in base64."""
        return decode_key(name, self.text(name))

    def keyring(self, name: str) -> dict[str, bytes]:
        """Return named 32-byte keys, current one first: `k2:<base64>,k1:<base64>`."""
        keys: dict[str, bytes] = {}
        for item in self.words(name):
            key_id, _, encoded = item.partition(":")
            # The id stands in front of every value it seals, between two bars.
            if not _KEY_ID.fullmatch(key_id) or key_id in keys:
                raise SettingRefused(f"{name} must be a list of distinct `id:base64` keys.")
            keys[key_id] = decode_key(name, encoded)
        return keys


def refuse_weak(name: str, secret: str) -> None:
    """Refuse a secret that is short, monotonous or an example."""
    if len(secret) < 50 or len(set(secret)) < 10:
        raise SettingRefused(f"{name} must be at least 50 random characters in production.")
    if secret.startswith("django-insecure") or "change" in secret.lower():
        raise SettingRefused(f"{name} is an example value; make a new one for production.")


def refuse_shared(keys: Mapping[str, bytes]) -> None:
    """Refuse one key under two names: each purpose, and each step of a rotation, has its own."""
    names: dict[bytes, str] = {}
    for name, key in keys.items():
        if key in names:
            raise SettingRefused(f"{name} must not be the same key as {names[key]}.")
        names[key] = name


def decode_key(name: str, encoded: str) -> bytes:
    """Return the 32 bytes behind a base64 text; refuse any other length and a key of zeros."""
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise SettingRefused(f"{name} holds something that is not base64.") from None
    if len(key) != 32 or len(set(key)) < 8:
        raise SettingRefused(f"{name} must hold 32 random bytes in base64.")
    return key


def database(url: str) -> dict[str, object]:
    """Return Django's database settings for a PostgreSQL URL; no other engine is accepted.

    A Unix socket is given as `?host=/folder`, as libpq does.
    """
    parts = _parts("DATABASE_URL", url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SettingRefused("DATABASE_URL must be a postgresql:// address.")
    try:
        port = parts.port
    except ValueError:
        raise SettingRefused("DATABASE_URL names a port that is not a number.") from None
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise SettingRefused("DATABASE_URL names no database.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", parts.hostname or "")
    return {
        "ENGINE": "apps.core.postgres",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or query.pop("port", "")),
        "OPTIONS": query,
    }


def _parts(name: str, url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise SettingRefused(f"{name} is not an address.") from None
