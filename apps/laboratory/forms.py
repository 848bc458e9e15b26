"""What a person enters in the laboratory, checked for shape."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.errors import DomainError
from apps.core.templatetags import _statuses
from apps.customers.forms.fields import AmountField, CountField, DayField, PickField
from apps.customers.models import Employment, Household
from apps.decisions import selectors as decisions
from apps.decisions import sentences
from apps.decisions.models import PolicyVersion
from apps.laboratory import cutoff
from apps.laboratory.listing import RowFilters
from apps.laboratory.models import Experiment
from apps.laboratory.sandbox_typed import TypedCase, TypedReport
from apps.laboratory.services import Question
from apps.products.models import Product, Purpose
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

_PERCENT = Decimal(100)
_LONGEST_TERM_MONTHS = 480
_OLDEST = 120
_MOST_MONTHS = 1200
_OUTCOMES = [
    ("", _("Any")),
    ("approve", _("Approved")),
    ("refer", _("Sent to review")),
    ("decline", _("Declined")),
]
# A feature that does not fit the model is told beside the field it was typed into.
_FIELD_OF_FEATURE = {
    "annual_income": "gross_annual_income",
    "existing_dti": "obligations_monthly",
    "amount_to_income": "gross_annual_income",
    "employment_months": "months_employed",
    "home_ownership": "home",
    "revolving_balance_to_income": "revolving_balance",
}


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
        return f"{words} ({_('champion')})" if obj.status == "champion" else words


class ProductOfLender(forms.ModelChoiceField):
    """A product with its lender."""

    def label_from_instance(self, obj: Product) -> str:
        """Return the product's name behind its lender's."""
        return f"{obj.entity.name}: {obj.name}"


class CandidateForm(forms.Form):
    """Which policy version and which model to try."""

    policy = PolicyChoice(
        label=_("Policy version"),
        queryset=PolicyVersion.objects.none(),
        empty_label=_("Choose …"),
        help_text=_("Drafts can be tried as well."),
    )
    model = ModelChoice(
        label=_("Model"),
        queryset=ModelVersion.objects.none(),
        required=False,
        empty_label=_("The champion"),
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["policy"].queryset = decisions.policy_versions(actor)  # type: ignore[attr-defined]
        self.fields["model"].queryset = scoring.models()  # type: ignore[attr-defined]

    def refuse(self, error: DomainError) -> None:
        """Show a refusal beside the field it is about, else above the form."""
        for name, sentence in (error.fields or {"": error.sentence}).items():
            feature = name.removeprefix("features.")
            field = _FIELD_OF_FEATURE.get(feature, feature)
            self.add_error(field if field in self.fields else None, str(sentence))


class RealCaseForm(CandidateForm):
    """An application by its number."""

    number = forms.CharField(
        label=_("Application number"),
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _report_count(label: Any, **options: Any) -> CountField:
    return CountField(label=label, required=False, max_value=1_000, **options)


def _months(label: Any) -> CountField:
    return CountField(label=label, required=False, max_value=_MOST_MONTHS)


class TypedCaseForm(CandidateForm):
    """A request and an applicant made up; what stays empty is not known, empty is not zero."""

    product = ProductOfLender(
        label=_("Product"), queryset=Product.objects.none(), empty_label=_("Choose …")
    )
    amount = AmountField(label=_("Amount"), min_value=Decimal("0.01"))
    term_months = CountField(label=_("Term in months"), min_value=1, max_value=_LONGEST_TERM_MONTHS)
    purpose = PickField(label=_("Purpose"), choices=Purpose.choices)

    age_years = CountField(label=_("Age in years"), required=False, max_value=_OLDEST)
    country = forms.ChoiceField(label=_("Country of residence"), required=False)
    gross_annual_income = AmountField(label=_("Gross income a year"))
    net_monthly_income = AmountField(label=_("Net income a month"), required=False)
    documented_net_monthly_income = AmountField(
        label=_("Net income a month by documents"), required=False
    )
    basic_monthly_pay = AmountField(label=_("Basic pay a month"), required=False)
    income_verification = PickField(
        label=_("Income verified"), choices=Employment.Verification.choices
    )
    employment_type = PickField(
        label=_("Type of work"), required=False, choices=Employment.Type.choices
    )
    months_employed = _months(_("Months in this work"))
    home = PickField(label=_("Home"), required=False, choices=Household.Home.choices)
    obligations_monthly = AmountField(label=_("Existing obligations a month"), required=False)
    security_value = AmountField(
        label=_("Value of the security"), required=False, min_value=Decimal("0.01")
    )
    defaults_with_us = _report_count(_("Loans in default with us"))
    owed_with_us = AmountField(label=_("Owed to us already"), required=False)
    guarantees_with_us = AmountField(label=_("Guarantees given to us"), required=False)
    blocked = forms.BooleanField(label=_("On our block list"), required=False)

    has_report = forms.BooleanField(label=_("There is a credit bureau report"), required=False)
    age_days = _report_count(_("Age of the report in days"))
    score = _report_count(_("Bureau score"))
    credit_history_months = _months(_("Credit history in months"))
    delinquencies_24m = _report_count(_("Times 30 or more days late in two years"))
    months_since_delinquency = _months(_("Months since the last late payment"))
    accounts_delinquent_now = _report_count(_("Accounts late now"))
    enquiries_6m = _report_count(_("Enquiries in six months"))
    open_accounts = _report_count(_("Open accounts"))
    total_accounts = _report_count(_("Accounts ever"))
    bankruptcies = _report_count(_("Bankruptcies"))
    public_records = _report_count(_("Public records"))
    months_since_public_record = _months(_("Months since the last public record"))
    revolving_balance = AmountField(label=_("Revolving balance"), required=False)
    revolving_utilisation = PercentField(
        label=_("Share of revolving limits used"), required=False, most=1_000
    )

    REQUEST = ("product", "amount", "term_months", "purpose")
    REPORT = tuple(TypedReport.__dataclass_fields__)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        products = Product.objects.visible_to(actor).select_related("entity")
        ordered = products.order_by("entity__name", "name")
        self.fields["product"].queryset = ordered  # type: ignore[attr-defined]
        codes = Entity.objects.order_by("country").values_list("country", flat=True).distinct()
        self.fields["country"].choices = [  # type: ignore[attr-defined]
            ("", _("Not known")),
            *((code, sentences.policy_value("country", code, currency="")) for code in codes),
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse figures of a report that does not exist."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("has_report"):
            for name in self.REPORT:
                if given.get(name) is not None:
                    self.add_error(name, _("Say that there is a report, or leave this empty."))
        return given

    def case(self) -> TypedCase:
        """Return what was typed in."""
        given = self.cleaned_data
        report = {name: given[name] for name in self.REPORT}
        own = {
            name: given[name]
            for name in TypedCase.__dataclass_fields__
            if name != "report" and given[name] is not None
        }
        return TypedCase(**own, report=TypedReport(**report) if given["has_report"] else None)


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
        max_digits=8,
        decimal_places=6,
        help_text=_("Moves the bands of the policy; empty leaves them."),
    )
    decline_from = PercentField(
        label=_("Decline from a PD of"),
        required=False,
        max_digits=8,
        decimal_places=6,
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
    before = forms.ChoiceField(label=_("In force"), required=False, choices=_OUTCOMES)
    after = forms.ChoiceField(label=_("Candidate"), required=False, choices=_OUTCOMES)
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
    band = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

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
