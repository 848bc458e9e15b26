"""Forms of blind quality control: a verdict, a follow-up, a share, the limits of stamping."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.form_fields import DayField
from apps.decisions import reason_list
from apps.decisions.reason_codes import Listed
from apps.desk.analytics_rows import Period
from apps.desk.forms import RefusedForm
from apps.desk.models import BlindSample
from apps.desk.models.quality import LONGEST_DAYS
from apps.desk.services import BlindVerdict, ShareEntry, StampEntry, blind
from apps.desk.services.working import LONGEST_TEXT
from apps.products.models import Product

_HUNDRED = Decimal(100)


class BlindVerdictForm(RefusedForm):
    """Reasons and note of one blind verdict; `outcome` is fixed by the form one opened."""

    codes = forms.MultipleChoiceField(
        label=_("Reasons"),
        error_messages={"required": _("Choose at least one reason.")},
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One to four, those that weighed most."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, outcome: str, listed: Listed, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": outcome, **kwargs})
        self.outcome = outcome
        codes = blind.codes_of(listed, outcome)
        self.fields["codes"].choices = [  # type: ignore[attr-defined]
            (code, reason_list.words(listed[code])) for code in codes
        ]

    def verdict(self) -> BlindVerdict:
        """Return what was given."""
        return BlindVerdict(
            outcome=self.outcome,
            codes=tuple(self.cleaned_data["codes"]),
            note=self.cleaned_data["note"],
        )


class FollowForm(RefusedForm):
    """What is done about a disagreement, and why."""

    action = forms.ChoiceField(
        label=_("What is done"), choices=BlindSample.FollowUp.choices, widget=forms.RadioSelect
    )
    why = forms.CharField(
        label=_("Why"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 3})
    )


class _ForLenderForm(RefusedForm):
    """A row of a lender the person may set something for."""

    entity = forms.ModelChoiceField(
        label=_("Lender"), queryset=Entity.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lenders = Entity.objects.order_by("name")
        if not actor.works_everywhere:
            lenders = lenders.filter(pk=actor.branch.entity_id)
        entity = cast("forms.ModelChoiceField[Entity]", self.fields["entity"])
        entity.queryset = lenders
        if actor.branch_id:
            entity.initial = actor.branch.entity_id


class ShareForm(_ForLenderForm):
    """Which share of automatic decisions is judged again blindly."""

    product = forms.ModelChoiceField(
        label=_("Product"),
        queryset=Product.objects.none(),
        required=False,
        empty_label=_("Every product without a row of its own"),
    )
    share = forms.DecimalField(
        label=_("Share of automatic decisions, in percent"),
        min_value=Decimal("0.01"),
        max_value=Decimal(50),
        decimal_places=2,
    )
    days = forms.IntegerField(
        label=_("Days a sample waits"),
        min_value=1,
        max_value=LONGEST_DAYS,
        initial=14,
        help_text=_("Until then the outcome is withheld from reviewers; after it the sample ends."),
    )
    why = forms.CharField(label=_("Why this share"), max_length=300)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        products = Product.objects.visible_to(actor).order_by("name")
        cast("forms.ModelChoiceField[Product]", self.fields["product"]).queryset = products

    def entry(self) -> ShareEntry:
        """Return the row that was entered."""
        given = dict(self.cleaned_data)
        return ShareEntry(**{**given, "share": given["share"] / _HUNDRED})


class StampForm(_ForLenderForm):
    """From when on one asks whether somebody signs without looking."""

    least_verdicts = forms.IntegerField(
        label=_("From how many verdicts on"), min_value=10, max_value=10_000, initial=30
    )
    same_share = forms.DecimalField(
        label=_("Verdicts as recommended, in percent, at least"),
        min_value=Decimal(50),
        max_value=Decimal(100),
        decimal_places=2,
    )
    median_seconds = forms.IntegerField(
        label=_("Median time on a case below, in seconds"), min_value=1, max_value=86_400
    )
    why = forms.CharField(label=_("Why these limits"), max_length=300)

    def entry(self) -> StampEntry:
        """Return the row that was entered."""
        given = dict(self.cleaned_data)
        return StampEntry(**{**given, "same_share": given["same_share"] / _HUNDRED})


class PeriodForm(forms.Form):
    """Which verdicts to count; stands in the address. What is no day counts as not given."""

    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)
    product = forms.ChoiceField(label=_("Product"), required=False)
    branch = forms.ChoiceField(label=_("Branch"), required=False)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = Product.objects.visible_to(actor).order_by("name").values_list("code", "name")
        branches = Branch.objects.order_by("name")
        if not actor.works_everywhere:
            branches = branches.filter(pk__in=accounts.branch_ids(actor))
        any_one = ("", _("Any"))
        self.fields["product"].choices = [any_one, *products]  # type: ignore[attr-defined]
        self.fields["branch"].choices = [  # type: ignore[attr-defined]
            any_one,
            *branches.values_list("code", "name"),
        ]

    def period(self, *, today: date, zone: str) -> Period:
        """Return the period asked for; without days the last ninety."""
        self.is_valid()
        given = self.cleaned_data
        last = given.get("last") or today
        return Period(
            first=given.get("first") or last - timedelta(days=89),
            last=last,
            zone=zone,
            branch=given.get("branch", ""),
            product=given.get("product", ""),
        )
