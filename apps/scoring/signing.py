"""The key that signs models: without it nobody can put a model of their own into the database."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings


def private_key() -> Ed25519PrivateKey:
    """Return the signing key; settings have checked that it is 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(settings.MODEL_SIGNING_KEY)


def public_key() -> Ed25519PublicKey:
    """Return the key that verifies what `private_key` signed."""
    return private_key().public_key()
