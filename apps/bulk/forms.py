"""What a person enters on the pages of files."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, User
from apps.bulk import columns, selectors, words
from apps.bulk.models import UploadRow
from apps.core.table_formats import Format


class BranchChoice(forms.ModelChoiceField):
    """A branch, addressed by its code."""

    def label_from_instance(self, obj: Branch) -> str:
        """Return the branch's name and its lender."""
        return f"{obj.name}, {obj.entity}"


class UploadForm(forms.Form):
    """A file, whose it is, and how it writes numbers and dates."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or Excel (.xlsx), with one header row and one application a row."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
    source = forms.CharField(
        label=_("Whose file it is"),
        max_length=60,
        help_text=_("For example the dealer. References are told apart by it; use the same name."),
    )
    branch = BranchChoice(
        label=_("Branch"), queryset=Branch.objects.none(), to_field_name="code", empty_label=None
    )
    decimal = forms.ChoiceField(label=_("Decimals"), choices=words.DECIMALS, initial="point")
    dates = forms.ChoiceField(label=_("Dates"), choices=words.DATES, initial="iso")
    delimiter = forms.ChoiceField(
        label=_("Between columns (CSV)"), choices=words.DELIMITERS, initial="auto"
    )
    encoding = forms.ChoiceField(
        label=_("Encoding (CSV)"), choices=words.ENCODINGS, initial="utf-8"
    )

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        branches = selectors.branches(actor)
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]
        self.fields["branch"].initial = actor.branch.code

    def format(self) -> Format:
        """Return how the file writes numbers and dates."""
        given = self.cleaned_data
        names = ("encoding", "delimiter", "decimal", "dates")
        return Format(**{name: given[name] for name in names})


class ColumnsForm(forms.Form):
    """Which of our columns each column of the file is."""

    def __init__(
        self, *args: Any, header: Sequence[str], mapping: dict[str, int], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.header = header
        told = {place: name for name, place in mapping.items()}
        choices = _column_choices()
        for place, heading in enumerate(header):
            self.fields[f"column_{place}"] = forms.ChoiceField(
                label=heading,
                choices=choices,
                required=False,
                initial=told.get(place, ""),
                widget=forms.Select(attrs={"class": "input"}),
            )

    def headings(self) -> dict[str, str]:
        """Return what each column of the file was told to be."""
        return {
            heading: self.cleaned_data[f"column_{place}"]
            for place, heading in enumerate(self.header)
        }

    def show(self, errors: dict[str, object]) -> None:
        """Put the sentences of a refusal beside the headings they speak of, else above."""
        fields = {heading: f"column_{place}" for place, heading in enumerate(self.header)}
        for name, sentence in errors.items():
            self.add_error(fields.get(name), str(sentence))


def _column_choices() -> list[Any]:
    groups = [
        (
            words.SECTIONS[section],
            [(one.name, words.column(one.name)) for one in columns.of_section(section)],
        )
        for section in columns.SECTIONS
    ]
    return [("", _("Not used")), *groups]


class RowsForm(forms.Form):
    """Which rows of a file to list; what is not understood filters nothing."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *UploadRow.State.choices]
    )

    def chosen(self) -> str:
        """Return the state to list, or nothing for all."""
        self.full_clean()
        return str(self.cleaned_data.get("state") or "")
