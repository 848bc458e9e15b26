"""The forms of the sandbox: a real application by its number, or a case made up."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.errors import DomainError
from apps.customers.forms.fields import AmountField, CountField, PickField
from apps.customers.models import Employment, Household
from apps.decisions import selectors as decisions
from apps.decisions import sentences
from apps.decisions.models import PolicyVersion
from apps.laboratory.forms import ModelChoice, PercentField, PolicyChoice
from apps.laboratory.sandbox_typed import TypedCase, TypedReport
from apps.products.models import Product, Purpose
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

_MOST_MONTHS = 1200
_OLDEST = 120
_LONGEST_TERM_MONTHS = 480
# A feature that does not fit the model is told beside the field it was typed into.
_FIELD_OF_FEATURE = {
    "annual_income": "gross_annual_income",
    "existing_dti": "obligations_monthly",
    "amount_to_income": "gross_annual_income",
    "employment_months": "months_employed",
    "home_ownership": "home",
    "revolving_balance_to_income": "revolving_balance",
}


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
    # Our own books always tell: empty would be a case that cannot be.
    defaults_with_us = _report_count(_("Loans in default with us"), initial=0)
    # Our own books know these: empty would not be "not known", and must not pass for nothing.
    owed_with_us = AmountField(label=_("Owed to us already"), initial=Decimal(0))
    guarantees_with_us = AmountField(label=_("Guarantees given to us"), initial=Decimal(0))
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
