"""What is typed about offers: other terms than decided, how it was accepted, why it ends."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.applications.forms import AmountField
from apps.core.errors import DomainError
from apps.core.form_fields import DayField, WholeField
from apps.offers.models import Channel
from apps.offers.services import Asked, Consent
from apps.offers.services.accepting import BY_OFFICER, LONGEST_REFERENCE
from apps.offers.services.ending import LONGEST_REASON


class Refusable(forms.Form):
    """A form that also shows what a service refuses, beside the field it belongs to."""

    def refuse(self, refusal: DomainError) -> None:
        """Show the service's sentences, the main one where no field of the form is named."""
        beside = {name: text for name, text in refusal.fields.items() if name in self.fields}
        for name, sentence in beside.items():
            self.add_error(name, str(sentence))
        rest = [str(text) for name, text in refusal.fields.items() if name not in beside]
        if rest or not beside:
            self.add_error(None, " ".join(rest) or str(refusal.sentence))


class MakeForm(Refusable):
    """The terms of an offer, as decided unless something is changed."""

    principal = AmountField(label=_("Amount"))
    term_months = WholeField(label=_("Term in months"), min_value=1, max_value=480)
    disbursal_on = DayField(label=_("Planned day of payment"))
    first_due_on = DayField(
        label=_("First instalment due"),
        required=False,
        help_text=_("Empty: one period after the payment."),
    )
    language = forms.ChoiceField(label=_("Language of the statement"), choices=settings.LANGUAGES)


class Versioned(Refusable):
    """A form that notices when the offer changed since its page was opened."""

    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)


class AcceptForm(Versioned):
    """How the applicant agreed, and where that can be looked up."""

    channel = forms.ChoiceField(
        label=_("How the applicant agreed"),
        choices=[("", _("Choose …")), *((one.value, one.label) for one in BY_OFFICER)],
    )
    reference = forms.CharField(
        label=_("Where the consent is kept"),
        max_length=LONGEST_REFERENCE,
        help_text=_("Number of the document or recording, folder and page."),
    )
    acknowledged = forms.BooleanField(
        label=_("The applicant has received, read and understood the statement."),
        required=False,
    )

    def consent(self) -> Consent:
        """Return what was typed; call it on a valid form."""
        given = self.cleaned_data
        return Consent(
            channel=Channel(given["channel"]),
            reference=given["reference"],
            acknowledged=given["acknowledged"],
        )


class AskedForm(Versioned):
    """When and how the borrower asked to step back, and where that can be looked up."""

    day = DayField(label=_("Asked on"))
    channel = forms.ChoiceField(
        label=_("How the borrower asked"),
        choices=[("", _("Choose …")), *((one.value, one.label) for one in BY_OFFICER)],
    )
    reference = forms.CharField(
        label=_("Where that is kept"),
        max_length=LONGEST_REFERENCE,
        help_text=_("Number of the document or recording, folder and page."),
    )

    def asked(self) -> Asked:
        """Return what was typed; call it on a valid form."""
        given = self.cleaned_data
        return Asked(
            day=given["day"], channel=Channel(given["channel"]), reference=given["reference"]
        )


class ReasonForm(Versioned):
    """Why an offer is taken back."""

    reason = forms.CharField(label=_("Why"), max_length=LONGEST_REASON)


class FilterForm(forms.Form):
    """Which offers to list."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("open", _("Waiting")),
            ("soon", _("Expiring soon")),
            ("accepted", _("Accepted")),
            ("ended", _("Ended or lent")),
            ("all", _("All")),
        ],
    )
    branch = forms.ChoiceField(label=_("Branch"), required=False)
    product = forms.ChoiceField(label=_("Product"), required=False)

    def __init__(
        self,
        *args: Any,
        branches: list[tuple[str, str]],
        products: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("branch", branches), ("product", products)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
            field.choices = [("", _("All")), *choices]
