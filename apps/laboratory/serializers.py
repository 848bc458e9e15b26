"""What the laboratory's API takes and answers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core.api import Strict
from apps.customers.models import Employment, Household
from apps.decisions.models import Outcome
from apps.laboratory.listing import RowFilters
from apps.laboratory.models import Experiment, ExperimentRow
from apps.laboratory.sandbox_typed import TypedCase, TypedReport
from apps.laboratory.services import Question
from apps.products.models import Purpose

_FRACTION = "A fraction: 0.16 is 16 %."
_OUTCOMES = "One of approve, refer, decline."
_LEAST = Decimal("0.01")
_LONGEST_TERM_MONTHS = 480


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


def _given_money(**options: Any) -> serializers.DecimalField:
    return _money(min_value=0, **options)


def _cut_off(**options: Any) -> serializers.DecimalField:
    # As many places as two neighbouring probabilities may need to be told apart.
    return serializers.DecimalField(max_digits=20, decimal_places=18, **options)


def _share(*, places: int, **options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=places + 1, decimal_places=places, help_text=_FRACTION, **options
    )


class ExperimentOut(serializers.Serializer[Experiment]):
    """What was asked, and how far it has come."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField(
        source="status", help_text="One of waiting, running, done, failed, cancelled."
    )
    lender = serializers.CharField(source="entity.code")
    products = serializers.ListField(child=serializers.CharField())
    currency = serializers.CharField()
    from_date = serializers.DateField()
    to_date = serializers.DateField(help_text="The first day that does not count any more.")
    policy = serializers.UUIDField(source="policy_id", allow_null=True)
    model = serializers.UUIDField(source="model_id", allow_null=True)
    in_force = serializers.UUIDField(
        source="in_force_id", help_text="The policy it is compared with."
    )
    approve_below = _cut_off(allow_null=True)
    decline_from = _cut_off(allow_null=True)
    loss_given_default = _share(places=4)
    cost_of_funds = _share(places=6)
    fee_share = _share(places=6)
    operating_cost = _money()
    asked_by = serializers.EmailField(source="created_by.email")
    asked_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    failure = serializers.CharField(help_text="Why it failed; empty otherwise.")
    applications = serializers.IntegerField(source="total_rows", allow_null=True)
    decided_anew = serializers.IntegerField(source="done_rows")
    inputs_sha256 = serializers.CharField()
    results_sha256 = serializers.CharField()


class ExperimentPage(serializers.Serializer[Any]):
    """Some experiments, newest first; `after` leads to the next page and is empty at the end."""

    results = ExperimentOut(many=True)
    after = serializers.CharField(allow_blank=True)


class ExperimentWhole(ExperimentOut):
    """One experiment with what it found."""

    results = serializers.DictField(
        allow_null=True,
        help_text="Both sides, moves, swaps, products, bands, causes and groups; null until it is"
        " done. Money is text.",
    )


class ExperimentIn(Strict):
    """What to try; at least one of policy, model and both cut-offs."""

    lender = serializers.SlugField(help_text="The lender's code.")
    title = serializers.CharField(max_length=120)
    from_date = serializers.DateField()
    to_date = serializers.DateField(help_text="The first day that does not count any more.")
    products = serializers.ListField(
        child=serializers.SlugField(max_length=40),
        required=False,
        help_text="Codes; left out, all of the lender.",
    )
    policy = serializers.UUIDField(required=False, help_text="Left out, the one in force.")
    model = serializers.UUIDField(required=False, help_text="Left out, the champion.")
    approve_below = _cut_off(required=False)
    decline_from = _cut_off(required=False)
    loss_given_default = _share(places=4)
    cost_of_funds = _share(places=6)
    fee_share = _share(places=6)
    operating_cost = _given_money(help_text="Of one loan, in the products' currency.")

    def question(self, **chosen: Any) -> Question:
        """Return what was asked, with the policy and the model that were chosen."""
        given = {name: one for name, one in self.validated_data.items() if name != "lender"}
        return Question(**{**given, "products": tuple(given.get("products", ())), **chosen})


class ListIn(serializers.Serializer[Any]):
    """Which page of a list."""

    after = serializers.CharField(
        max_length=300, required=False, help_text="`after` of the page before."
    )
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class RowsIn(ListIn):
    """Which applications of an experiment."""

    limit = serializers.IntegerField(min_value=1, max_value=1_000, default=200)
    move = serializers.ChoiceField(
        choices=["in", "out"], required=False, help_text="Newly approved, or no longer approved."
    )
    in_force = serializers.ChoiceField(choices=Outcome.choices, required=False)
    candidate = serializers.ChoiceField(choices=Outcome.choices, required=False)
    ended = serializers.ChoiceField(choices=["repaid", "defaulted", "unknown"], required=False)
    product = serializers.SlugField(max_length=40, required=False)
    cause = serializers.SlugField(max_length=60, required=False)
    band = serializers.CharField(max_length=300, required=False)

    def filters(self) -> RowFilters:
        """Return what to list."""
        given = self.validated_data
        names = set(RowFilters.__dataclass_fields__) & set(given)
        return RowFilters(**{name: given[name] for name in names})


class RowOut(serializers.Serializer[ExperimentRow]):
    """One past application: what is in force says of it, and what the candidate does."""

    application = serializers.CharField(source="application.number")
    product = serializers.CharField(source="product.code")
    amount = _money()
    term_months = serializers.IntegerField()
    outcome_before = serializers.CharField(help_text=_OUTCOMES)
    outcome_after = serializers.CharField(help_text=_OUTCOMES)
    pd_before = serializers.FloatField(allow_null=True)
    pd_after = serializers.FloatField(allow_null=True)
    band_before = serializers.CharField()
    band_after = serializers.CharField()
    causes_before = serializers.SerializerMethodField()
    causes_after = serializers.SerializerMethodField()
    rate_before = _share(places=6)
    rate_after = _share(places=6)
    expected_loss_before = _money(allow_null=True)
    expected_loss_after = _money(allow_null=True)
    expected_profit_before = _money(allow_null=True)
    expected_profit_after = _money(allow_null=True)
    defaulted = serializers.BooleanField(allow_null=True)
    realised = _money(allow_null=True)

    def get_causes_before(self, row: ExperimentRow) -> list[str]:
        """Return the codes of what did not let the policy in force approve."""
        return row.causes_before.split()

    def get_causes_after(self, row: ExperimentRow) -> list[str]:
        """Return the codes of what did not let the candidate approve."""
        return row.causes_after.split()


class RowPage(serializers.Serializer[Any]):
    """Some applications, in a fixed order; `after` leads on and is empty at the end."""

    results = RowOut(many=True)
    after = serializers.CharField(allow_blank=True)


def _count(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=10_000, allow_null=True, default=None, **options
    )


def _amount() -> serializers.DecimalField:
    return _given_money(allow_null=True, default=None)


def _choice(choices: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices, required=False)


class ReportIn(Strict):
    """What a credit bureau would say; null is not known."""

    age_days = _count()
    score = _count()
    credit_history_months = _count()
    delinquencies_24m = _count()
    months_since_delinquency = _count()
    enquiries_6m = _count()
    open_accounts = _count()
    total_accounts = _count()
    public_records = _count()
    months_since_public_record = _count()
    revolving_balance = _amount()
    revolving_utilisation = serializers.DecimalField(
        max_digits=8,
        decimal_places=6,
        min_value=0,
        allow_null=True,
        default=None,
        help_text=_FRACTION,
    )
    bankruptcies = _count()
    accounts_delinquent_now = _count()


class MadeUpIn(Strict):
    """A request and an applicant made up; what is left out or null is not known."""

    product = serializers.SlugField(max_length=40)
    amount = _money(min_value=_LEAST)
    term_months = serializers.IntegerField(min_value=1, max_value=_LONGEST_TERM_MONTHS)
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    owed_with_us = _given_money()
    guarantees_with_us = _given_money()
    blocked = serializers.BooleanField()
    defaults_with_us = _count()
    age_years = serializers.IntegerField(min_value=0, max_value=120, allow_null=True, default=None)
    country = serializers.RegexField("^[A-Z]{2}$", required=False)
    gross_annual_income = _amount()
    net_monthly_income = _amount()
    documented_net_monthly_income = _amount()
    basic_monthly_pay = _amount()
    income_verification = _choice(Employment.Verification.choices)
    employment_type = _choice(Employment.Type.choices)
    months_employed = _count()
    home = _choice(Household.Home.choices)
    obligations_monthly = _amount()
    security_value = _money(min_value=_LEAST, allow_null=True, default=None)
    report = ReportIn(allow_null=True, default=None, help_text="Null is a thin file.")


class CaseIn(Strict):
    """A case, real or made up, and what to try on it."""

    number = serializers.CharField(
        max_length=24, required=False, help_text="Of an application you may see."
    )
    made_up = MadeUpIn(required=False)
    policy = serializers.UUIDField()
    model = serializers.UUIDField(required=False, help_text="Left out, the champion.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one case and no more."""
        if ("number" in attrs) == ("made_up" in attrs):
            sentence = _("Give the number of an application, or figures made up.")
            raise serializers.ValidationError({"number": [sentence]})
        return attrs


def typed_case(given: Mapping[str, Any]) -> TypedCase:
    """Return what was made up as a case."""
    report = given["report"]
    names = set(given) & set(TypedCase.__dataclass_fields__) - {"report"}
    return TypedCase(
        **{name: given[name] for name in names},
        report=None if report is None else TypedReport(**report),
    )


class TriedReason(serializers.Serializer[Any]):
    """One reason: its code, and the sentence an applicant would read."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class TriedFactor(serializers.Serializer[Any]):
    """One factor's exact share in the log-odds; positive raised the risk."""

    feature = serializers.CharField()
    group = serializers.CharField()
    value = serializers.JSONField(allow_null=True)
    contribution = serializers.FloatField()


class TriedOut(serializers.Serializer[Any]):
    """What came out; nothing of it is stored."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    pd = serializers.FloatField()
    score = serializers.IntegerField()
    model = serializers.UUIDField()
    policy = serializers.UUIDField()
    annual_rate = _share(places=6)
    instalment = _money()
    currency = serializers.CharField()
    trace = serializers.DictField(help_text="Every rule with its value and result, and the band.")
    reasons = TriedReason(many=True)
    has_no_reason = serializers.BooleanField(
        help_text="A decline that nothing specific speaks for: a machine would send it to review."
    )
    factors = TriedFactor(many=True)
