"""Releases from a reserve that needs the regulator's leave, over the API."""

import uuid
from collections.abc import Callable
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import keyset
from apps.core.api import APIView, Strict
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.npa import policies, reserve_rows, services
from apps.npa.models import ReserveRelease
from apps.npa.override_api import AFTER, REFUSED
from apps.npa.services import Wish, proposing
from apps.servicing.asked import taken

_AMOUNT: dict[str, Any] = {"max_digits": 20, "decimal_places": 2}


class ReserveReleaseRequest(Strict):
    """What is to be released, by which letter of the regulator, and why."""

    entity = serializers.UUIDField()
    currency = serializers.CharField(max_length=3)
    amount = serializers.DecimalField(**_AMOUNT)
    leave_reference = serializers.CharField(max_length=120)
    leave_date = serializers.DateField()
    reason = serializers.CharField(max_length=2_000)


class ReleaseNote(Strict):
    """Why a release is refused."""

    note = serializers.CharField(max_length=2_000)


class ReserveReleaseAnswer(serializers.Serializer[Any]):
    """A release from a reserve, and how it stands."""

    id = serializers.UUIDField()
    lender = serializers.CharField(source="entity.code")
    state = serializers.CharField(source="status")
    currency = serializers.CharField()
    amount = serializers.DecimalField(**_AMOUNT)
    leave_reference = serializers.CharField()
    leave_date = serializers.DateField()
    reason = serializers.CharField()
    proposed_by = serializers.CharField(source="proposed_by.name")
    proposed_at = serializers.DateTimeField()
    answered_by = serializers.CharField(source="answered_by.name", default=None)
    answered_at = serializers.DateTimeField(allow_null=True)
    day = serializers.DateField(allow_null=True, help_text="On which the ledger has it.")


class FreeAnswer(serializers.Serializer[Any]):
    """What of a reserve no loan asks for, less what was released since."""

    lender = serializers.CharField(source="entity.code")
    currency = serializers.CharField()
    day = serializers.DateField(help_text="The last day that was ended.")
    amount = serializers.DecimalField(**_AMOUNT)


class ReleasePage(serializers.Serializer[Any]):
    """Some releases, the position of the next, and what could be released."""

    results = ReserveReleaseAnswer(many=True)
    after = serializers.CharField(allow_blank=True)
    free = FreeAnswer(many=True)


_ANSWERS = {200: ReserveReleaseAnswer, **REFUSED}


class Releases(APIView):
    """Releases from reserves."""

    required_permission = {"GET": policies.VIEW_RESERVE, "POST": policies.PROPOSE_RELEASE}

    @extend_schema(
        operation_id="reserve_releases_list",
        parameters=[AFTER],
        responses={200: ReleasePage, **REFUSED},
        tags=["npa"],
    )
    def get(self, request: Request) -> Response:
        """Return releases, those proposed last first, and what could be released."""
        page = keyset.page(
            reserve_rows.releases(request.user),
            by=("-proposed_at", "-id"),
            after=request.query_params.get("after", ""),
        )
        found = {
            "results": page.rows,
            "after": page.after,
            "free": reserve_rows.free_of(request.user),
        }
        return Response(ReleasePage(found).data)

    @extend_schema(
        operation_id="reserve_release_propose",
        request=ReserveReleaseRequest,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request) -> Response:
        """Propose a release; another person approves it."""
        given = taken(request, ReserveReleaseRequest)
        entity = ledger.entities(request.user).filter(pk=given.pop("entity")).first()
        if entity is None:
            raise proposing.unseen()
        made = services.propose_release(
            actor=request.user,
            entity=entity,
            currency=given.pop("currency"),
            wish=Wish(**given),
            now=timezone.now(),
        )
        return Response(ReserveReleaseAnswer(made).data)


class Approve(APIView):
    """Approve a release."""

    required_permission = policies.APPROVE_RELEASE

    @extend_schema(
        operation_id="reserve_release_approve", request=None, responses=_ANSWERS, tags=["npa"]
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve what another person proposed: the ledger has it today."""
        return _answered(request, pk, services.approve_release)


class Refuse(APIView):
    """Refuse a release."""

    required_permission = policies.APPROVE_RELEASE

    @extend_schema(
        operation_id="reserve_release_refuse",
        request=ReleaseNote,
        responses=_ANSWERS,
        tags=["npa"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Refuse what another person proposed, with a reason."""
        return _answered(request, pk, services.refuse_release, **taken(request, ReleaseNote))


class Withdraw(APIView):
    """Take a proposal back."""

    required_permission = policies.PROPOSE_RELEASE

    @extend_schema(
        operation_id="reserve_release_withdraw", request=None, responses=_ANSWERS, tags=["npa"]
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Take back what one proposed oneself."""
        return _answered(request, pk, services.withdraw_release)


def _answered(
    request: Request, pk: uuid.UUID, act: Callable[..., ReserveRelease], **given: Any
) -> Response:
    found = get_visible(ReserveRelease.objects.all(), request.user, pk=pk)
    done = act(actor=request.user, release=found, now=timezone.now(), **given)
    return Response(ReserveReleaseAnswer(done).data)


urlpatterns = [
    path("npa/reserve-releases", Releases.as_view(), name="npa_releases"),
    path("npa/reserve-releases/<uuid:pk>/approve", Approve.as_view(), name="npa_release_approve"),
    path("npa/reserve-releases/<uuid:pk>/refuse", Refuse.as_view(), name="npa_release_refuse"),
    path(
        "npa/reserve-releases/<uuid:pk>/withdraw", Withdraw.as_view(), name="npa_release_withdraw"
    ),
]
