"""The switch of automated decisions over the API: read it, and stop them at once."""

from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Entity, User
from apps.core.api import APIView, Problem, Strict
from apps.core.errors import DomainError
from apps.decisions import automation, services
from apps.decisions.automation_forms import ALL, LONGEST_TEXT
from apps.decisions.models import AutomationStop


class FurtherReason(serializers.Serializer[Any]):
    """What another person said who stopped what was stopped already."""

    reason = serializers.CharField()
    said_at = serializers.DateTimeField()


class StopAnswer(serializers.Serializer[Any]):
    """One stop that holds."""

    id = serializers.UUIDField()
    lender = serializers.CharField(
        source="scope", help_text="The lender's code, or `all` for all lenders."
    )
    state = serializers.ChoiceField(
        source="status",
        choices=["stopped", "restart_asked"],
        help_text="`restart_asked` is still stopped: a second person has not confirmed.",
    )
    reason = serializers.CharField()
    stopped_at = serializers.DateTimeField()
    further_reasons = FurtherReason(many=True, source="statements.all")


class AutomationAnswer(serializers.Serializer[Any]):
    """Whether machines decide, and the stops that hold."""

    running = serializers.BooleanField(help_text="Whether nothing at all is stopped.")
    stops = StopAnswer(many=True)


class StopRequest(Strict):
    """Whose automated decisions to stop, and why."""

    lender = serializers.SlugField(help_text="The lender's code, or `all` for all lenders.")
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class Automation(APIView):
    """Whether automated decisions run."""

    required_permission = {"GET": automation.READ, "POST": automation.STOP}

    @extend_schema(
        operation_id="automation_state",
        responses={200: AutomationAnswer, 401: Problem, 403: Problem},
        tags=["decisions"],
    )
    def get(self, request: Request) -> Response:
        """Return whether automated decisions run, and every stop that holds."""
        found = list(automation.standing(request.user))
        return Response(AutomationAnswer({"running": not found, "stops": found}).data)

    @extend_schema(
        operation_id="automation_stop",
        request=StopRequest,
        responses={200: StopAnswer, 400: Problem, 401: Problem, 403: Problem},
        tags=["decisions"],
    )
    def post(self, request: Request) -> Response:
        """Stop automated decisions at once; what is stopped already keeps the further reason, too.

        Starting again takes two people and is done on the page.
        """
        given = StopRequest(data=request.data)
        given.is_valid(raise_exception=True)
        made: AutomationStop = services.stop_automation(
            actor=request.user,
            entity=_lender(request.user, given.validated_data["lender"]),
            reason=given.validated_data["reason"],
            now=timezone.now(),
        )
        return Response(StopAnswer(made).data)


def _lender(actor: User, code: str) -> Entity | None:
    """Return the lender of a code, None for all."""
    if code == ALL:
        return None
    found = automation.lenders(actor).filter(code=code).first()
    if found is None:
        sentence = _("There is no such lender.")
        raise DomainError("unknown_lender", sentence, fields={"lender": sentence})
    return found


urlpatterns = [path("automation", Automation.as_view(), name="automation")]
