"""What pages of the ledger can be narrowed to; all of it stands in the address."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.core.errors import DomainError
from apps.core.form_fields import DayField
from apps.core.money import MINOR_UNITS
from apps.ledger import labels, statement
from apps.ledger.chart import Event
from apps.ledger.selectors import EntryFilter

# A year of journal fits into one file; more is asked for year by year.
LONGEST_DAYS = 366


def _day(label: Any, *, required: bool = False) -> forms.DateField:
    return DayField(label=label, required=required)


class _Span(forms.Form):
    """Two days, the first not after the second."""

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("from_date"), cleaned.get("to_date")
        if start and end and end < start:
            self.add_error("to_date", _("This day is before the first one."))
        return cleaned


class _WithBranches(forms.Form):
    """A form that offers the branches a person may read, and their entities."""

    branch = forms.ChoiceField(label=_("Branch"), required=False)

    def __init__(self, *args: Any, branches: list[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._branches = {str(branch.pk): branch for branch in branches}
        lenders = {branch.entity_id: branch.entity.name for branch in branches}
        groups: dict[str, list[tuple[str, str]]] = {}
        for key, branch in self._branches.items():
            groups.setdefault(branch.entity.name, []).append((key, branch.name))
        whole = [(f"entity:{key}", name) for key, name in lenders.items()]
        choices: list[Any] = [("", _("All branches")), *(whole if len(whole) > 1 else [])]
        field: Any = self.fields["branch"]
        field.choices = [*choices, *groups.items()]

    def branches(self) -> list[Branch]:
        """Return the branches chosen: one, those of an entity, or all that may be read."""
        chosen = self.cleaned_data.get("branch", "") if self.is_bound else ""
        every = list(self._branches.values())
        if chosen.startswith("entity:"):
            return [one for one in every if str(one.entity_id) == chosen.partition(":")[2]]
        return [self._branches[chosen]] if chosen else every


class TrialForm(_WithBranches):
    """The day, the branch and the currency of a trial balance."""

    as_of = _day(_("At the end of"))
    currency = forms.ChoiceField(
        label=_("Currency"),
        required=False,
        choices=[("", _("Every currency")), *((code, code) for code in MINOR_UNITS)],
    )


class EntriesForm(_Span, _WithBranches):
    """Filters of the list of entries."""

    event = forms.ChoiceField(
        label=_("Event"),
        required=False,
        choices=[("", _("Anything")), *((one.value, labels.EVENTS[one]) for one in Event)],
    )
    reference = forms.CharField(label=_("Reference"), max_length=120, required=False)
    from_date = _day(_("From"))
    to_date = _day(_("To"))
    loan = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def chosen(self) -> EntryFilter:
        """Return the filters as typed; an invalid form filters by what is valid in it."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        narrowed = given.pop("branch", "")
        return EntryFilter(**given, branches=tuple(self.branches()) if narrowed else None)


class JournalForm(_Span, _WithBranches):
    """Which part of the journal is exported."""

    from_date = _day(_("From"), required=True)
    to_date = _day(_("To"), required=True)
    field_order = ["from_date", "to_date", "branch"]

    def clean(self) -> dict[str, Any]:
        """Refuse more than a year at once."""
        cleaned = super().clean()
        start, end = cleaned.get("from_date"), cleaned.get("to_date")
        if start and end and (end - start).days >= LONGEST_DAYS:
            self.add_error("to_date", _("Export at most one year at once."))
        return cleaned


class ClosingForm(forms.Form):
    """Whose books are closed, and up to which day."""

    entity = forms.ModelChoiceField(label=_("Lender"), queryset=Entity.objects.none())
    day = _day(_("Up to the end of"), required=True)

    def __init__(self, *args: Any, entities: QuerySet[Entity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["entity"]
        field.queryset = entities

    def refuse(self, refusal: DomainError) -> None:
        """Show a refusal at the day."""
        self.add_error("day", str(refusal))


class StatementForm(_Span):
    """From which day to which a statement goes, and whether corrections are shown."""

    from_date = _day(_("From"))
    to_date = _day(_("To"))
    corrections = forms.BooleanField(label=_("Show corrections"), required=False)

    def span(self, *, first: date, last: date) -> tuple[date, date]:
        """Return the days asked for; the whole life of the loan where they are refused."""
        given = self.cleaned_data if self.is_valid() else {}
        return statement.span(given.get("from_date"), given.get("to_date"), first=first, last=last)
