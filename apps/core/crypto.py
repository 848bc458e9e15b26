"""Encryption of personal data at rest: AES-256-GCM with named keys, and keyed blind indexes. Pure.

A sealed value is `v1|key id|nonce|ciphertext`; the associated data binds it to its place
(`model.field:primary key`), so a ciphertext copied to another row or column does not open.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = "v1"
NONCE_BYTES = 12
SIGNATURE_BYTES = 16


class CannotOpen(Exception):
    """The sealed value was altered, moved to another place, or its key is not here."""


class Keyring:
    """Keys by name; the first seals, all of them open."""

    def __init__(self, keys: Mapping[str, bytes], *, index_key: bytes) -> None:
        if not keys:
            raise ValueError("A keyring needs at least one key.")
        self.current = next(iter(keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._index_key = index_key
        # A key that seals signs nothing itself: one derived from it does.
        self._signers = {
            key_id: hmac.digest(key, b"creditrisk signing", hashlib.sha256)
            for key_id, key in keys.items()
        }

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Return `plain` encrypted under the current key and bound to `place`."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, plain, place.encode())
        return f"{VERSION}|{self.current}|".encode() + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Return the plain bytes; raise CannotOpen for an altered, moved or foreign value."""
        version, key_id, body = _parts(sealed)
        cipher = self._ciphers.get(key_id)
        if version != VERSION or cipher is None:
            raise CannotOpen(f"No key {key_id!r} for a value of version {version!r}.")
        if len(body) < NONCE_BYTES:
            raise CannotOpen(f"The value stored at {place} is cut short.")
        try:
            return cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], place.encode())
        except InvalidTag:
            raise CannotOpen(f"The value stored at {place} does not open.") from None

    def is_current(self, sealed: bytes) -> bool:
        """Say whether a value is already sealed under the current key."""
        return _parts(sealed)[1] == self.current

    def sign(self, message: bytes, *, place: str) -> tuple[str, bytes]:
        """Return the name of the current key and its signature over a message for one place."""
        return self.current, self._signature(self.current, message, place)

    def is_signed(self, message: bytes, signature: bytes, *, key_id: str, place: str) -> bool:
        """Say whether one of our keys signed the message for that place; in constant time."""
        if key_id not in self._signers:
            return False
        return hmac.compare_digest(self._signature(key_id, message, place), signature)

    def _signature(self, key_id: str, message: bytes, place: str) -> bytes:
        signed = f"{place}\0".encode() + message
        return hmac.digest(self._signers[key_id], signed, hashlib.sha256)[:SIGNATURE_BYTES]

    def blind_index(self, value: str, *, place: str) -> str:
        """Return a keyed fingerprint for exact-match search; equal values in one place match.

        The caller normalises `value` first. `place` is `model.field`, so that equal values in
        different columns cannot be linked.
        """
        digest = hmac.digest(self._index_key, f"{place}\0{value}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:24]).decode()


def _parts(sealed: bytes) -> tuple[str, str, bytes]:
    version, _, rest = bytes(sealed).partition(b"|")
    key_id, _, body = rest.partition(b"|")
    return version.decode(errors="replace"), key_id.decode(errors="replace"), body
