"""Saved views of the queue over the API: list them, keep one, throw one away."""

import uuid
from typing import Any

from django.http import QueryDict
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.desk import forms, policies, selectors, services
from apps.desk.models import SavedView

_TAGS = ["review"]


class ViewIn(Strict):
    """A way of looking at the queue, to be kept under a name."""

    name = serializers.CharField(max_length=60, help_text="The same name again replaces the view.")
    query = serializers.CharField(
        max_length=1000,
        allow_blank=True,
        help_text=(
            "Filters and order as they stand in the address of the queue's page, for example"
            " `show=overdue&sort=-amount`; what the queue does not know is left out."
        ),
    )
    role = serializers.CharField(
        max_length=150,
        required=False,
        default="",
        allow_blank=True,
        help_text="A role you hold, whose people may open it, too; left out, nobody.",
    )
    is_default = serializers.BooleanField(
        required=False, default=False, help_text="Whether the queue opens with it for you."
    )


class ViewOut(serializers.Serializer[Any]):
    """A view that you keep, or that somebody shares with a role of yours."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    query = serializers.CharField()
    owner = serializers.UUIDField(source="person_id")
    role = serializers.CharField(source="shared_with.name", default="")
    is_default = serializers.BooleanField(
        help_text="Whether the queue opens with it for its owner."
    )


class Views(APIView):
    """Ways of looking at the queue."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_views",
        responses={200: ViewOut(many=True), 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Return the views you may open, by name."""
        return Response(ViewOut(selectors.views(request.user), many=True).data)

    @extend_schema(
        operation_id="review_save_view",
        request=ViewIn,
        responses={200: ViewOut, 400: Problem, 401: Problem, 403: Problem},
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Keep a view; one of yours by the same name is replaced."""
        given = ViewIn(data=request.data)
        given.is_valid(raise_exception=True)
        told = dict(given.validated_data)
        told["query"] = forms.kept_query(QueryDict(told["query"]))
        return Response(ViewOut(services.save_view(actor=request.user, **told)).data)


class OneView(APIView):
    """One way of looking at the queue."""

    required_permission = policies.VIEW_QUEUE

    @extend_schema(
        operation_id="review_delete_view",
        responses={204: None, 401: Problem, 403: Problem, 404: Problem},
        tags=_TAGS,
    )
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Throw a view of your own away."""
        view = get_visible(SavedView.objects.all(), request.user, pk=pk)
        services.delete_view(actor=request.user, view=view)
        return Response(status=204)


urlpatterns = [
    path("review/views", Views.as_view(), name="review_views"),
    path("review/views/<uuid:pk>", OneView.as_view(), name="review_view"),
]
