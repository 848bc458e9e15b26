"""Signatures of webhooks, as the Standard Webhooks specification 1.0 writes them. Pure.

The receiver computes HMAC-SHA256 over `id.timestamp.body` with the shared secret and compares it
with what the header holds after `v1,`; a time stamp far from its own clock is refused there.
"""

import base64
import hashlib
import hmac
from collections.abc import Collection
from urllib.parse import urlsplit

_HTTPS_PORT = 443
_PREFIX = "whsec_"


class AddressRefused(ValueError):
    """A webhook address that nothing is sent to; the argument says why, as a code."""


def key_of(secret: str) -> bytes:
    """Return the key of a secret: what stands in base64 after `whsec_`, else the text itself."""
    if secret.startswith(_PREFIX):
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    return secret.encode()


def signature(*, key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`; `timestamp` is in seconds since 1970."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(*, key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers a signed message goes out with."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(
            key=key, message_id=message_id, timestamp=timestamp, body=body
        ),
    }


def is_genuine(*, key: bytes, found: str, message_id: str, timestamp: int, body: bytes) -> bool:
    """Say whether one of the signatures in a header, divided by spaces, is ours."""
    expected = signature(key=key, message_id=message_id, timestamp=timestamp, body=body)
    return any(hmac.compare_digest(one, expected) for one in found.split(" "))


def allowed(url: str, *, hosts: Collection[str]) -> tuple[str, str]:
    """Return host and path of an address that messages may go to.

    Raises AddressRefused with `no_address`, `not_https`, `not_plain` (user, port or fragment in
    it) or `host_not_allowed`: only hosts the operator listed are ever asked.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("no_address") from None
    if parts.scheme != "https":
        raise AddressRefused("not_https")
    host = parts.hostname or ""
    if (parts.username, parts.password) != (None, None) or parts.fragment:
        raise AddressRefused("not_plain")
    if port not in (None, _HTTPS_PORT) or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressRefused("not_plain")
    if host not in hosts:
        raise AddressRefused("host_not_allowed")
    path = parts.path or "/"
    return host, f"{path}?{parts.query}" if parts.query else path
