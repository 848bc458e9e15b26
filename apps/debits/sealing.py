"""Encrypted values for `move`, which writes columns without going through the instance."""

from typing import Any

from django.db import models

from apps.core.fields import Ciphertext, EncryptedField


def sealed(row: models.Model, name: str, value: Any) -> Ciphertext:
    """Return a plain value sealed for an encrypted column of a row."""
    column = type(row)._meta.get_field(name)
    if not isinstance(column, EncryptedField):
        raise TypeError(f"{name} is not encrypted.")
    return column.seal(value, row.pk)
