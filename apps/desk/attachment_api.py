"""Files beside a case over the API: which there are, lay one there, read one."""

import uuid
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import bodies
from apps.core.api import APIView, Problem, Strict
from apps.core.visibility import get_visible
from apps.customers import filetypes
from apps.customers.findings import Finding
from apps.customers.sentences import words
from apps.decisions.models import ReviewCase
from apps.desk import policies, selectors, services
from apps.desk.models import CaseAttachment
from apps.desk.services import attaching

_REFUSALS = {401: Problem, 403: Problem, 404: Problem}
_TAGS = ["review"]
# A body this many times the limit is not read at all; below it the field says it is too large.
_HOPELESS = 4


class AttachmentIn(Strict):
    """A file to lay beside a case."""

    file = serializers.FileField(
        max_length=1000, help_text="PDF, JPEG or PNG; what it is, is read from its bytes."
    )

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        """Return the file unless it is too large to be read into memory at all."""
        try:
            filetypes.size(file.size or 0, limit=settings.DOCUMENT_MAX_BYTES)
        except Finding as finding:
            raise serializers.ValidationError(words(finding)) from None
        return file


class AttachmentOut(serializers.Serializer[Any]):
    """A file beside a case, without its bytes."""

    id = serializers.UUIDField()
    filename = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    sha256 = serializers.CharField()
    uploaded_by = serializers.UUIDField(source="uploaded_by_id")
    uploaded_at = serializers.DateTimeField()


class Attachments(APIView):
    """The files beside a case."""

    required_permission = {"GET": policies.VIEW_QUEUE, "POST": policies.REVIEW}
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="review_attachments",
        responses={200: AttachmentOut(many=True), **_REFUSALS},
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return the files beside a case, newest first."""
        rows = selectors.attachments(_case(request, pk))
        return Response(AttachmentOut(rows, many=True).data)

    @extend_schema(
        operation_id="review_attach",
        request={"multipart/form-data": AttachmentIn},
        responses={201: AttachmentOut, 400: Problem, 409: Problem, 413: Problem, **_REFUSALS},
        tags=_TAGS,
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Lay a file beside a waiting case, encrypted; the very same file again is a conflict."""
        if bodies.announced_size(request) > _HOPELESS * settings.DOCUMENT_MAX_BYTES:
            raise bodies.BodyTooLarge("file_too_large", _("The file is far too large."))
        case = _case(request, pk)
        given = AttachmentIn(data=request.data)
        given.is_valid(raise_exception=True)
        file = given.validated_data["file"]
        made = services.attach(
            actor=request.user,
            case=case,
            filename=file.name,
            content=file.read(),
            now=timezone.now(),
        )
        return Response(AttachmentOut(made).data, status=201)


class OneAttachment(APIView):
    """One file beside a case."""

    required_permission = attaching.DOWNLOAD

    @extend_schema(
        operation_id="review_attachment",
        responses={
            **{(200, kind): OpenApiTypes.BINARY for kind in filetypes.EXTENSIONS},
            **_REFUSALS,
        },
        tags=_TAGS,
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponse:
        """Return the file as it was laid beside the case; that you read it is recorded."""
        attachment = get_visible(CaseAttachment.objects.defer("content"), request.user, pk=pk)
        content = services.read_attachment(actor=request.user, attachment=attachment)
        return HttpResponse(
            content,
            content_type=attachment.content_type,
            headers={
                "Content-Disposition": content_disposition_header(
                    as_attachment=True, filename=attachment.filename
                ),
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store, private",
            },
        )


def _case(request: Request, pk: uuid.UUID) -> ReviewCase:
    return get_visible(ReviewCase.objects.all(), request.user, pk=pk)


urlpatterns = [
    path(
        "review/cases/<uuid:pk>/attachments",
        bodies.limits_itself(Attachments.as_view()),
        name="review_attachments",
    ),
    path("review/attachments/<uuid:pk>", OneAttachment.as_view(), name="review_attachment"),
]
