"""Forms of direct debits."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.applications.forms import AmountField
from apps.core.form_fields import DayField, WholeField
from apps.customers.forms.fields import PickField
from apps.debits import looks
from apps.debits.models import DebitRule, Mandate
from apps.debits.services import MandateEntry, RuleEntry
from apps.debits.services.ruling import BOUNDS
from apps.loans.forms import ReasonForm, Refusable
from apps.loans.models import Loan
from apps.repayments.statement_forms import BranchChoice


class MandateForm(Refusable):
    """What a borrower consents to."""

    holder = forms.CharField(label=_("Account holder"), max_length=120)
    account_number = forms.CharField(
        label=_("Account number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    bank_code = forms.CharField(
        label=_("Bank code"), max_length=24, help_text=_("IFSC, branch, routing or BIC.")
    )
    maximum = AmountField(label=_("At most, each time"))
    from_date = DayField(label=_("From"))
    until_date = DayField(
        label=_("Until"), required=False, help_text=_("Left empty, until it is ended.")
    )
    consent_channel = PickField(label=_("How consent was given"), choices=Mandate.Consent.choices)
    consent_date = DayField(label=_("Consent given on"))
    evidence = forms.CharField(
        label=_("Where the consent is kept"),
        max_length=300,
        help_text=_("The number of the form, the document, or the bank's log."),
    )
    reference = forms.CharField(
        label=_("Mandate reference"),
        max_length=35,
        required=False,
        help_text=_("As on the form; left empty, one is made up."),
    )
    for_all_loans = forms.BooleanField(label=_("For all loans of this borrower"), required=False)

    def __init__(self, *args: Any, loan: Loan, **options: Any) -> None:
        super().__init__(*args, **options)
        said = _("At most, each time, in %(currency)s") % {"currency": loan.currency}
        self.fields["maximum"].label = said

    def entry(self) -> MandateEntry:
        """Return what was entered."""
        return MandateEntry(**self.cleaned_data)


class AcceptForm(Refusable):
    """Under which reference the bank keeps a mandate."""

    bank_reference = forms.CharField(label=_("The bank's reference"), max_length=60)


class PrepareForm(Refusable):
    """For which branch, or the whole lender, and which day debits are prepared."""

    branch = BranchChoice(
        label=_("Branch"),
        queryset=Branch.objects.none(),
        to_field_name="code",
        required=False,
    )
    collect_on = DayField(label=_("To be collected on"))

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        branches = Branch.objects.filter(pk__in=accounts.branch_ids(actor))
        field: Any = self.fields["branch"]
        if actor.works_everywhere:
            branches = Branch.objects.all()
            field.empty_label = _("Every branch of your lender")
        else:
            field.required, field.empty_label = True, None
        field.queryset = branches.select_related("entity").order_by("name")
        self._actor = actor

    def scope(self) -> tuple[Entity, Branch | None, date]:
        """Return the lender, the branch or none, and the day."""
        branch = self.cleaned_data["branch"]
        entity = branch.entity if branch else self._actor.branch.entity
        return entity, branch, self.cleaned_data["collect_on"]


class AnswersForm(Refusable):
    """What the bank sent, and for which branch it is taken in."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV as the bank writes it, with header and trailer."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt"}),
    )
    branch = BranchChoice(
        label=_("Branch"),
        queryset=Branch.objects.none(),
        to_field_name="code",
        empty_label=None,
        help_text=_("Whose people see the file; the loans it names may be of any branch."),
    )

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        branches = Branch.objects.filter(pk__in=accounts.branch_ids(actor))
        if actor.works_everywhere:
            branches = Branch.objects.all()
        field: Any = self.fields["branch"]
        field.queryset = branches.select_related("entity").order_by("name")
        field.initial = actor.branch.code


class LinesForm(forms.Form):
    """Which rows of the bank's answers to list; what is not understood filters nothing."""

    status = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), *((code, look.word) for code, look in looks.LINES.items())],
    )

    def chosen(self) -> str:
        """Return the state to list, or nothing for all."""
        self.full_clean()
        return str(self.cleaned_data.get("status") or "")


class DayForm(Refusable):
    """From which day money counts."""

    day = DayField(label=_("Counts from"))


class NoteForm(Refusable):
    """What was done."""

    note = forms.CharField(
        label=_("What was done"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


def _number(name: str, label: Any) -> WholeField:
    least, most = BOUNDS[name]
    return WholeField(label=label, min_value=least, max_value=most)


class RuleForm(Refusable):
    """How a lender presents debits."""

    takes_overdue = forms.BooleanField(
        label=_("Ask for what is overdue and charged as well"), required=False
    )
    prepares_itself = forms.BooleanField(
        label=_("Prepare a file every day, for somebody to take on"), required=False
    )
    days_ahead = _number("days_ahead", _("Prepared so many days ahead"))
    most_tries = _number("most_tries", _("Tries for one due date"))
    days_between = _number("days_between", _("Days between two tries"))

    @classmethod
    def of(cls, rule: DebitRule | None, data: Any = None) -> "RuleForm":
        """Return the form of a lender's rule, or of what holds without one."""
        found = rule or DebitRule()
        return cls(data, initial={name: getattr(found, name) for name in cls.base_fields})

    def entry(self) -> RuleEntry:
        """Return what was entered."""
        return RuleEntry(**self.cleaned_data)


__all__ = [
    "AcceptForm",
    "AnswersForm",
    "DayForm",
    "LinesForm",
    "MandateForm",
    "NoteForm",
    "PrepareForm",
    "ReasonForm",
    "RuleForm",
]
