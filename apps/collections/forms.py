"""What the worklist can be narrowed to, and what may be typed at the collections desk."""

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.forms import AmountField
from apps.collections import signal_rows, wording
from apps.collections.legal import MOVES, Stage
from apps.collections.models import Contact, LegalStep
from apps.collections.services import ContactEntry, LegalEntry
from apps.collections.worklist import Filters
from apps.collections.worth import LATE
from apps.core.form_fields import DayField
from apps.customers.forms.fields import PickField
from apps.loans.forms import Refusable
from apps.loans.models import Loan
from apps.npa.portfolio_forms import ChosenForm
from apps.portfolio.wording import BANDS


class WorklistForm(ChosenForm):
    """Which overdue loans are listed; the day is always the last that was ended."""

    # A list of work is about today.
    day = None  # type: ignore[assignment]
    band = forms.ChoiceField(
        label=_("Days past due"),
        required=False,
        choices=[("", _("All")), *((band.value, BANDS[band]) for band in LATE)],
    )
    whose = forms.ChoiceField(
        label=_("Collector"), required=False, choices=list(wording.WHOSE.items())
    )
    promise = forms.ChoiceField(
        label=_("Promise to pay"), required=False, choices=list(wording.PROMISE.items())
    )
    legal = forms.ChoiceField(
        label=_("Legal stage"), required=False, choices=list(wording.LEGAL.items())
    )
    signal = forms.ChoiceField(
        label=_("Signal"), required=False, choices=list(wording.SIGNAL.items())
    )
    silent_since = DayField(label=_("Not contacted since"), required=False)
    field_order = [
        *("lender", "whose", "band", "promise", "legal", "signal", "silent_since"),
        *("branch", "currency"),
    ]

    def filters(self) -> Filters:
        """Return what was chosen; what is not valid narrows nothing."""
        given = {name: self._given(name) for name in Filters.__dataclass_fields__}
        return Filters(**{name: value for name, value in given.items() if value})


class SignalsForm(ChosenForm):
    """Which early signals are listed."""

    day = None  # type: ignore[assignment]
    signal = forms.ChoiceField(
        label=_("Signal"), required=False, choices=list(wording.SIGNAL.items())
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=list(wording.SIGNAL_STATES.items())
    )
    field_order = ["lender", "signal", "state", "branch", "currency"]

    def filters(self) -> signal_rows.Filters:
        """Return what was chosen; what stands, where nothing was said."""
        state = "" if self.data.get("state") == "any" else self._given("state") or "standing"
        return signal_rows.Filters(signal=self._given("signal") or "", state=state)


class ResultsForm(ChosenForm):
    """Of which month results are shown: the one in which a day lies."""

    day = DayField(label=_("The month of"), required=False)

    def given(self, name: str) -> Any:
        """Return what was chosen of a field; nothing where it is empty or not valid."""
        return self._given(name)


class CollectorField(forms.ModelChoiceField):
    """A collector of a list the view gives."""

    def label_from_instance(self, obj: User) -> str:
        """Return name and branch."""
        return f"{obj.name} · {obj.branch.name}"


class AssignForm(Refusable):
    """Whom a loan is given to."""

    collector = CollectorField(label=_("Collector"), queryset=User.objects.none())

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("CollectorField", self.fields["collector"]).queryset = people


class ContactForm(Refusable):
    """What is written down of a contact."""

    way = PickField(label=_("How"), choices=list(wording.WAYS.items()))
    is_inbound = forms.BooleanField(label=_("The borrower began it"), required=False)
    day = DayField(label=_("On"))
    clock = forms.TimeField(
        label=_("At"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("By the clock where the lender is."),
    )
    outcome = PickField(label=_("What came of it"), choices=list(wording.OUTCOMES.items()))
    promised_amount = AmountField(label=_("Promised amount"), required=False)
    promised_date = DayField(label=_("Promised for"), required=False)
    place = forms.CharField(
        label=_("Where"),
        max_length=300,
        required=False,
        help_text=_("Of a visit. Kept sealed, as the note is."),
    )
    next_action = forms.ChoiceField(
        label=_("Next step"), choices=Contact.Next.choices, required=False
    )
    next_date = DayField(label=_("Next step on"), required=False)
    note = forms.CharField(
        label=_("Note"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, loan: Loan, now: datetime, **kwargs: Any) -> None:
        self._zone = ZoneInfo(loan.branch.entity.time_zone)
        local = now.astimezone(self._zone)
        kwargs["initial"] = {"day": local.date(), "clock": f"{local:%H:%M}"}
        super().__init__(*args, **kwargs)

    def refuse(self, refusal: Any) -> None:
        """Show what the service refuses; of the moment, beside the day."""
        if "made_at" in refusal.fields:
            refusal.fields["day"] = refusal.fields.pop("made_at")
        super().refuse(refusal)

    def entry(self) -> ContactEntry:
        """Return what was entered."""
        given = dict(self.cleaned_data)
        day, clock = given.pop("day"), given.pop("clock")
        return ContactEntry(made_at=datetime.combine(day, clock, self._zone), **given)


class LegalForm(Refusable):
    """A legal step: only those that may follow the last one are offered."""

    stage = PickField(label=_("Legal step"), choices=[])
    made_on = DayField(label=_("On"))
    reference = forms.CharField(
        label=_("Reference"),
        max_length=80,
        help_text=_("Of the court, the lawyer or the post, by which the matter is found."),
    )

    def __init__(self, *args: Any, last: LegalStep | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        before = Stage(last.stage) if last else Stage.NONE
        offered = [(one.value, wording.STAGES[one]) for one in MOVES[before]]
        cast("PickField", self.fields["stage"]).choices = offered

    def entry(self) -> LegalEntry:
        """Return what was entered."""
        return LegalEntry(**self.cleaned_data)
