"""Conflicts of interest over the API: declare one's own, list them, end another person's."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.customers.models import IdentityNumber
from apps.decisions import policies as decisions_policies
from apps.decisions import services as decisions_services
from apps.decisions.models import DeclaredInterest
from apps.desk.services.working import LONGEST_TEXT

VIEW_CUSTOMERS = "customers.view_customer"
# By what a person is found where no customer is named; what the page offers.
NUMBERS = (*IdentityNumber.Kind.values, "phone", "email")
_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}
_TAGS = ["conflicts of interest"]


class InterestIn(Strict):
    """Whom one is close to, or what identifies oneself: a customer or else a number."""

    relation = serializers.ChoiceField(choices=DeclaredInterest.Relation.choices)
    customer_number = serializers.CharField(
        max_length=20, required=False, help_text="Or else `kind` and `number`."
    )
    kind = serializers.ChoiceField(choices=NUMBERS, required=False)
    number = serializers.CharField(
        max_length=254,
        required=False,
        help_text="Only a fingerprint of it is kept; nobody can read it back.",
    )
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class EndInterestIn(Strict):
    """Why a declaration is ended."""

    reason = serializers.CharField(max_length=LONGEST_TEXT)


class InterestOut(serializers.Serializer[Any]):
    """A declared conflict of interest; it counts until it is ended."""

    id = serializers.UUIDField()
    person = serializers.UUIDField(source="person_id")
    relation = serializers.ChoiceField(choices=DeclaredInterest.Relation.choices)
    customer_number = serializers.CharField(
        source="customer.number", default="", help_text="Empty where a number was declared."
    )
    kind = serializers.CharField(help_text="What kind of number, empty where a customer was named.")
    reason = serializers.CharField()
    declared_at = serializers.DateTimeField()
    ended_by = serializers.UUIDField(source="ended_by_id", allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField(allow_null=True)


class ListInterestsIn(Strict):
    """Which place of the list."""

    after = serializers.CharField(max_length=400, required=False, help_text="From the last answer.")
    limit = serializers.IntegerField(min_value=1, max_value=200, default=25)


class InterestPage(serializers.Serializer[Any]):
    """A page of declarations; `after` is empty at the end."""

    results = InterestOut(many=True)
    after = serializers.CharField()


class Interests(APIView):
    """Declared conflicts of interest."""

    required_permission = {"GET": VIEW_CUSTOMERS, "POST": VIEW_CUSTOMERS}

    @extend_schema(
        operation_id="interests_list",
        parameters=[ListInterestsIn],
        responses={200: InterestPage, 400: Problem, 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return your own declarations, those of everybody if you look after the register."""
        asked = ListInterestsIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            DeclaredInterest.objects.visible_to(request.user).select_related("customer"),
            by=("-declared_at", "id"),
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(InterestPage({"results": page.rows, "after": page.after}).data)

    @extend_schema(
        operation_id="interests_declare",
        request=InterestIn,
        responses={200: InterestOut, 201: InterestOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Declare whom you are close to; you keep out of their applications from now on.

        What stands already is not written again and answered with 200.
        """
        given = InterestIn(data=request.data)
        given.is_valid(raise_exception=True)
        entry = decisions_services.InterestEntry(**given.validated_data)
        now = timezone.now()
        found = decisions_services.declare_interest(actor=request.user, entry=entry, now=now)
        is_new = found.declared_at == now
        return Response(InterestOut(found).data, status=201 if is_new else 200)


class EndInterest(APIView):
    """End what another person declared."""

    required_permission = decisions_policies.MANAGE_INTERESTS

    @extend_schema(
        operation_id="interests_end",
        request=EndInterestIn,
        responses={200: InterestOut, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """End a declaration that was wrong or is over; nobody ends their own."""
        interest = get_visible(DeclaredInterest.objects.all(), request.user, pk=pk)
        given = EndInterestIn(data=request.data)
        given.is_valid(raise_exception=True)
        found = decisions_services.end_interest(
            actor=request.user, interest=interest, now=timezone.now(), **given.validated_data
        )
        return Response(InterestOut(found).data)


urlpatterns = [
    path("review/interests", Interests.as_view(), name="review_interests"),
    path("review/interests/<uuid:pk>/end", EndInterest.as_view(), name="review_end_interest"),
]
