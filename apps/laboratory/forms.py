"""What a person enters in the laboratory, checked for shape."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.form_fields import DayField
from apps.core.templatetags import _statuses
from apps.customers.forms.fields import AmountField
from apps.decisions import selectors as decisions
from apps.decisions.models import PolicyVersion
from apps.laboratory import cutoff
from apps.laboratory.listing import RowFilters
from apps.laboratory.models import Experiment
from apps.laboratory.services import Question
from apps.products.models import Product
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

_PERCENT = Decimal(100)
# Of many applications two PDs lie very close: a cut-off may need all the digits its column holds.
_CUT_OFF = {"max_digits": 19, "decimal_places": 16}
_OUTCOMES = [
    ("", _("Any")),
    ("approve", _("Approved")),
    ("refer", _("Sent to review")),
    ("decline", _("Declined")),
]


class PercentField(forms.DecimalField):
    """A share typed in per cent; the value is the fraction."""

    def __init__(self, *, most: int = 100, least: int = 0, **options: Any) -> None:
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        super().__init__(min_value=Decimal(least), max_value=Decimal(most), **options)

    def clean(self, value: Any) -> Decimal | None:
        """Return the fraction; raise ValidationError for what is no number within the bounds."""
        percent = super().clean(value)
        return None if percent is None else percent / _PERCENT

    def prepare_value(self, value: Any) -> Any:
        """Return a fraction in per cent; what was typed is shown as it was typed."""
        return f"{(value * _PERCENT).normalize():f}" if isinstance(value, Decimal) else value


class PolicyChoice(forms.ModelChoiceField):
    """A policy version by lender and number, with its state."""

    def label_from_instance(self, obj: PolicyVersion) -> str:
        """Return the version's words."""
        return f"{obj} ({_statuses.look_of(obj.status, '').label})"


class ModelChoice(forms.ModelChoiceField):
    """A model by segment and number, the champion marked."""

    def label_from_instance(self, obj: ModelVersion) -> str:
        """Return the model's words."""
        words = f"{obj} — {obj.name}"
        if obj.status != "champion":
            return words
        # Inside the f-string gettext would not find it.
        mark = _("champion")
        return f"{words} ({mark})"


class CutoffForm(forms.Form):
    """What to look for along the cut-offs, and within which limits; stands in the address."""

    side = forms.ChoiceField(
        label=_("Probabilities of"),
        choices=[("after", _("the candidate")), ("before", _("what is in force"))],
    )
    goal = forms.ChoiceField(
        label=_("Look for"),
        choices=[
            ("profit", _("the largest expected profit")),
            ("loss", _("the least expected loss")),
        ],
    )
    least_approval_rate = PercentField(label=_("Least approval rate"), required=False)
    largest_bad_rate = PercentField(label=_("Largest bad rate"), required=False)
    basis = forms.ChoiceField(
        label=_("Bad rate"),
        choices=[("expected", _("as expected by the model")), ("realised", _("as it turned out"))],
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a least approval rate where else declining everybody would be best."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        asks_for_least_loss = given.get("goal") == "loss"
        if asks_for_least_loss and not given.get("least_approval_rate") and not self.errors:
            self.add_error(
                "least_approval_rate",
                _("Give one: nobody approved loses nothing, so that would always be the answer."),
            )
        return given

    def wish(self) -> cutoff.Wish:
        """Return what was asked for."""
        given = self.cleaned_data
        largest = given["largest_bad_rate"]
        return cutoff.Wish(
            goal=given["goal"],
            least_approval_rate=float(given["least_approval_rate"] or 0),
            largest_bad_rate=1.0 if largest is None else float(largest),
            basis=given["basis"],
        )


class AskForm(forms.Form):
    """What to try on which past applications of one lender, and under which assumptions."""

    title = forms.CharField(label=_("Title"), max_length=120)
    from_date = DayField(label=_("Applications from"))
    to_date = DayField(label=_("Applications before"))
    products = forms.MultipleChoiceField(
        label=_("Products"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one product.")},
    )
    policy = PolicyChoice(
        label=_("Policy version"),
        queryset=PolicyVersion.objects.none(),
        required=False,
        empty_label=_("The one in force"),
        help_text=_("Drafts can be tried as well."),
    )
    model = ModelChoice(
        label=_("Model"),
        queryset=ModelVersion.objects.none(),
        required=False,
        empty_label=_("The champion"),
    )
    approve_below = PercentField(
        label=_("Approve below a PD of"),
        required=False,
        **_CUT_OFF,
        help_text=_("Moves the bands of the policy; empty leaves them."),
    )
    decline_from = PercentField(
        label=_("Decline from a PD of"),
        required=False,
        **_CUT_OFF,
        help_text=_("Between the two, cases go to review; the same number sends none."),
    )
    loss_given_default = PercentField(label=_("Loss given default"), max_digits=5, decimal_places=2)
    cost_of_funds = PercentField(label=_("Cost of funds a year"), max_digits=6, decimal_places=4)
    fee_share = PercentField(
        label=_("Fees"),
        max_digits=6,
        decimal_places=4,
        help_text=_("As a share of the amount, once."),
    )
    operating_cost = AmountField(label=_("Operating cost of a loan"))

    def __init__(self, *args: Any, actor: User, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = Product.objects.filter(entity=entity).order_by("name")
        choices = [(product.code, product.name) for product in products]
        segments = {product.scoring_segment for product in products}
        versions = decisions.policy_versions(actor).filter(entity=entity)
        self.fields["products"].choices = choices  # type: ignore[attr-defined]
        self.fields["policy"].queryset = versions  # type: ignore[attr-defined]
        self.fields["model"].queryset = scoring.models().filter(  # type: ignore[attr-defined]
            segment__in=segments
        )

    def clean(self) -> dict[str, Any]:
        """Ask for both cut-offs or none."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name, other in (("approve_below", "decline_from"), ("decline_from", "approve_below")):
            is_alone = given.get(name) is None and given.get(other) is not None
            if is_alone and name not in self.errors:
                self.add_error(name, _("Give both cut-offs or none."))
        return given

    def question(self) -> Question:
        """Return what was asked."""
        given = dict(self.cleaned_data)
        return Question(**{**given, "products": tuple(given["products"])})


class RowsForm(forms.Form):
    """Which applications of an experiment to list; stands in the address."""

    number = forms.CharField(label=_("Application number"), required=False, max_length=24)
    move = forms.ChoiceField(
        label=_("Which"),
        required=False,
        choices=[("", _("All")), ("in", _("Newly approved")), ("out", _("No longer approved"))],
    )
    # Not `before` and `after`: the address of a list says with those which of its pages is shown.
    in_force = forms.ChoiceField(label=_("In force"), required=False, choices=_OUTCOMES)
    candidate = forms.ChoiceField(label=_("Candidate"), required=False, choices=_OUTCOMES)
    ended = forms.ChoiceField(
        label=_("Outcome of the loan"),
        required=False,
        choices=[
            ("", _("Any")),
            ("repaid", _("Repaid")),
            ("defaulted", _("Defaulted")),
            ("unknown", _("Not known")),
        ],
    )
    product = forms.ChoiceField(label=_("Product"), required=False)
    cause = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    # Bands have names of any length; one cut off here would filter nothing.
    band = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        products = Product.objects.filter(code__in=experiment.products).order_by("name")
        offered = [(product.code, product.name) for product in products]
        self.fields["product"].choices = [("", _("Any")), *offered]  # type: ignore[attr-defined]

    def filters(self) -> RowFilters:
        """Return what to list; what is not offered filters nothing."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return RowFilters(**given)


class AttachForm(forms.Form):
    """Beside which policy version to lay an experiment."""

    policy = PolicyChoice(
        label=_("Policy version"),
        queryset=PolicyVersion.objects.none(),
        empty_label=_("Choose …"),
    )

    def __init__(self, *args: Any, versions: QuerySet[PolicyVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["policy"].queryset = versions  # type: ignore[attr-defined]


def as_share(text: str) -> Decimal | None:
    """Return a fraction between 0 and 1 named in an address; None for anything else."""
    try:
        share = Decimal(text)
    except ArithmeticError:
        return None
    return share if share.is_finite() and 0 < share <= 1 else None
