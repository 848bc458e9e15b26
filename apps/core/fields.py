"""Model fields whose column holds only ciphertext; they open when the attribute is read."""

import json
from datetime import date
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.core.keyring import keyring


class Ciphertext(bytes):
    """What the column holds: sealed bytes that have not been opened."""


class _OpenOnRead:
    """Open a sealed value on first read, keep the plain one on the instance."""

    def __init__(self, field: "EncryptedField") -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, Ciphertext):
            value = self.field.unseal(value, instance)
            instance.__dict__[name] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.BinaryField):
    """Base: `to_bytes` and `from_bytes` say how the plain value is written.

    The associated data is `app.Model.field:pk`, so the model needs a primary key before saving
    (core.models.Identified). Lookups other than isnull make no sense and are refused; search
    goes through a blind index column.
    """

    # What the type checker is told a plain value is; each subclass says what comes back.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def contribute_to_class(
        self,
        cls: type[models.Model],
        name: str,
        private_only: bool = False,
    ) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _OpenOnRead(self))

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def place(self, primary_key: Any) -> str:
        """Return the place a value of this column in that row is bound to."""
        return f"{self.model._meta.label_lower}.{self.name}:{primary_key}"

    def seal(self, value: Any, primary_key: Any) -> Ciphertext:
        """Return the sealed bytes for a plain value of a row; for bulk writes by COPY."""
        return Ciphertext(keyring().seal(self.to_bytes(value), place=self.place(primary_key)))

    def unseal(self, value: Ciphertext, instance: models.Model) -> Any:
        """Return the plain value of a row."""
        return self.from_bytes(keyring().open(value, place=self.place(instance.pk)))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Ciphertext):
            return value
        return self.seal(value, model_instance.pk)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else Ciphertext(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, Ciphertext):
            raise TypeError(f"{self.name} is encrypted: write it through an instance.")
        return super().get_db_prep_value(value, connection, prepared)

    def to_python(self, value: Any) -> Any:
        return value

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.name} is encrypted and is not serialised.")

    def to_bytes(self, value: Any) -> bytes:
        """Return the plain value as bytes."""
        raise NotImplementedError

    def from_bytes(self, plain: bytes) -> Any:
        """Return the plain value from its bytes."""
        raise NotImplementedError


class EncryptedTextField(EncryptedField):
    """Text of any length, encrypted."""

    _pyi_private_get_type: str

    def to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def from_bytes(self, plain: bytes) -> str:
        return plain.decode()


class EncryptedDateField(EncryptedField):
    """A date, encrypted."""

    _pyi_private_get_type: date

    def to_bytes(self, value: Any) -> bytes:
        if not isinstance(value, date):
            raise TypeError(f"{self.name} must be a date.")
        return value.isoformat().encode()

    def from_bytes(self, plain: bytes) -> date:
        return date.fromisoformat(plain.decode())


class EncryptedJSONField(EncryptedField):
    """JSON, encrypted; Decimals and dates become strings as Django writes them."""

    _pyi_private_get_type: Any

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True).encode()

    def from_bytes(self, plain: bytes) -> Any:
        return json.loads(plain)


class EncryptedBytesField(EncryptedField):
    """Bytes, for example a frozen letter, encrypted."""

    _pyi_private_get_type: bytes

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def from_bytes(self, plain: bytes) -> bytes:
        return plain
