"""The link by which a borrower ends reminders: whose they are, signed. Pure.

`customer.key.signature`, all in hexadecimal but for the key's name. It holds for good - a wish to
be left alone does not expire - and serves for nothing else.
"""

import re
import uuid

from apps.core.crypto import Keyring

PLACE = "repayments.stop_reminders.v1"
_SHAPE = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{1,60})\.([0-9a-f]{32})", re.ASCII)


class NotOurs(ValueError):
    """The text is no link of ours: cut short, altered, made up, or signed by a key we have not."""


def write(customer: uuid.UUID, ring: Keyring) -> str:
    """Return the token for a customer; the same customer and key give the same token."""
    key_id, signature = ring.sign(customer.bytes, place=PLACE)
    return f"{customer.hex}.{key_id}.{signature.hex()}"


def read(token: str, ring: Keyring) -> uuid.UUID:
    """Return whose reminders a token ends. Raises NotOurs, the same for whatever is wrong."""
    found = _SHAPE.fullmatch(token)
    if found is None:
        raise NotOurs
    customer = uuid.UUID(hex=found[1])
    signature = bytes.fromhex(found[3])
    if not ring.is_signed(customer.bytes, signature, key_id=found[2], place=PLACE):
        raise NotOurs
    return customer
