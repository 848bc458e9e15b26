"""The keyring of this process, built once from the settings."""

from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from apps.core.crypto import Keyring


@cache
def keyring() -> Keyring:
    """Return the keys of FIELD_ENCRYPTION_KEYS (current first) and the blind index key."""
    return Keyring(settings.FIELD_ENCRYPTION_KEYS, index_key=settings.BLIND_INDEX_KEY)


# Tests override settings; the cached ring must follow.
@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting in {"FIELD_ENCRYPTION_KEYS", "BLIND_INDEX_KEY"}:
        keyring.cache_clear()
