"""The ledger over the API: entries, trial balance, what a loan holds, statements, proofs."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import dates, jobs, keyset
from apps.core.access import SIGNED_IN
from apps.core.api import APIView, Problem
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.ledger import hooks, policies, selectors, serializers, services
from apps.ledger.models import Entry
from apps.ledger.selectors import EntryFilter
from apps.ledger.statement import span

_REFUSED: dict[int, Any] = {400: Problem, 401: Problem, 403: Problem, 404: Problem}


def _not_there() -> NotVisible:
    return NotVisible("not_found", _("There is no such record, or it is not yours to see."))


def _query(kind: type[Any], request: Request) -> dict[str, Any]:
    given = kind(data=request.query_params)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def _branches(request: Request, wanted: uuid.UUID | None) -> list[Any]:
    """Return the branches that may be read, or the one asked for. Raises NotVisible."""
    every = list(selectors.branches(request.user))
    found = [branch for branch in every if wanted in (None, branch.pk)]
    if wanted and not found:
        raise _not_there()
    return found


def _entry(entry: Entry) -> dict[str, Any]:
    lines = sorted(entry.lines.all(), key=lambda line: line.number)
    answer = serializers.EntryAnswer(_WithLines(entry, lines))
    return dict(answer.data)


class _WithLines:
    """An entry whose `lines` are in their order."""

    def __init__(self, entry: Entry, lines: list[Any]) -> None:
        self._entry, self.lines = entry, lines

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)


class Entries(APIView):
    """The entries one may see."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="ledger_entries",
        parameters=[serializers.EntriesQuery],
        responses={200: serializers.EntryPage, **_REFUSED},
        tags=["ledger"],
    )
    def get(self, request: Request) -> Response:
        """Return entries, the one posted last at the head."""
        given = _query(serializers.EntriesQuery, request)
        after, branch = given.pop("after", ""), given.pop("branch", None)
        branches = tuple(_branches(request, branch)) if branch else None
        rows = selectors.entries(request.user, EntryFilter(**given, branches=branches))
        page = keyset.page(rows, by=("-id",), after=after)
        return Response({"results": [_entry(one) for one in page.rows], "after": page.after})


class OneEntry(APIView):
    """One entry."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="ledger_entry",
        responses={200: serializers.EntryAnswer, **_REFUSED},
        tags=["ledger"],
    )
    def get(self, request: Request, number: int) -> Response:
        """Return an entry with its lines."""
        rows = Entry.objects.prefetch_related("lines")
        return Response(_entry(get_visible(rows, request.user, pk=number)))


class Trial(APIView):
    """The trial balance."""

    required_permission = policies.VIEW

    @extend_schema(
        operation_id="ledger_trial_balance",
        parameters=[serializers.TrialBalanceQuery],
        responses={200: serializers.TrialBalanceAnswer, **_REFUSED},
        tags=["ledger"],
    )
    def get(self, request: Request) -> Response:
        """Return what every account held at the end of a day, currency by currency."""
        given = _query(serializers.TrialBalanceQuery, request)
        zone = request.user.branch.entity.time_zone
        as_of = given.get("as_of") or dates.local_date(timezone.now(), zone)
        found = selectors.trial_balance(_branches(request, given.get("branch")), as_of)
        values = {"as_of": as_of, "currencies": found.parts()}
        return Response(serializers.TrialBalanceAnswer(values).data)


class LoanBalances(APIView):
    """What one loan holds."""

    required_permission = SIGNED_IN

    @extend_schema(
        operation_id="ledger_loan_balances",
        parameters=[serializers.BalancesQuery],
        responses={200: serializers.LoanBalancesAnswer, **_REFUSED},
        tags=["ledger"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return a loan's balances at the end of a day, or as they were known at a moment."""
        given = _query(serializers.BalancesQuery, request)
        if not hooks.may_see(request.user, pk):
            raise _not_there()
        as_of, known_at = given.get("as_of"), given.get("known_at")
        held = selectors.balances([pk], as_of, known_at=known_at)[pk]
        values = {
            "loan": pk,
            "as_of": as_of,
            "known_at": known_at,
            "currency": selectors.currency_of(pk),
            "owed": held.owed,
            "accounts": {account.value: amount for account, amount in held.amounts.items()},
        }
        return Response(serializers.LoanBalancesAnswer(values).data)


class LoanStatement(APIView):
    """The statement of one loan's account."""

    required_permission = SIGNED_IN

    @extend_schema(
        operation_id="ledger_loan_statement",
        parameters=[serializers.StatementQuery],
        responses={200: serializers.StatementAnswer, **_REFUSED},
        tags=["ledger"],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Return what was charged and paid from one day to another, and what was owed after."""
        given = _query(serializers.StatementQuery, request)
        days = selectors.days_of(pk) if hooks.may_see(request.user, pk) else None
        if days is None:
            raise _not_there()
        start, end = span(given.get("from_date"), given.get("to_date"), first=days[0], last=days[1])
        found = selectors.statement(pk, start=start, end=end, with_corrections=given["corrections"])
        return Response(serializers.StatementAnswer(found).data)


class Closings(APIView):
    """Closed days."""

    required_permission = {"GET": policies.VIEW, "POST": policies.CLOSE}

    @extend_schema(
        operation_id="ledger_closings",
        parameters=[OpenApiParameter("after", description="The position from the page before.")],
        responses={200: serializers.ClosingPage, **_REFUSED},
        tags=["ledger"],
    )
    def get(self, request: Request) -> Response:
        """Return the closed days of the books one may read, the last one at the head."""
        after = request.query_params.get("after", "")
        page = keyset.page(selectors.closings(request.user), by=("-day", "-id"), after=after)
        rows = serializers.ClosingAnswer(page.rows, many=True).data
        return Response({"results": rows, "after": page.after})

    @extend_schema(
        operation_id="ledger_close_day",
        request=serializers.ClosingRequest,
        responses={201: serializers.ClosingAnswer, 409: Problem, **_REFUSED},
        tags=["ledger"],
    )
    def post(self, request: Request) -> Response:
        """Close books up to a day that is over, and return the closing; again: the same one."""
        given = serializers.ClosingRequest(data=request.data)
        given.is_valid(raise_exception=True)
        entity = selectors.entities(request.user).filter(pk=given.validated_data["entity"]).first()
        if entity is None:
            raise _not_there()
        closing = services.close_day(
            actor=request.user,
            entity=entity,
            day=given.validated_data["day"],
            now=timezone.now(),
        )
        return Response(serializers.ClosingAnswer(closing).data, status=201)


class Proofs(APIView):
    """The proofs of the ledger."""

    required_permission = {"GET": policies.VIEW, "POST": policies.PROVE}

    @extend_schema(
        operation_id="ledger_proof",
        responses={200: serializers.ProofAnswer, 204: None, 401: Problem, 403: Problem},
        tags=["ledger"],
    )
    def get(self, request: Request) -> Response:
        """Return what the last proof found; nothing (204) before the first."""
        last = selectors.last_proof()
        if last is None:
            return Response(status=204)
        return Response(serializers.ProofAnswer(last).data)

    @extend_schema(
        operation_id="ledger_prove",
        request=None,
        responses={202: None, 401: Problem, 403: Problem},
        tags=["ledger"],
    )
    def post(self, request: Request) -> Response:
        """Have the ledger proved by the worker."""
        jobs.enqueue("ledger.prove", actor=request.user.audit_reference)
        return Response(status=202)


urlpatterns = [
    path("ledger/entries", Entries.as_view(), name="ledger_entries"),
    path("ledger/entries/<int:number>", OneEntry.as_view(), name="ledger_entry"),
    path("ledger/trial-balance", Trial.as_view(), name="ledger_trial_balance"),
    path("ledger/loans/<uuid:pk>/balances", LoanBalances.as_view(), name="ledger_balances"),
    path("ledger/loans/<uuid:pk>/statement", LoanStatement.as_view(), name="ledger_statement"),
    path("ledger/closings", Closings.as_view(), name="ledger_closings"),
    path("ledger/proofs", Proofs.as_view(), name="ledger_proofs"),
]
