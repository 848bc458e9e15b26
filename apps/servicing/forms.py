"""Forms of what changes on a loan."""

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.applications.entries import Terms
from apps.applications.forms import AmountField
from apps.core.form_fields import DayField, PercentField, WholeField
from apps.loans.forms import ReasonForm, Refusable
from apps.products.models import Product, Purpose
from apps.repayments.alterations import DIFFICULTY, Change
from apps.repayments.desk_forms import ReferencedForm
from apps.repayments.facts import Option
from apps.repayments.rescheduling import Keeps
from apps.servicing.models import Proposal
from apps.servicing.services import Money, Relief

OPTIONS = {
    Option.SHORTER_TERM: _("Same instalment, shorter term"),
    Option.SMALLER_INSTALMENT: _("Same term, smaller instalment"),
}
_YES_NO = [("", _("Choose")), ("yes", _("Yes")), ("no", _("No"))]


def _percent(**options: Any) -> PercentField:
    """A rate a year, typed in percent with at most four decimals."""
    return PercentField(max_digits=7, decimal_places=4, **options)


def _rows(**options: Any) -> WholeField:
    widget = forms.TextInput(attrs={"inputmode": "numeric"})
    return WholeField(min_value=0, max_value=600, widget=widget, **options)


class MoneyForm(ReferencedForm):
    """What came in: when, how much, how, under which reference, as at the desk."""

    day = DayField(label=_("Paid on"))
    amount = AmountField(label=_("Amount"))
    field_order = ("day", "amount", "channel", "external_reference")

    def money(self) -> Money:
        """Return what was typed."""
        given = self.cleaned_data
        return Money(
            day=given["day"],
            amount=given["amount"],
            channel=given["channel"],
            external_reference=given["external_reference"],
        )


class PrepaymentForm(MoneyForm):
    """A part pre-payment, and what becomes smaller by it."""

    option = forms.ChoiceField(
        label=_("What becomes smaller"),
        choices=list(OPTIONS.items()),
        widget=forms.RadioSelect,
    )


class AmountForm(Refusable):
    """How much would be paid before its time, to see what comes of it."""

    amount = AmountField(label=_("Amount"))


class QuoteForm(Refusable):
    """Until when the quote is to hold."""

    day = DayField(label=_("To be paid on"))


class ChangeForm(ReasonForm):
    """A change of the schedule with its reason."""

    # The fields that are a parameter of the change as they were typed.
    plain: tuple[str, ...] = ()
    # Sent again, the same page makes the same change.
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    @property
    def fingerprint(self) -> str:
        """What the page has to have shown before this change is made."""
        said = sorted((name, str(value)) for name, value in self.parameters().items())
        return "|".join(f"{name}={value}" for name, value in said)

    def parameters(self) -> dict[str, Any]:
        """Return what was typed as `repayments.alterations` reads it."""
        given = self.cleaned_data
        found = {name: given.get(name) for name in self.plain}
        if given.get("first_due_on"):
            found["first_due_on"] = given["first_due_on"].isoformat()
        if given.get("rate") is not None:
            found["annual_rate"] = str(given["rate"] / Decimal(100))
        if given.get(DIFFICULTY):
            found[DIFFICULTY] = given[DIFFICULTY] == "yes"
        return {name: value for name, value in found.items() if value not in (None, "")}

    def refuse(self, refusal: Any) -> None:
        """Show a sentence about the rate beside its percentage."""
        if "annual_rate" in refusal.fields and "rate" in self.fields:
            refusal.fields["rate"] = refusal.fields.pop("annual_rate")
        super().refuse(refusal)


class RateChangeForm(ChangeForm):
    """Another rate of interest from today on."""

    plain = ("keeps",)
    rate = _percent(label=_("New rate a year, in percent"))
    keeps = forms.ChoiceField(
        label=_("What stays"),
        choices=[
            (Keeps.TERM.value, _("The term; the instalment changes")),
            (Keeps.INSTALMENT.value, _("The instalment; the term changes")),
        ],
    )
    field_order = ("rate", "keeps", "reason")


class FollowForm(ChangeForm):
    """The benchmark of the day."""

    keeps = RateChangeForm.base_fields["keeps"]
    field_order = ("keeps", "reason")


class MoratoriumForm(ChangeForm):
    """For some instalments nothing, or only interest, is asked for."""

    plain = ("principal_free", "extends")
    principal_free = _rows(label=_("Instalments"))
    on = forms.ChoiceField(
        label=_("What is not asked for"),
        choices=[
            ("principal", _("Principal; interest is paid")),
            ("all", _("Principal and interest; interest falls due afterwards")),
        ],
    )
    extends = forms.BooleanField(label=_("The loan ends later by as many"), required=False)
    difficulty = forms.ChoiceField(
        label=_("Is the borrower in financial difficulty?"), choices=_YES_NO
    )
    field_order = ("principal_free", "on", "extends", "difficulty", "reason")

    def parameters(self) -> dict[str, Any]:
        """Return what was typed; interest waits as long as principal where all is paused."""
        found = super().parameters()
        if self.cleaned_data["on"] == "all":
            found["interest_free"] = found["principal_free"]
        return found


class RescheduleForm(ChangeForm):
    """Another number of instalments for what is ahead."""

    plain = ("instalments", "principal_free")
    instalments = _rows(label=_("Instalments from now on"))
    first_due_on = DayField(label=_("The next falls due on"), required=False)
    principal_free = _rows(label=_("Of these without principal"), required=False)
    difficulty = forms.ChoiceField(
        label=_("Is the borrower in financial difficulty?"), choices=_YES_NO
    )
    field_order: tuple[str, ...] = (
        *("instalments", "first_due_on", "principal_free"),
        *("difficulty", "reason"),
    )


class RestructureForm(RescheduleForm):
    """Another contract for what is ahead, with another rate where wanted."""

    rate = _percent(label=_("New rate a year, in percent"), required=False)
    field_order = (
        *("instalments", "rate", "first_due_on", "principal_free"),
        *("difficulty", "reason"),
    )


class DueDateForm(ChangeForm):
    """Another day of the month."""

    first_due_on = DayField(label=_("The next falls due on"))
    field_order = ("first_due_on", "reason")


CHANGE_FORMS: dict[str, type[ChangeForm]] = {
    Change.RATE_CHANGE: RateChangeForm,
    Change.MORATORIUM: MoratoriumForm,
    Change.RESCHEDULE: RescheduleForm,
    Change.RESTRUCTURE: RestructureForm,
    Change.DUE_DATE_CHANGE: DueDateForm,
}


class ReliefForm(ReasonForm):
    """What is to be given up or paid back."""

    kind = forms.ChoiceField(label=_("What"), choices=Proposal.Kind.choices)
    bucket = forms.ChoiceField(
        label=_("Of what, for a waiver"),
        choices=[("", _("Choose")), *Proposal.Bucket.choices],
        required=False,
    )
    amount = AmountField(
        label=_("Amount"), required=False, help_text=_("A write-off is of all that is owed.")
    )
    field_order = ("kind", "bucket", "amount", "reason")

    def relief(self) -> Relief:
        """Return what was typed."""
        given = self.cleaned_data
        return Relief(
            kind=given["kind"],
            bucket=given["bucket"],
            amount=given["amount"],
            reason=given["reason"],
        )


class NoteForm(Refusable):
    """Why a proposal is refused."""

    note = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class PauseForm(ReasonForm):
    """From when until when a borrower is left alone."""

    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Until"))
    field_order = ("starts_on", "ends_on", "reason")


class TransferForm(ReasonForm):
    """To which branch a loan is to go, and why."""

    branch = forms.ModelChoiceField(
        label=_("To the branch"), queryset=Branch.objects.none(), empty_label=_("Choose")
    )
    # Sent again, the same page proposes the same transfer.
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)
    field_order = ("branch", "reason")

    def __init__(self, *args: Any, branches: QuerySet[Branch], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]


class TopUpForm(Refusable):
    """What a borrower asks for, the pay-off of the running loan in it."""

    product = forms.ModelChoiceField(
        label=_("Product"),
        queryset=Product.objects.none(),
        to_field_name="code",
        empty_label=_("Choose"),
    )
    amount = AmountField(label=_("Amount of the new loan"))
    term_months = WholeField(
        label=_("Term in months"),
        min_value=1,
        max_value=480,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), choices=[("", _("Choose")), *Purpose.choices])
    purpose_note = forms.CharField(label=_("Purpose in words"), required=False, max_length=300)
    # Sent again, the same page takes the same request.
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def __init__(self, *args: Any, products: QuerySet[Product], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]

    def terms(self) -> Terms:
        """Return what was typed."""
        given = {name: one for name, one in self.cleaned_data.items() if name != "reference"}
        return Terms(**given)


class EmptyForm(Refusable):
    """Nothing to type; the page says what happens."""


class RateBackForm(ReasonForm):
    """Why a row of the table of rates is taken back."""


class RateForm(Refusable):
    """What a benchmark is from a day on."""

    entity = forms.ModelChoiceField(
        label=_("Lender"), queryset=Entity.objects.none(), empty_label=None
    )
    benchmark = forms.CharField(label=_("Benchmark"), max_length=120)
    effective_date = DayField(label=_("From"))
    rate = _percent(label=_("Rate a year, in percent"))
    source = forms.CharField(
        label=_("Source"), max_length=200, help_text=_("Where it was published.")
    )

    def __init__(self, *args: Any, lenders: QuerySet[Entity], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["entity"].queryset = lenders  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """Return what was typed, the rate as a fraction."""
        given = dict(self.cleaned_data)
        given["annual_rate"] = given.pop("rate") / Decimal(100)
        return given

    def refuse(self, refusal: Any) -> None:
        """Show a sentence about the rate beside its percentage."""
        if "annual_rate" in refusal.fields:
            refusal.fields["rate"] = refusal.fields.pop("annual_rate")
        super().refuse(refusal)
