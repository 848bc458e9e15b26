"""What the API takes and gives about applications."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.applications import hooks, requirements
from apps.applications.lifecycle import LIFECYCLE
from apps.applications.models import Application, Collateral
from apps.applications.services import WithdrawalReason
from apps.core.api import Strict
from apps.products.models import Purpose

_LONGEST_TERM_MONTHS = 480


class Money(serializers.DecimalField):
    """An amount as text with two decimals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=18, decimal_places=2, **options)


class DraftIn(Strict):
    """A new application."""

    customer = serializers.UUIDField(help_text="The id of a customer.")
    product = serializers.SlugField(max_length=40, help_text="The code of a product.")
    amount = Money(min_value=0, help_text="As text.")
    term_months = serializers.IntegerField(min_value=1, max_value=_LONGEST_TERM_MONTHS)
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    purpose_note = serializers.CharField(max_length=300, required=False, default="")


class CollateralIn(Strict):
    """Security offered; amounts in the application's currency."""

    kind = serializers.ChoiceField(choices=Collateral.Kind.choices)
    description = serializers.CharField(max_length=200)
    price = Money(required=False, allow_null=True, default=None)
    valuation = Money()
    valued_date = serializers.DateField()

    def validate_valued_date(self, valued: date) -> date:
        """Refuse a valuation from the future or from before living memory."""
        error = requirements.valuation_date_error(valued, today=self.context["today"])
        if error:
            raise serializers.ValidationError(error)
        return valued


class CollateralOut(serializers.Serializer[Collateral]):
    """Security recorded. `value` is the lower of price and valuation."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Collateral.Kind.choices)
    description = serializers.CharField()
    currency = serializers.CharField()
    price = Money(allow_null=True)
    valuation = Money()
    value = Money()
    valued_date = serializers.DateField()


class WithdrawIn(Strict):
    """Why the application is withdrawn."""

    reason = serializers.ChoiceField(choices=WithdrawalReason.choices)


class ListIn(serializers.Serializer[Any]):
    """Which applications to list."""

    status = serializers.ChoiceField(choices=list(LIFECYCLE.states), required=False)
    customer = serializers.UUIDField(required=False)
    product = serializers.SlugField(max_length=40, required=False)
    number = serializers.CharField(max_length=40, required=False)
    after = serializers.CharField(
        max_length=300, required=False, help_text="`after` of the page before."
    )
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class ApplicationOut(serializers.Serializer[Application]):
    """An application."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=list(LIFECYCLE.states))
    customer = serializers.UUIDField(source="customer_id")
    product = serializers.CharField(source="product.code")
    branch = serializers.CharField(source="branch.code")
    channel = serializers.ChoiceField(choices=Application.Channel.choices)
    amount = Money()
    currency = serializers.CharField()
    term_months = serializers.IntegerField()
    annual_rate = serializers.DecimalField(
        max_digits=7, decimal_places=6, help_text="A fraction: 0.16 is 16 %."
    )
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    purpose_note = serializers.CharField()
    applied_date = serializers.DateField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.CharField(
        help_text="Send it along where a step is to be taken on what you read, and nothing newer."
    )


class ApplicationPage(serializers.Serializer[Any]):
    """Some applications, newest first; `after` leads to the next page and is empty at the end."""

    results = ApplicationOut(many=True)
    after = serializers.CharField(allow_blank=True)


class RatioOut(serializers.Serializer[Any]):
    """A ratio as a fraction; without a value `why_missing` says why."""

    code = serializers.CharField()
    value = serializers.DecimalField(max_digits=None, decimal_places=6, allow_null=True)
    why_missing = serializers.CharField(allow_blank=True)


class AffordabilityOut(serializers.Serializer[Any]):
    """The instalment and what it leaves the applicant."""

    currency = serializers.CharField()
    instalment = Money()
    ratios = RatioOut(many=True)


class ApplicationDetail(ApplicationOut):
    """An application with its security, its affordability, and what apps above add."""

    obligations_monthly = Money(
        allow_null=True, help_text="All that was paid a month at submission; null before it."
    )
    own_obligations_monthly = Money(
        allow_null=True, help_text="The part of it that other loans with us take."
    )
    collaterals = CollateralOut(many=True)
    affordability = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, Any]:
        """Return our fields and those registered in `hooks.read_extras`."""
        fields = super().get_fields()
        for name, extra in hooks.read_extras.items():
            fields[name] = _described(name, extra)
        return fields

    @extend_schema_field(AffordabilityOut)
    def get_affordability(self, application: Application) -> Any:
        """Return what the view computed for this application."""
        return AffordabilityOut(self.context["affordability"]).data


def _described(name: str, extra: hooks.ReadExtra) -> serializers.Field[Any, Any, Any, Any]:
    """Return a read-only field that asks the app that registered it, with its schema."""

    class Extra(serializers.Field[Any, Any, Any, Any]):
        def get_attribute(self, instance: Application) -> Application:
            return instance

        def to_representation(self, value: Application) -> Any:
            return extra.read(value, self.context["actor"])

    Extra.__name__ = f"Extra{name.title()}"
    return extend_schema_field(extra.serializer)(Extra)(read_only=True)
