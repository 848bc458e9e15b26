"""Fields the forms about customers share."""

import re
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from apps.core.errors import DomainError
from apps.core.form_fields import MoneyField, WholeField
from apps.customers.findings import Finding
from apps.customers.sentences import words

# 1,234,567.89 or 12,34,567.89; a comma anywhere else is not a thousands separator.
_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,10})?", re.ASCII)


class AmountField(MoneyField):
    """An amount of money as people write it; grouped digits are read, exponents are not."""

    # Django derives a decimal field from an integer one; the types cannot follow that.
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        """Return the amount; raise ValidationError for anything else."""
        text = str(value or "").strip() if not isinstance(value, Decimal) else str(value)
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if text and not _PLAIN.fullmatch(text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text)


class CountField(WholeField):
    """A whole number, zero or more."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        options.setdefault("max_value", 10_000)
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric"}))
        super().__init__(**options)


class KeyField(forms.UUIDField):
    """The hidden name of one submission, so that it is written once however often it is sent."""

    def __init__(self) -> None:
        super().__init__(initial=uuid.uuid4, widget=forms.HiddenInput)


class PickField(forms.ChoiceField):
    """A choice a person makes: nothing is picked beforehand, so nothing is recorded unasked."""

    def __init__(self, *, choices: list[tuple[str, Any]], **options: Any) -> None:
        super().__init__(choices=[("", _("Choose …")), *choices], **options)


class LenderCurrencyField(forms.ChoiceField):
    """The lender's currency, the only one offered; amounts of several cannot be added up."""

    def __init__(self, currency: str) -> None:
        super().__init__(
            label=_("Currency"),
            choices=[(currency, currency)],
            initial=currency,
            error_messages={
                "invalid_choice": words(Finding("currency_of_lender", currency=currency))
            },
        )


class ShownField(forms.CharField):
    """The hidden time stamp of the row a person was looking at; empty where there was none."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=40, widget=forms.HiddenInput)

    def clean(self, value: Any) -> datetime | None:
        """Return the time stamp; raise ValidationError for a text that is none."""
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ValidationError(_("This page is damaged. Open it anew."))
        return moment


def show(form: forms.Form, error: DomainError) -> None:
    """Put an error of a service into the form: beside its fields, else above them."""
    for name, text in error.fields.items():
        form.add_error(name if name in form.fields else None, str(text))
    if not error.fields or error.status != DomainError.status:
        form.add_error(None, str(error.sentence))
