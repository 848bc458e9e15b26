"""What people type in about stress tests."""

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.impairment.forms import JsonField
from apps.impairment.models import Run
from apps.loans.forms import Refusable
from apps.stress.models import Terms
from apps.stress.reading import Kind
from apps.stress.services import Asked, Question

_REASON = forms.Textarea(attrs={"rows": 3})


class TermsForm(Refusable):
    """What is proposed, changed in place, and why."""

    body = JsonField(label=_("Terms"))
    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=_REASON)

    def asked(self, kind: Kind) -> Asked:
        """Return what was typed."""
        return Asked(kind=kind, **self.cleaned_data)


class NoteForm(Refusable):
    """Why a proposal is refused."""

    note = forms.CharField(label=_("Reason"), max_length=2_000, widget=_REASON)


class AskForm(Refusable):
    """Which scenarios are put to which measurement."""

    title = forms.CharField(label=_("Title"), max_length=120)
    measured = forms.ChoiceField(label=_("Losses as measured at the end of"))
    scenarios = forms.MultipleChoiceField(label=_("Scenarios"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, runs: list[Run], scenarios: list[Terms], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._runs = {str(one.pk): one for one in runs}
        self._scenarios = {str(one.pk): one for one in scenarios}
        shown: Any = self.fields
        shown["measured"].choices = [
            (key, date_format(one.day, "j M Y")) for key, one in self._runs.items()
        ]
        shown["scenarios"].choices = [(key, _named(one)) for key, one in self._scenarios.items()]

    def question(self) -> Question:
        """Return what was asked."""
        given = self.cleaned_data
        return Question(
            title=given["title"],
            measured=self._runs[given["measured"]],
            scenarios=[self._scenarios[key] for key in given["scenarios"]],
        )


def _named(one: Terms) -> str:
    return gettext("%(name)s, version %(version)s") % {"name": one.name, "version": one.version}
