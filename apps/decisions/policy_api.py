"""Policies over the API: read them, draft, propose and decide. The same services as the pages."""

import uuid
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
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.decisions import policy_page, policymaking, selectors, services
from apps.decisions.models import PolicyVersion

_LONGEST_NOTE = 2_000
_REFUSALS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem}


class PolicyLine(serializers.Serializer[Any]):
    """One version of a lender's policy."""

    id = serializers.UUIDField()
    lender = serializers.CharField(source="entity.code")
    number = serializers.IntegerField()
    state = serializers.CharField(
        source="status",
        help_text="One of draft, proposed, approved, withdrawn. Of the approved versions, the one"
        " of the latest day that has come decides.",
    )
    effective_from = serializers.DateField(allow_null=True)
    sha256 = serializers.CharField()
    author = serializers.EmailField(source="author.email", default=None, allow_null=True)
    proposed_by = serializers.EmailField(source="proposed_by.email", default=None, allow_null=True)
    approved_by = serializers.EmailField(source="approved_by.email", default=None, allow_null=True)
    note = serializers.CharField()
    version = serializers.CharField(
        help_text="Send it back with a change to be refused where somebody else was faster."
    )


class PolicyList(serializers.Serializer[Any]):
    """Every version of your lenders, the newest day first."""

    results = PolicyLine(many=True)


class PolicyFault(serializers.Serializer[Any]):
    """One thing to mend or, as a warning, to consider."""

    place = serializers.CharField()
    sentence = serializers.CharField()
    is_warning = serializers.BooleanField()


class PolicyWhole(PolicyLine):
    """One version with its document and what the checks say about it."""

    document = serializers.DictField()
    faults = PolicyFault(many=True)


class DifferenceRequest(serializers.Serializer[Any]):
    """Which version to compare with; stands in the address."""

    against = serializers.UUIDField(help_text="The version to compare with.")


class PolicyDifference(serializers.Serializer[Any]):
    """What a version changes of another, as sentences."""

    against = serializers.UUIDField()
    sentences = serializers.ListField(child=serializers.CharField())


class DraftRequest(Strict):
    """Whose policy to draft; from another version, or from a document."""

    lender = serializers.SlugField(help_text="The lender's code.")
    base = serializers.UUIDField(required=False, help_text="The version to copy.")
    document = serializers.DictField(required=False)


class DocumentRequest(Strict):
    """The document of a draft; it need not be sound yet."""

    document = serializers.DictField()
    version = serializers.CharField(required=False, default="")


class ProposeRequest(Strict):
    """From when it should decide, and what changes and why."""

    effective_from = serializers.DateField()
    note = serializers.CharField(max_length=_LONGEST_NOTE)
    version = serializers.CharField(required=False, default="")


class NoteRequest(Strict):
    """What is said to it; needed to send back and to withdraw."""

    note = serializers.CharField(
        max_length=_LONGEST_NOTE, required=False, default="", allow_blank=True
    )
    version = serializers.CharField(required=False, default="")


class Policies(APIView):
    """The versions of a policy."""

    required_permission = {"GET": policymaking.READ, "POST": policymaking.DRAFT}

    @extend_schema(
        operation_id="policies_list",
        responses={200: PolicyList, 401: Problem, 403: Problem},
        tags=["policies"],
    )
    def get(self, request: Request) -> Response:
        """Return every version of your lenders."""
        return Response(PolicyList({"results": selectors.policy_versions(request.user)}).data)

    @extend_schema(
        operation_id="policies_draft",
        request=DraftRequest,
        responses={201: PolicyWhole, **_REFUSALS},
        tags=["policies"],
    )
    def post(self, request: Request) -> Response:
        """Begin a draft: a copy of a version, a document, or empty."""
        given = _given(DraftRequest, request)
        base = _visible(request, given["base"]) if "base" in given else None
        made = services.draft_policy(
            actor=request.user,
            entity=_lender(request.user, given["lender"]),
            base=base,
            document=given.get("document"),
        )
        return Response(_whole(made), status=201)


class Policy(APIView):
    """One version of a policy."""

    required_permission = {"GET": policymaking.READ, "PUT": policymaking.DRAFT}

    @extend_schema(
        operation_id="policies_read",
        responses={200: PolicyWhole, 401: Problem, 403: Problem, 404: Problem},
        tags=["policies"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a version with its document and checks."""
        return Response(_whole(_visible(request, pk)))

    @extend_schema(
        operation_id="policies_write",
        request=DocumentRequest,
        responses={200: PolicyWhole, **_REFUSALS},
        tags=["policies"],
    )
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        """Rewrite your own draft."""
        given = _given(DocumentRequest, request)
        made = services.edit_policy(actor=request.user, policy=_visible(request, pk), **given)
        return Response(_whole(made))


class Difference(APIView):
    """What a version changes of another."""

    required_permission = policymaking.READ

    @extend_schema(
        operation_id="policies_difference",
        parameters=[DifferenceRequest],
        responses={200: PolicyDifference, **_REFUSALS},
        tags=["policies"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what the version changes of the one it is compared with."""
        asked = DifferenceRequest(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        version, other = _visible(request, pk), _visible(request, asked.validated_data["against"])
        found = policy_page.differences(version, other)
        if found is None or version.entity_id != other.entity_id:
            raise Conflict("not_comparable", _("These two versions cannot be compared."))
        return Response(PolicyDifference({"against": other.pk, "sentences": found}).data)


class Propose(APIView):
    """Put a draft before an approver."""

    required_permission = policymaking.DRAFT

    @extend_schema(
        operation_id="policies_propose",
        request=ProposeRequest,
        responses={200: PolicyWhole, **_REFUSALS},
        tags=["policies"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Propose a draft; every check must pass."""
        given = _given(ProposeRequest, request)
        made = services.propose_policy(
            actor=request.user, policy=_visible(request, pk), now=timezone.now(), **given
        )
        return Response(_whole(made))


class Approve(APIView):
    """Approve what another person proposed."""

    required_permission = policymaking.APPROVE

    @extend_schema(
        operation_id="policies_approve",
        request=NoteRequest,
        responses={200: PolicyWhole, **_REFUSALS},
        tags=["policies"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Approve a proposed version; it decides from its day on."""
        given = _given(NoteRequest, request)
        made = services.approve_policy(
            actor=request.user, policy=_visible(request, pk), now=timezone.now(), **given
        )
        return Response(_whole(made))


class SendBack(APIView):
    """Send a proposal back."""

    required_permission = policymaking.APPROVE

    @extend_schema(
        operation_id="policies_send_back",
        request=NoteRequest,
        responses={200: PolicyWhole, **_REFUSALS},
        tags=["policies"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Make a proposal a draft again, saying what should change."""
        given = _given(NoteRequest, request)
        made = services.send_back_policy(actor=request.user, policy=_visible(request, pk), **given)
        return Response(_whole(made))


class Withdraw(APIView):
    """Take one's own version off the table."""

    required_permission = policymaking.DRAFT

    @extend_schema(
        operation_id="policies_withdraw",
        request=NoteRequest,
        responses={200: PolicyWhole, **_REFUSALS},
        tags=["policies"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Withdraw your own draft or proposal, saying why."""
        given = _given(NoteRequest, request)
        made = services.withdraw_policy(actor=request.user, policy=_visible(request, pk), **given)
        return Response(_whole(made))


class TakeBack(APIView):
    """Take back what was approved."""

    required_permission = policymaking.APPROVE

    @extend_schema(
        operation_id="policies_take_back",
        request=NoteRequest,
        responses={200: PolicyWhole, **_REFUSALS},
        tags=["policies"],
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Withdraw an approved version before its day, saying why."""
        given = _given(NoteRequest, request)
        made = services.take_back_policy(
            actor=request.user, policy=_visible(request, pk), now=timezone.now(), **given
        )
        return Response(_whole(made))


def _given(shape: type[Strict], request: Request) -> dict[str, Any]:
    read = shape(data=request.data)
    read.is_valid(raise_exception=True)
    return dict(read.validated_data)


def _visible(request: Request, pk: uuid.UUID) -> PolicyVersion:
    rows = PolicyVersion.objects.select_related("entity", "author", "proposed_by", "approved_by")
    return get_visible(rows, request.user, pk=pk)


def _whole(version: PolicyVersion) -> dict[str, Any]:
    faults = policy_page.faults(version.document, version.entity)
    line = dict(PolicyLine(version).data)
    return {**line, "document": version.document, "faults": PolicyFault(faults, many=True).data}


def _lender(actor: User, code: str) -> Entity:
    found = Entity.objects.filter(code=code).first()
    if found is None or not (actor.works_everywhere or actor.branch.entity_id == found.pk):
        sentence = _("There is no such lender.")
        raise DomainError("unknown_lender", sentence, fields={"lender": sentence})
    return found


urlpatterns = [
    path("policies", Policies.as_view(), name="policies"),
    path("policies/<uuid:pk>", Policy.as_view(), name="policy"),
    path("policies/<uuid:pk>/difference", Difference.as_view(), name="policy_difference"),
    path("policies/<uuid:pk>/propose", Propose.as_view(), name="policy_propose"),
    path("policies/<uuid:pk>/approve", Approve.as_view(), name="policy_approve"),
    path("policies/<uuid:pk>/send-back", SendBack.as_view(), name="policy_send_back"),
    path("policies/<uuid:pk>/withdraw", Withdraw.as_view(), name="policy_withdraw"),
    path("policies/<uuid:pk>/take-back", TakeBack.as_view(), name="policy_take_back"),
]
