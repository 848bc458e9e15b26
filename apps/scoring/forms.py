"""What is typed about models, checked for shape."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RollBackForm(forms.Form):
    """Why the champion before should decide again."""

    reason = forms.CharField(
        label=_("Why should the champion before decide again?"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
