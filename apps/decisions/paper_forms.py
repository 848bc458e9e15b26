"""What is typed to do without a required paper."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.decisions.services.papering import LONGEST_REASON
from apps.decisions.terms_forms import RefusableForm


class WaiverForm(RefusableForm):
    """Why the paper is not needed."""

    reason = forms.CharField(
        label=_("Why is it not needed here?"),
        max_length=LONGEST_REASON,
        help_text=_("It stays with the case, with your name."),
        error_messages={"required": _("Say why it is not needed.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
