"""How long cases may wait, over the API: the table, enter a row, end a row."""

import uuid
from decimal import Decimal
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity, User
from apps.core import keyset
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.desk import policies, selectors, services
from apps.desk.models import ServiceLevel
from apps.desk.models.service_levels import LONGEST_HOURS
from apps.products.models import Product

_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["review"]


class LevelIn(Strict):
    """A row: within how many hours cases of a kind are to be decided, and who answers for it."""

    entity = serializers.SlugField(help_text="The lender's code.")
    cause = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="A reason for referral; left out, every reason.",
    )
    product = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="A product's code; left out, every product.",
    )
    from_amount = serializers.DecimalField(
        max_digits=18,
        decimal_places=2,
        min_value=Decimal(0),
        required=False,
        default=Decimal(0),
        help_text="In the lender's currency.",
    )
    hours = serializers.IntegerField(min_value=1, max_value=LONGEST_HOURS)
    owner = serializers.CharField(max_length=120, help_text="Who answers for it in the house.")


class LevelOut(serializers.Serializer[Any]):
    """A row of the table; an empty reason or product fits every case."""

    id = serializers.UUIDField()
    entity = serializers.CharField(source="entity.code")
    cause = serializers.CharField()
    product = serializers.CharField(source="product.code", default="")
    from_amount = serializers.DecimalField(max_digits=18, decimal_places=2)
    hours = serializers.IntegerField()
    owner = serializers.CharField()
    entered_by = serializers.UUIDField(
        source="entered_by_id",
        allow_null=True,
        help_text="Null where it came with the installation.",
    )
    entered_at = serializers.DateTimeField()
    ended_by = serializers.UUIDField(source="ended_by_id", allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class EndedLevelsIn(Strict):
    """Which place of the list."""

    after = serializers.CharField(max_length=400, required=False, help_text="From the last answer.")
    limit = serializers.IntegerField(min_value=1, max_value=200, default=25)


class EndedLevelPage(serializers.Serializer[Any]):
    """A page of rows that were ended; `after` is empty at the end."""

    results = LevelOut(many=True)
    after = serializers.CharField()


class Levels(APIView):
    """How long cases may wait."""

    required_permission = {"GET": policies.VIEW_QUEUE, "POST": policies.MANAGE_LEVELS}

    @extend_schema(
        operation_id="review_service_levels",
        responses={200: LevelOut(many=True), 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the rows that stand, in the order in which they go before one another."""
        return Response(LevelOut(selectors.service_levels(request.user), many=True).data)

    @extend_schema(
        operation_id="review_enter_service_level",
        request=LevelIn,
        responses={201: LevelOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Enter a row for the cases that come from now on; one for the same kind is ended by it."""
        given = LevelIn(data=request.data)
        given.is_valid(raise_exception=True)
        entry = _entry(request.user, dict(given.validated_data))
        made = services.enter_level(actor=request.user, entry=entry, now=timezone.now())
        return Response(LevelOut(made).data, status=201)


class EndedLevels(APIView):
    """How long cases were allowed to wait before."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_ended_service_levels",
        parameters=[EndedLevelsIn],
        responses={200: EndedLevelPage, 400: Problem, 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the rows that were ended, the last ended first."""
        asked = EndedLevelsIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            selectors.service_levels(request.user, ended=True),
            by=("-ended_at", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(EndedLevelPage({"results": page.rows, "after": page.after}).data)


class EndLevel(APIView):
    """End a row."""

    required_permission = policies.MANAGE_LEVELS

    @extend_schema(
        operation_id="review_end_service_level",
        request=None,
        responses={200: LevelOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a row; cases that come from now on fall under the next that fits."""
        level = get_visible(ServiceLevel.objects.all(), request.user, pk=pk)
        found = services.end_level(actor=request.user, level=level, now=timezone.now())
        return Response(LevelOut(found).data)


def _entry(actor: User, given: dict[str, Any]) -> services.LevelEntry:
    """Return the row with lender and product; a DomainError beside each field it cannot name."""
    lenders = Entity.objects.all()
    if not actor.works_everywhere:
        lenders = lenders.filter(pk=actor.branch.entity_id)
    entity = lenders.filter(code=given.pop("entity")).first()
    code = given.pop("product")
    products = Product.objects.visible_to(actor).filter(entity=entity, code=code)
    product = products.first() if code else None
    unknown: dict[str, object] = {}
    if entity is None:
        unknown["entity"] = _("There is no such lender.")
    elif code and product is None:
        unknown["product"] = _("This lender does not offer this product.")
    if given["cause"] and given["cause"] not in dict(selectors.referral_causes(actor)):
        unknown["cause"] = _("Choose a reason of the list.")
    if entity is None or unknown:
        raise DomainError("level_refused", _("The row is not complete."), fields=unknown)
    return services.LevelEntry(entity=entity, product=product, **given)


urlpatterns = [
    path("review/service-levels", Levels.as_view(), name="review_service_levels"),
    path("review/service-levels/ended", EndedLevels.as_view(), name="review_ended_service_levels"),
    path(
        "review/service-levels/<uuid:pk>/end", EndLevel.as_view(), name="review_end_service_level"
    ),
]
