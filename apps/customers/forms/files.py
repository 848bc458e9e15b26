"""Upload a document, and say why a value is read in clear."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from apps.customers import filetypes, reveals
from apps.customers.findings import Finding
from apps.customers.models import Document
from apps.customers.sentences import words

_ENDINGS = ",".join(ending for endings in filetypes.EXTENSIONS.values() for ending in endings)


class DocumentForm(forms.Form):
    """A file about the customer."""

    kind = forms.ChoiceField(label=_("What it is"), choices=Document.Kind)
    file = forms.FileField(
        label=_("File"),
        # The service bounds the bare name and says so; a browser may send a long path.
        max_length=1000,
        widget=forms.FileInput(attrs={"accept": _ENDINGS}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("PDF, JPEG or PNG, at most %(megabytes)s MB.") % {
            "megabytes": settings.DOCUMENT_MAX_BYTES // 1_048_576
        }

    def clean_file(self) -> UploadedFile:
        """Return the file unless it is too large to be read into memory at all."""
        file: UploadedFile = self.cleaned_data["file"]
        try:
            filetypes.size(file.size or 0, limit=settings.DOCUMENT_MAX_BYTES)
        except Finding as finding:
            raise forms.ValidationError(words(finding)) from None
        return file


class RevealForm(forms.Form):
    """Why a personal value is read."""

    reason = forms.ChoiceField(label=_("Why"), choices=reveals.REASONS.items())
