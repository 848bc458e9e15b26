"""What is typed to stop automated decisions and to ask that they start again."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity

LONGEST_TEXT = 2_000
ALL = "all"


class StopForm(forms.Form):
    """Whose automated decisions stop, and why."""

    scope = forms.ChoiceField(
        label=_("Whose decisions"),
        error_messages={
            "required": _("Choose a lender, or all of them."),
            "invalid_choice": _("Choose a lender, or all of them."),
        },
    )
    reason = forms.CharField(
        label=_("Why"),
        help_text=_("Everybody reads it on every page and beside each case; applicants do not."),
        max_length=LONGEST_TEXT,
        error_messages={"required": _("Say why automated decisions are stopped.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self, *args: Any, lenders: Iterable[Entity], may_stop_all: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._lenders = {one.code: one for one in lenders}
        every = [(ALL, _("All lenders"))] if may_stop_all else []
        named = [(code, one.name) for code, one in self._lenders.items()]
        self.fields["scope"].choices = [("", _("Choose")), *every, *named]  # type: ignore[attr-defined]

    def entity(self) -> Entity | None:
        """Return the lender chosen, None for all."""
        return self._lenders.get(self.cleaned_data["scope"])


class RestartForm(forms.Form):
    """What was found and done, for the person who confirms."""

    note = forms.CharField(
        label=_("What was found and done"),
        help_text=_("Another person reads it and confirms, or keeps automated decisions stopped."),
        max_length=LONGEST_TEXT,
        error_messages={"required": _("Say what was found and done.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
