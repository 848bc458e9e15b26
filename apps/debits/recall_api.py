"""Recalls of files of debits over the API: asked by one person, answered by another."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Problem
from apps.core.visibility import get_visible
from apps.debits import policies, selectors, services
from apps.debits import serializers as shapes
from apps.debits.models import Recall
from apps.debits.views import files as pages
from apps.repayments.statement_shapes import PageIn

_REFUSED = {400: Problem, 401: Problem, 403: Problem, 404: Problem}
_ACTED = {**_REFUSED, 409: Problem}
_TAGS = ["debits"]


class DebitRecalls(APIView):
    """The recalls that wait."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_recalls_list",
        parameters=[PageIn],
        responses={200: shapes.RecallPage, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """List the recalls that wait for a second person, the oldest first."""
        asked = PageIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = keyset.page(
            selectors.recalls_asked(request.user),
            by=selectors.OLDEST_RECALLS,
            after=asked.validated_data.get("after", ""),
            size=asked.validated_data["limit"],
        )
        return Response(shapes.RecallPage({"results": page.rows, "after": page.after}).data)


class DebitFileRecall(APIView):
    """Ask for a recall."""

    required_permission = policies.RECALL

    @extend_schema(
        operation_id="debit_files_recall",
        request=shapes.DebitReasonIn,
        responses={201: shapes.RecallOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Ask that a released file be recalled, which the bank does not have."""
        file = pages.visible(request.user, pk)
        given = shapes.DebitReasonIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = services.ask_recall(
            actor=request.user, file=file, now=timezone.now(), **given.validated_data
        )
        return _recall(request, made.pk, status=201)


class OneDebitRecall(APIView):
    """One recall."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_recalls_read",
        responses={200: shapes.RecallOut, **_REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a recall as it stands."""
        return _recall(request, pk)


class DebitRecallConfirm(APIView):
    """Confirm a recall."""

    required_permission = policies.RELEASE

    @extend_schema(
        operation_id="debit_recalls_confirm",
        request=None,
        responses={200: shapes.RecallOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Recall the file another person asked about; its debits without an answer are freed."""
        recall = _visible(request, pk)
        services.confirm_recall(actor=request.user, recall=recall, now=timezone.now())
        return _recall(request, pk)


class DebitRecallRefuse(APIView):
    """Refuse a recall."""

    required_permission = policies.SEE

    @extend_schema(
        operation_id="debit_recalls_refuse",
        request=shapes.DebitNoteIn,
        responses={200: shapes.RecallOut, **_ACTED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Leave the file with the bank, and say why; who asked may take it back so."""
        recall = _visible(request, pk)
        given = shapes.DebitNoteIn(data=request.data)
        given.is_valid(raise_exception=True)
        services.refuse_recall(
            actor=request.user, recall=recall, now=timezone.now(), **given.validated_data
        )
        return _recall(request, pk)


def _visible(request: Request, pk: uuid.UUID) -> Recall:
    found: Recall = get_visible(selectors.recalls_with_file(), request.user, pk=pk)
    return found


def _recall(request: Request, pk: Any, *, status: int = 200) -> Response:
    return Response(shapes.RecallOut(_visible(request, pk)).data, status=status)


urlpatterns = [
    path("debit-recalls", DebitRecalls.as_view(), name="debit_recalls"),
    path("debit-files/<uuid:pk>/recall", DebitFileRecall.as_view(), name="debit_file_recall"),
    path("debit-recalls/<uuid:pk>", OneDebitRecall.as_view(), name="debit_recall"),
    path("debit-recalls/<uuid:pk>/confirm", DebitRecallConfirm.as_view(), name="recall_confirm"),
    path("debit-recalls/<uuid:pk>/refuse", DebitRecallRefuse.as_view(), name="recall_refuse"),
]
