"""Notices about arrears over the API: the list, write one, write down what became of one."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.collections import policies, selectors, services
from apps.collections.models import Notice
from apps.collections.noticing import Kind, Status, Word
from apps.core.api import APIView, Strict
from apps.core.visibility import get_visible
from apps.npa.override_api import REFUSED
from apps.servicing.asked import seen, taken

_TAGS = ["collections"]


class NoticeIn(Strict):
    """Which notice, and by when the borrower is to pay."""

    kind = serializers.ChoiceField(choices=[one.value for one in Kind])
    pay_by = serializers.DateField()


class NoticeWordIn(Strict):
    """What became of a notice."""

    word = serializers.ChoiceField(choices=[one.value for one in Word])
    happened_on = serializers.DateField()
    reference = serializers.CharField(
        max_length=80, required=False, default="", allow_blank=True, help_text="Of the post."
    )


class NoticeWordOut(serializers.Serializer[Any]):
    """What was written down of a notice."""

    word = serializers.CharField()
    happened_on = serializers.DateField()
    reference = serializers.CharField()
    told_at = serializers.DateTimeField()
    told_by = serializers.UUIDField(source="told_by_id")


class NoticeOut(serializers.Serializer[Any]):
    """A notice, how it stands, and what was written down of it."""

    id = serializers.UUIDField()
    loan = serializers.UUIDField(source="loan_id")
    kind = serializers.CharField()
    overdue = serializers.DecimalField(max_digits=18, decimal_places=2)
    issued_on = serializers.DateField()
    pay_by = serializers.DateField()
    language = serializers.CharField(source="letter.language")
    issued_by = serializers.UUIDField(source="issued_by_id")
    status = serializers.SerializerMethodField()
    words = NoticeWordOut(many=True)

    def get_status(self, one: Notice) -> str:
        """Return how it stands: queued, sent, delivered, failed or returned."""
        status: Status = selectors.notice_status(one)
        return status.value


class Notices(APIView):
    """The notices about a loan."""

    required_permission = {"GET": policies.VIEW, "POST": policies.NOTICE}

    @extend_schema(
        operation_id="collections_notices_list",
        responses={200: NoticeOut(many=True), **REFUSED},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the last notices about a loan, the newest first."""
        return Response(NoticeOut(selectors.notices(seen(request, pk)), many=True).data)

    @extend_schema(
        operation_id="collections_notice_issue",
        request=NoticeIn,
        responses={201: NoticeOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write a notice in the borrower's language, and put it down for delivery."""
        made = services.issue_notice(
            actor=request.user,
            loan=seen(request, pk),
            entry=services.NoticeEntry(**taken(request, NoticeIn)),
            now=timezone.now(),
        )
        return Response(NoticeOut(made).data, status=201)


class NoticeWords(APIView):
    """What became of a notice."""

    required_permission = policies.NOTICE

    @extend_schema(
        operation_id="collections_notice_follow",
        request=NoticeWordIn,
        responses={201: NoticeOut, **REFUSED},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Write down that it was posted, handed over, delivered, or came back."""
        notice = get_visible(Notice.objects.all(), request.user, pk=pk)
        services.write_word(
            actor=request.user,
            notice=notice,
            entry=services.WordEntry(**taken(request, NoticeWordIn)),
            now=timezone.now(),
        )
        found = Notice.objects.select_related("letter").get(pk=notice.pk)
        return Response(NoticeOut(found).data, status=201)


urlpatterns: list[Any] = [
    path("collections/<uuid:pk>/notices", Notices.as_view(), name="collections_notices"),
    path("collections/notices/<uuid:pk>/words", NoticeWords.as_view(), name="notice_words"),
]
