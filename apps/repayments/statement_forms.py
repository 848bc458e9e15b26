"""What a person enters on the pages of statements and of money in suspense."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.applications.forms import AmountField
from apps.core.form_fields import DayField
from apps.core.table_formats import Format
from apps.loans.forms import ReasonForm, Refusable
from apps.loans.models import Loan
from apps.repayments import statement_columns as columns
from apps.repayments import statement_looks as looks
from apps.repayments.models import StatementFile, StatementLine
from apps.repayments.services import placing

ENCODINGS = [("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("windows-1252", "Windows-1252")]
DELIMITERS = [
    ("auto", _("As found")),
    ("comma", _("Comma")),
    ("semicolon", _("Semicolon")),
    ("tab", _("Tab")),
]
DECIMALS = [("point", _("Point: 1,234.50")), ("comma", _("Comma: 1.234,50"))]
DATES = [
    ("day_first", _("Day first: 31/12/2026, or 2026-12-31")),
    ("month_first", _("Month first: 12/31/2026, or 2026-12-31")),
]
# What can be uploaded as a statement.
LAYOUTS = [one for one in StatementFile.Layout.choices if one[0] in columns.LAYOUTS]
# Roles that can be told by heading; the others are always recognised.
TOLD = (
    *(columns.DAY, columns.CREDIT, columns.DEBIT, columns.AMOUNT),
    *(columns.REFERENCE, columns.NARRATIVE, columns.ACCOUNT, columns.PARTY, columns.PHONE),
)


class BranchChoice(forms.ModelChoiceField):
    """A branch, addressed by its code."""

    def label_from_instance(self, obj: Branch) -> str:
        """Return the branch's name and its lender."""
        return f"{obj.name}, {obj.entity}"


class StatementForm(forms.Form):
    """A statement, whose it is, how it writes, and what columns are called that are not known."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or Excel (.xlsx), as the bank or Safaricom writes it."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
    )
    layout = forms.ChoiceField(label=_("Layout"), choices=LAYOUTS)
    branch = BranchChoice(
        label=_("Branch"),
        queryset=Branch.objects.none(),
        to_field_name="code",
        empty_label=None,
        help_text=_("Money that names no loan is kept in the books of this branch."),
    )
    decimal = forms.ChoiceField(label=_("Decimals"), choices=DECIMALS, initial="point")
    dates = forms.ChoiceField(label=_("Dates"), choices=DATES, initial="day_first")
    delimiter = forms.ChoiceField(
        label=_("Between columns (CSV)"), choices=DELIMITERS, initial="auto"
    )
    encoding = forms.ChoiceField(label=_("Encoding (CSV)"), choices=ENCODINGS, initial="utf-8")

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        branches = Branch.objects.filter(pk__in=accounts.branch_ids(actor))
        if actor.works_everywhere:
            branches = Branch.objects.all()
        field = self.fields["branch"]
        field.queryset = branches.select_related("entity").order_by("name")  # type: ignore[attr-defined]
        field.initial = actor.branch.code
        for role in TOLD:
            self.fields[f"told_{role}"] = forms.CharField(
                label=looks.ROLES[role], required=False, max_length=80
            )

    @property
    def told_fields(self) -> list[forms.BoundField]:
        """The fields for headings."""
        return [self[f"told_{role}"] for role in TOLD]

    def format(self) -> Format:
        """Return how the file writes numbers and days."""
        given = self.cleaned_data
        names = ("encoding", "delimiter", "decimal", "dates")
        return Format(**{name: given[name] for name in names})

    def told(self) -> dict[str, str]:
        """Return the headings that were typed, by role."""
        found = {role: self.cleaned_data[f"told_{role}"].strip() for role in TOLD}
        return {role: heading for role, heading in found.items() if heading}


class LinesForm(forms.Form):
    """Which lines of a statement to list; what is not understood filters nothing."""

    status = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), *((code, look.word) for code, look in looks.LINES.items())],
    )

    def chosen(self) -> str:
        """Return the state to list, or nothing for all."""
        self.full_clean()
        return str(self.cleaned_data.get("status") or "")


class SuspenseFilter(forms.Form):
    """What the money in suspense can be narrowed by; what is not understood filters nothing."""

    reference = forms.CharField(label=_("Reference"), required=False, max_length=60)
    amount = AmountField(label=_("Amount"), required=False)

    def lookups(self) -> dict[str, Any]:
        """Return what was asked for, as a queryset takes it."""
        self.full_clean()
        given = {name: self.cleaned_data.get(name) for name in self.fields}
        found: dict[str, Any] = {}
        if given["reference"]:
            found["reference"] = "".join(str(given["reference"]).split()).upper()
        if given["amount"] is not None:
            found["amount"] = given["amount"]
        return found


class PlaceForm(Refusable):
    """The loan money is for, and from when it counts."""

    loan = forms.CharField(label=_("Loan number"), max_length=24)
    day = DayField(
        label=_("Counts from"),
        help_text=_("The value date, unless the books of that day are closed."),
    )

    def __init__(self, *args: Any, actor: User, line: StatementLine, **options: Any) -> None:
        options.setdefault("initial", {"day": line.day})
        super().__init__(*args, **options)
        self._actor, self._line = actor, line

    def clean_loan(self) -> Loan:
        """Return the loan of this number that the person may see."""
        number = self.cleaned_data["loan"].strip().upper()
        found = placing.loan_of(self._actor, self._line, number)
        if found is None:
            raise forms.ValidationError(_("There is no such loan, or it is not yours to see."))
        return found


class ReturnForm(Refusable):
    """The day money goes back."""

    day = DayField(label=_("Returned on"))


class NoteForm(Refusable):
    """What was found out."""

    text = forms.CharField(
        label=_("Note"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


__all__ = [
    "LinesForm",
    "NoteForm",
    "PlaceForm",
    "ReasonForm",
    "ReturnForm",
    "StatementForm",
    "SuspenseFilter",
]
