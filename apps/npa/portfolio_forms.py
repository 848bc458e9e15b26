"""What the pages of the portfolio's quality can be narrowed to; all of it stands in the address."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.core.form_fields import DayField
from apps.core.money import MINOR_UNITS
from apps.npa import wording
from apps.npa.portfolio_rows import Filters


class ChosenForm(forms.Form):
    """The lender, the day, the branch and the currency that are shown."""

    lender = forms.ChoiceField(label=_("Lender"), required=False)
    day = DayField(label=_("At the end of"), required=False)
    branch = forms.ChoiceField(label=_("Branch"), required=False)
    currency = forms.ChoiceField(
        label=_("Currency"),
        required=False,
        choices=[("", _("The lender's")), *((code, code) for code in MINOR_UNITS)],
    )

    def __init__(
        self, *args: Any, entities: list[Entity], branches: list[Branch], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._entities = {one.code: one for one in entities}
        self._branches = {str(one.pk): one for one in branches}
        lender: Any = self.fields["lender"]
        lender.choices = [(one.code, one.name) for one in entities]
        if len(entities) <= 1:
            lender.widget = forms.HiddenInput()
        branch: Any = self.fields["branch"]
        branch.choices = [
            ("", _("All branches")),
            *((k, b.name) for k, b in self._branches.items()),
        ]

    def of_lender(self, default: Entity) -> Entity:
        """Return the lender chosen, else the person's own."""
        return self._entities.get(self._given("lender"), default)

    def of_branch(self) -> Branch | None:
        """Return the branch chosen; None for all."""
        return self._branches.get(self._given("branch"))

    def _given(self, name: str) -> Any:
        return self.cleaned_data.get(name, "") if self.is_bound else ""

    def first_day(self) -> date | None:
        """Return the day a movement begins after, where the form asks for one."""
        return self._given("since") or None


class MovementForm(ChosenForm):
    """The two days between which provisions moved."""

    since = DayField(label=_("From the end of"), required=False)
    field_order = ["lender", "since", "day", "branch", "currency"]


class LoansForm(ChosenForm):
    """Which loans of a day are listed."""

    asset_class = forms.ChoiceField(
        label=_("Class"),
        required=False,
        choices=[("", _("All")), *wording.CLASSES.items()],
    )
    bucket = forms.ChoiceField(
        label=_("Bucket"), required=False, choices=[("", _("All")), *wording.BUCKETS.items()]
    )
    npa = forms.BooleanField(label=_("Non-performing only"), required=False)
    par30 = forms.BooleanField(label=_("More than 30 days past due only"), required=False)
    restructured = forms.ChoiceField(
        label=_("Restructured"),
        required=False,
        choices=[("", _("All")), ("yes", _("Yes")), ("no", _("No"))],
    )
    overridden = forms.BooleanField(label=_("Class set by people only"), required=False)

    def filters(self) -> Filters:
        """Return what was chosen; what is not valid narrows nothing."""
        given = {name: self._given(name) for name in Filters.__dataclass_fields__}
        return Filters(**{name: value for name, value in given.items() if value})
