"""The API of products, under /api/v1/."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import APIView, Problem
from apps.products import selectors
from apps.products.models import Conditions, Product


class ConditionsOut(serializers.ModelSerializer[Conditions]):
    """What the contracts say beside amount, term and price; rates are fractions a year."""

    class Meta:
        model = Conditions
        exclude = ("id", "product", "created_at", "updated_at")


class ProductOut(serializers.Serializer[Product]):
    """What may be lent: bounds, price and purposes."""

    code = serializers.CharField()
    name = serializers.CharField()
    lender = serializers.CharField(source="entity.code")
    currency = serializers.CharField()
    minimum_amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    maximum_amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    minimum_term_months = serializers.IntegerField()
    maximum_term_months = serializers.IntegerField()
    annual_rate = serializers.DecimalField(
        max_digits=7, decimal_places=6, help_text="A fraction: 0.16 is 16 %."
    )
    schedule = serializers.ChoiceField(choices=Product.Schedule.values)
    purposes = serializers.ListField(child=serializers.CharField())
    offer_days = serializers.IntegerField(help_text="Days an approval stays open before it lapses.")
    secured = serializers.BooleanField()
    is_open = serializers.BooleanField()
    conditions = serializers.SerializerMethodField(
        help_text="Null where none are on record: then nothing of the product is offered."
    )

    @extend_schema_field(ConditionsOut(allow_null=True))
    def get_conditions(self, product: Product) -> dict[str, Any] | None:
        """Return the conditions of the product's contracts, or None."""
        found = getattr(product, "conditions", None)
        return None if found is None else dict(ConditionsOut(found).data)


class ProductList(serializers.Serializer[Any]):
    """Every product of your lenders."""

    results = ProductOut(many=True)


class Products(APIView):
    """List products."""

    required_permission = "products.view_product"

    @extend_schema(
        operation_id="products_list", responses={200: ProductList, 401: Problem, 403: Problem}
    )
    def get(self, request: Request) -> Response:
        """Return the products of the lenders in whose branches you work."""
        return Response(ProductList({"results": selectors.catalogue(request.user)}).data)


urlpatterns = [path("products", Products.as_view(), name="products")]
