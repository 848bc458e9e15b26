"""What stands in a signed link: its purpose, the application, the last second. Pure.

A token is `content.key.signature`: the content names a purpose, the application by its key, the
last second, and the series of the application's links, which a revocation ends. Who holds it may do
what its purpose says; nobody can make one without a key of the ring.
"""

import base64
import binascii
import struct
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from apps.core.crypto import Keyring

STATUS, LETTER, APPEAL, OFFER = "status", "letter", "appeal", "offer"
# Each may do what stands before it, too.
PURPOSES = (STATUS, LETTER, APPEAL, OFFER)
PLACE = "portal.link.v1"
_CONTENT = struct.Struct(">B16sIH")
LONGEST = 200
_MOST_SECONDS = 2**32 - 1


class NotOurs(ValueError):
    """The text is no token of ours: cut short, altered, made up, or signed by a key we have not."""


@dataclass(frozen=True)
class Link:
    """What a genuine token says. That it still holds is for the caller to find out."""

    purpose: str
    application: uuid.UUID
    expires_at: datetime
    series: int

    def may(self, purpose: str) -> bool:
        """Say whether a link for this purpose serves for another one."""
        return PURPOSES.index(purpose) <= PURPOSES.index(self.purpose)


def write(link: Link, ring: Keyring) -> str:
    """Return the token of a link; the same link and key give the same token."""
    seconds = min(int(link.expires_at.timestamp()), _MOST_SECONDS)
    content = _CONTENT.pack(
        PURPOSES.index(link.purpose), link.application.bytes, seconds, link.series
    )
    key_id, signature = ring.sign(content, place=PLACE)
    return f"{_text(content)}.{key_id}.{_text(signature)}"


def read(token: str, ring: Keyring) -> Link:
    """Return what a token says. Raises NotOurs, the same for whatever is wrong with it."""
    parts = token.split(".") if len(token) <= LONGEST else []
    if len(parts) != len(("content", "key", "signature")):
        raise NotOurs
    content, signature = _bytes(parts[0]), _bytes(parts[2])
    if not ring.is_signed(content, signature, key_id=parts[1], place=PLACE):
        raise NotOurs
    try:
        purpose, key, seconds, series = _CONTENT.unpack(content)
        return Link(
            PURPOSES[purpose], uuid.UUID(bytes=key), datetime.fromtimestamp(seconds, UTC), series
        )
    except (struct.error, IndexError) as wrong:
        raise NotOurs from wrong


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise NotOurs from wrong
    # One signature has one spelling: the last sign of base64 can hold bits that say nothing.
    if _text(found) != text:
        raise NotOurs
    return found
