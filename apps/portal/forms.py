"""What an applicant fills in: grounds, own words, what is wrong, files; and what a link is for."""

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from apps.appeals import correctable, presentation
from apps.appeals.models import Channel, Ground
from apps.appeals.services import Asked, Claim, File
from apps.appeals.services.asking import LONGEST_STATEMENT
from apps.core.errors import DomainError
from apps.customers import filetypes
from apps.customers.findings import Finding
from apps.customers.models import Household
from apps.customers.sentences import words
from apps.portal import tokens

FILES = ("file_1", "file_2", "file_3")
_ENDINGS = ",".join(ending for endings in filetypes.EXTENSIONS.values() for ending in endings)
_LONGEST_VALUE = 20


class AppealForm(forms.Form):
    """An appeal, filled in by the applicant; nothing in it needs a script."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    grounds = forms.MultipleChoiceField(
        label=_("Why should we look at the decision again?"),
        choices=Ground,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    statement = forms.CharField(
        label=_("In your own words"),
        max_length=LONGEST_STATEMENT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _("Say in a few words why the decision should be looked at again.")
        },
    )

    def __init__(self, *args: Any, facts: dict[str, str], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, fact in correctable.FACTS.items():
            self.fields[code] = _value_field(fact, facts.get(code, ""), currency)
        for number, name in enumerate(FILES, start=1):
            self.fields[name] = forms.FileField(
                label=_("File %(number)d") % {"number": number},
                required=False,
                max_length=1000,
                widget=forms.FileInput(attrs={"accept": _ENDINGS}),
            )
        self.fields[FILES[0]].help_text = _("PDF, JPEG or PNG, at most %(megabytes)s MB.") % {
            "megabytes": settings.DOCUMENT_MAX_BYTES // 1_048_576
        }

    @property
    def facts(self) -> list[forms.BoundField]:
        """The fields of the values that can be corrected."""
        return [self[code] for code in correctable.FACTS]

    @property
    def files_(self) -> list[forms.BoundField]:
        """The fields of the files."""
        return [self[name] for name in FILES]

    def clean(self) -> dict[str, Any]:
        """Look at the size of files before anything reads them into memory."""
        given = super().clean() or {}
        for name in FILES:
            file: UploadedFile | None = given.get(name)
            try:
                filetypes.size(file.size or 0 if file else 0, limit=settings.DOCUMENT_MAX_BYTES)
            except Finding as finding:
                self.add_error(name, words(finding))
        return given

    def asked(self) -> Asked:
        """Return what was asked; call it on a valid form."""
        given = self.cleaned_data
        files = [given[name] for name in FILES if given.get(name)]
        return Asked(
            channel=Channel.LINK,
            grounds=tuple(given["grounds"]),
            statement=given["statement"],
            claims=tuple(
                Claim(code, given[code]) for code in correctable.FACTS if given[code].strip()
            ),
            files=tuple(File(file.name, file.read()) for file in files),
            key=given["key"],
        )

    def refuse(self, refusal: DomainError) -> None:
        """Show a refusal beside its fields, else above the form."""
        beside = {"file": FILES[0], "claims": "grounds"}
        for name, sentence in refusal.fields.items():
            place = beside.get(name, name)
            self.add_error(place if place in self.fields else None, str(sentence))
        if not refusal.fields:
            self.add_error(None, str(refusal.sentence))


class LinkForm(forms.Form):
    """What a link is for."""

    purpose = forms.ChoiceField(
        label=_("What the link opens"),
        choices=[
            (tokens.APPEAL, _("Status, letters, and asking for a review")),
            (tokens.OFFER, _("All that, and answering the offer")),
            (tokens.LETTER, _("Status and letters")),
            (tokens.STATUS, _("Status only")),
        ],
    )


def _value_field(fact: correctable.Correctable, stood: str, currency: str) -> forms.Field:
    label = presentation.FACTS[fact.code]
    shown = presentation.fact_value(fact.code, stood, currency)
    told = _("We have: %(value)s") % {"value": shown}
    if fact.kind == "home":
        choices = [("", _("This is right")), *Household.Home.choices]
        return forms.ChoiceField(label=label, required=False, choices=choices, help_text=told)
    return forms.CharField(
        label=label,
        required=False,
        max_length=_LONGEST_VALUE,
        help_text=told,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


class AgreeForm(forms.Form):
    """The applicant agrees to the offer whose statement the page shows."""

    statement_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    acknowledged = forms.BooleanField(
        label=_("I have received, read and understood this statement."),
        required=False,
    )


class SureForm(forms.Form):
    """The applicant says a second time what cannot be undone, of the offer the page shows."""

    statement_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    sure = forms.BooleanField(
        label=_("Yes, I am sure."),
        error_messages={"required": _("Tick the box if you are sure.")},
    )
