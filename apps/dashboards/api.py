"""Whether the process is up, and whether it can do its work; for load balancers and people."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.access import PUBLIC
from apps.core.api import APIView, Problem
from apps.core.errors import Unavailable
from apps.dashboards import readiness


class Status(serializers.Serializer[Any]):
    """`up` or `ready`."""

    status = serializers.CharField()


class Health(APIView):
    """Whether the process is up."""

    authentication_classes = []
    required_permission = PUBLIC

    @extend_schema(operation_id="health", responses={200: Status}, auth=[], tags=["operations"])
    def get(self, request: Request) -> Response:
        """Say that this process answers."""
        return Response({"status": "up"})


class Ready(APIView):
    """Whether the process can do its work."""

    authentication_classes = []
    required_permission = PUBLIC

    @extend_schema(
        operation_id="ready",
        responses={200: Status, 503: Problem},
        auth=[],
        tags=["operations"],
    )
    def get(self, request: Request) -> Response:
        """Say that database, broker and the model of every open product are there, or which not."""
        missing = [part.name for part in readiness.parts() if not part.is_ready]
        if missing:
            sentence = _("Not ready: %(parts)s.") % {"parts": ", ".join(missing)}
            raise Unavailable("not_ready", sentence, fields=dict.fromkeys(missing, _("Not ready.")))
        return Response({"status": "ready"})


urlpatterns = [
    path("health", Health.as_view(), name="health"),
    path("ready", Ready.as_view(), name="ready"),
]
