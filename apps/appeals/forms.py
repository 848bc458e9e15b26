"""What is typed about appeals: registering one at the counter, and answering it."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.appeals import correctable, presentation
from apps.appeals.models import Channel, Ground
from apps.appeals.services import Answer, Asked, Claim
from apps.appeals.services.answering import LONGEST_ANSWER
from apps.appeals.services.asking import LONGEST_STATEMENT
from apps.applications.forms import AmountField
from apps.core.errors import DomainError
from apps.core.form_fields import DayField, WholeField
from apps.customers import filetypes
from apps.customers.models import Household

_ENDINGS = ",".join(ending for endings in filetypes.EXTENSIONS.values() for ending in endings)
LONGEST_NOTE = 2_000


class Refusable(forms.Form):
    """A form that also shows what a service refuses, beside the field it belongs to."""

    def refuse(self, refusal: DomainError) -> None:
        """Show the service's sentences, the main one where no field of the form is named."""
        beside = {k: text for k, text in refusal.fields.items() if k in self.fields}
        for name, sentence in beside.items():
            self.add_error(name, str(sentence))
        rest = [str(text) for name, text in refusal.fields.items() if name not in beside]
        if rest or not beside:
            self.add_error(None, " ".join(rest) or str(refusal.sentence))


class RegisterForm(Refusable):
    """An appeal that came to the branch."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    channel = forms.ChoiceField(
        label=_("How it came"),
        choices=[one for one in Channel.choices if one[0] != Channel.LINK],
    )
    grounds = forms.MultipleChoiceField(
        label=_("What it rests on"),
        choices=Ground,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    statement = forms.CharField(
        label=_("In the applicant's own words"),
        max_length=LONGEST_STATEMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, facts: dict[str, str], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, fact in correctable.FACTS.items():
            told = _("On record: %(value)s") % {
                "value": presentation.fact_value(code, facts.get(code, ""), currency)
            }
            label = presentation.FACTS[code]
            if fact.kind == "home":
                choices = [("", _("This is right")), *Household.Home.choices]
                self.fields[code] = forms.ChoiceField(
                    label=label, required=False, choices=choices, help_text=told
                )
            else:
                self.fields[code] = forms.CharField(
                    label=label, required=False, max_length=20, help_text=told
                )

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields of the values that can be corrected."""
        return [self[code] for code in correctable.FACTS]

    def asked(self) -> Asked:
        """Return what was asked; call it on a valid form."""
        given = self.cleaned_data
        return Asked(
            channel=given["channel"],
            grounds=tuple(given["grounds"]),
            statement=given["statement"],
            claims=tuple(
                Claim(code, given[code]) for code in correctable.FACTS if given[code].strip()
            ),
            key=given["key"],
        )


class FileForm(Refusable):
    """A paper the applicant handed over."""

    file = forms.FileField(
        label=_("File"), max_length=1000, widget=forms.FileInput(attrs={"accept": _ENDINGS})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("PDF, JPEG or PNG, at most %(megabytes)s MB.") % {
            "megabytes": settings.DOCUMENT_MAX_BYTES // 1_048_576
        }


class AssignForm(Refusable):
    """Who answers."""

    person = forms.ModelChoiceField(label=_("Who answers"), queryset=User.objects.none())
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - told to the type checker
        field.queryset = User.objects.filter(pk__in=[one.pk for one in people]).order_by("name")


class CorrectionForm(Refusable):
    """What shows that a claimed value is right."""

    source = forms.ChoiceField(label=_("Shown by"))

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
        field.choices = [("", _("Choose")), *sources]


class AnswerForm(Refusable):
    """The answer to an appeal: what comes of it, and the text that the applicant receives."""

    outcome = forms.ChoiceField(
        label=_("What comes of it"),
        choices=[("uphold", _("The decision stands")), ("change", _("Change the decision"))],
        widget=forms.RadioSelect,
    )
    amount = AmountField(
        label=_("Amount"), required=False, help_text=_("Empty: what was asked for.")
    )
    term_months = WholeField(label=_("Term in months"), required=False, min_value=1, max_value=480)
    codes = forms.MultipleChoiceField(
        label=_("Reasons"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=_("Note for the file"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The applicant does not receive it."),
    )
    text = forms.CharField(
        label=_("Answer to the applicant"),
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write the answer that the applicant receives.")},
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, codes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["codes"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - told to the type checker
        field.choices = codes

    def answer(self) -> Answer:
        """Return the answer; call it on a valid form."""
        given = self.cleaned_data
        return Answer(
            outcome=given["outcome"],
            text=given["text"],
            codes=tuple(given["codes"]),
            note=given["note"],
            amount=given["amount"],
            term_months=given["term_months"],
        )


class SendBackForm(Refusable):
    """Why a second person does not sign."""

    note = forms.CharField(
        label=_("Why do you not sign?"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why you do not agree.")},
    )


class FilterForm(forms.Form):
    """Which appeals to list."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("waiting", _("Waiting")),
            ("mine", _("With me")),
            ("late", _("Late")),
            ("answered", _("Answered or ended")),
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


class MeasureForm(forms.Form):
    """Which appeals are measured, and in which groups."""

    by = forms.ChoiceField(
        label=_("Grouped by"),
        required=False,
        choices=[
            ("all", _("All together")),
            ("reason", _("Reason of the decision")),
            ("branch", _("Branch")),
            ("product", _("Product")),
        ],
    )
    since = DayField(label=_("Received from"), required=False)
    until = DayField(label=_("Received until"), required=False)
