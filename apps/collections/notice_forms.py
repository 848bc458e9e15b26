"""What may be typed about notices."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.collections import wording
from apps.collections.services import NoticeEntry, WordEntry
from apps.core.form_fields import DayField
from apps.customers.forms.fields import PickField
from apps.loans.forms import Refusable

# The day the form begins with lies so far ahead.
_USUAL = timedelta(days=14)


class NoticeForm(Refusable):
    """Which notice, and by when the borrower is to pay."""

    kind = PickField(
        label=_("Notice"), choices=[(kind.value, word) for kind, word in wording.NOTICES.items()]
    )
    pay_by = DayField(label=_("To be paid by"))

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pay_by"].initial = today + _USUAL

    def entry(self) -> NoticeEntry:
        """Return what was entered."""
        return NoticeEntry(**self.cleaned_data)


class WordForm(Refusable):
    """What became of a notice."""

    word = PickField(
        label=_("What happened"),
        choices=[(word.value, said) for word, said in wording.NOTICE_WORDS.items()],
    )
    happened_on = DayField(label=_("On"))
    reference = forms.CharField(
        label=_("Reference of the post"),
        max_length=80,
        required=False,
        help_text=_("Needed where it was posted."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["happened_on"].initial = today

    def entry(self) -> WordEntry:
        """Return what was entered."""
        return WordEntry(**self.cleaned_data)
