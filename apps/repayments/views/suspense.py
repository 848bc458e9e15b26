"""Money nobody can be found for: the worklist, one of it with suggestions, and what is done."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.audit import services as audit
from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.repayments import (
    candidates,
    desk_rows,
    matching,
    services,
    statement_forms,
    statement_lists,
    statement_sentences,
)
from apps.repayments import policies as repayments
from apps.repayments import statement_looks as looks
from apps.repayments import statement_policies as policies
from apps.repayments.matching import Suggestion
from apps.repayments.models import StatementLine

_MOST_SUGGESTED = 8


@requires(policies.SEE)
@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    """List the money in suspense, the oldest first, each with the loan that most speaks for."""
    form = statement_forms.SuspenseFilter(request.GET)
    page = keyset.page(
        statement_lists.suspense(request.user).filter(**form.lookups()),
        by=("day", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    best = best_of(request.user, page.rows)
    context = {
        "form": form,
        "page": page,
        "lines": [
            {
                "line": line,
                "because": statement_sentences.because(line.because),
                "best": best.get(line.pk),
            }
            for line in page.rows
        ],
        "totals": statement_lists.suspense_totals(request.user),
    }
    return render(request, "repayments/suspense.html", context)


@requires(policies.SEE)
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """Return how much waits in suspense, for the navigation."""
    return HttpResponse(statement_lists.suspense_count(request.user) or "")


@requires(policies.SEE)
@require_GET
def line(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one line's money: what the payer wrote, whose it may be, what was noted and done.

    With a loan and a day in the address, also what placing it there would come to.
    """
    found = visible(request.user, pk)
    is_asked = "loan" in request.GET and found.status == "suspense"
    if is_asked and policies.may_place(request.user):
        return _foreseen(request, found)
    return _page(request, found)


@requires(policies.PLACE)
@require_POST
def place(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Place the money on a loan."""
    found = visible(request.user, pk)
    form = statement_forms.PlaceForm(request.POST, actor=request.user, line=found)
    return _act(
        request,
        found,
        form,
        lambda **given: services.place_money(
            actor=request.user, line=found, now=timezone.now(), **given
        ),
        done=_("The money is on the loan, from the day it came in."),
    )


@requires(policies.PLACE)
@require_POST
def misplace(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the money back from the loan it was posted to."""
    found = visible(request.user, pk)
    return _act(
        request,
        found,
        statement_forms.ReasonForm(request.POST, prefix="misplace"),
        lambda **given: services.misplace_money(
            actor=request.user, line=found, now=timezone.now(), **given
        ),
        done=_("The money waits in suspense again; the loan is as if it had never had it."),
    )


@requires(policies.PLACE)
@require_POST
def ask_return(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that the money goes back to who paid it."""
    found = visible(request.user, pk)
    return _act(
        request,
        found,
        statement_forms.ReasonForm(request.POST, prefix="return"),
        lambda **given: services.ask_return(actor=request.user, line=found, **given),
        done=_("Asked for. Another person returns the money."),
    )


@requires(policies.SEE)
@require_POST
def refuse_return(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the money stay in suspense."""
    found = visible(request.user, pk)
    try:
        services.refuse_return(actor=request.user, line=found)
        messages.success(request, _("The money stays in suspense."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("repayments:suspense_line", pk=pk)


@requires(policies.RETURN)
@require_POST
def give_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the money."""
    found = visible(request.user, pk)
    return _act(
        request,
        found,
        statement_forms.ReturnForm(request.POST, prefix="give"),
        lambda **given: services.give_back(
            actor=request.user, line=found, now=timezone.now(), **given
        ),
        done=_("The money is returned."),
    )


@requires(policies.PLACE)
@require_http_methods(["POST"])
def note(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a note."""
    found = visible(request.user, pk)
    return _act(
        request,
        found,
        statement_forms.NoteForm(request.POST, prefix="note"),
        lambda **given: services.write_note(
            actor=request.user, line=found, now=timezone.now(), **given
        ),
        done=_("Noted."),
    )


def visible(actor: Any, pk: uuid.UUID) -> StatementLine:
    """Return a line whose money was taken, if the person may see it; else NotVisible."""
    rows = statement_lists.lines_with_lender().filter(status__in=("suspense", "posted", "returned"))
    return get_visible(rows, actor, pk=pk)


def best_of(actor: Any, lines: list[StatementLine]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return for each line the one loan that most speaks for, of those a person may see.

    Where as much speaks for another, none is named: an amount alone may be that of many.
    """
    found: dict[uuid.UUID, dict[str, Any]] = {}
    for entity in {one.file.branch.entity for one in lines}:
        own = [one for one in lines if one.file.entity_id == entity.pk]
        ranked = candidates.suggestions(own, entity=entity, seen_by=actor, with_likely=True)
        chosen = {
            one.pk: each[0]
            for one, each in zip(own, ranked, strict=True)
            if matching.stands_out(each)
        }
        loans = Loan.objects.in_bulk([one.loan_id for one in chosen.values()])
        found |= {pk: _suggested(one, loans[one.loan_id]) for pk, one in chosen.items()}
    return found


def suggested(actor: Any, found: StatementLine) -> list[dict[str, Any]]:
    """Return the loans that anything speaks for, of those a person may see, the best first."""
    entity = found.file.branch.entity
    (ranked,) = candidates.suggestions([found], entity=entity, seen_by=actor, with_likely=True)
    best = ranked[:_MOST_SUGGESTED]
    rows = Loan.objects.select_related("customer", "product")
    loans = rows.in_bulk([one.loan_id for one in best])
    return [_suggested(one, loans[one.loan_id]) for one in best]


def _suggested(one: Suggestion, loan: Loan) -> dict[str, Any]:
    reasons = [statement_sentences.because(reason) for reason in one.reasons]
    return {"loan": loan, "reasons": reasons, "takes_money": one.takes_money}


def _page(
    request: HttpRequest, found: StatementLine, *, status: int = 200, **forms: Any
) -> HttpResponse:
    is_held = found.status == "suspense"
    may_place = policies.may_place(request.user)
    loan = found.loan
    is_seen = loan and Loan.objects.visible_to(request.user).filter(pk=loan.pk).exists()
    today = _today(found)
    context = {
        "line": found,
        "audit_subject": audit.reference(found),
        "details": found.details,
        "look": looks.LINES[found.status],
        "because": statement_sentences.because(found.because),
        "loan": loan if is_seen else None,
        "suggested": suggested(request.user, found) if is_held else [],
        "notes": found.notes.select_related("written_by").order_by("written_at", "id"),
        "may_place": is_held and may_place,
        "may_ask": is_held and may_place and found.return_asked_by_id is None,
        "may_return": is_held and policies.may_return(request.user, found),
        "may_misplace": _may_misplace(request.user, found),
        "may_note": may_place,
        "place_form": statement_forms.PlaceForm(actor=request.user, line=found),
        "return_form": statement_forms.ReasonForm(prefix="return"),
        "give_form": statement_forms.ReturnForm(prefix="give", initial={"day": today}),
        "note_form": statement_forms.NoteForm(prefix="note"),
        "misplace_form": statement_forms.ReasonForm(prefix="misplace"),
        "crumbs": [
            {"label": _("Money in suspense"), "url": reverse("repayments:suspense")},
            {"label": str(found), "url": ""},
        ],
        **forms,
    }
    return render(request, "repayments/suspense_line.html", context, status=status)


def _foreseen(request: HttpRequest, found: StatementLine) -> HttpResponse:
    """Show what placing the money would come to, or why it cannot be placed so."""
    form = statement_forms.PlaceForm(request.GET, actor=request.user, line=found)
    share = None
    if form.is_valid():
        try:
            foreseen = services.foresee_placing(line=found, now=timezone.now(), **form.cleaned_data)
            [share] = desk_rows.shares([(form.cleaned_data["loan"], foreseen)])
        except DomainError as refusal:
            form.refuse(refusal)
    context = {"place_form": form, "share": share, "day": form.cleaned_data.get("day")}
    return _page(request, found, status=422 if form.errors else 200, **context)


def _may_misplace(actor: Any, found: StatementLine) -> bool:
    is_live = found.event is not None and found.event.status == "live"
    return is_live and policies.may_place(actor) and actor.has_perm(repayments.REVERSE)


def _act(
    request: HttpRequest,
    found: StatementLine,
    form: Any,
    act: Callable[..., Any],
    *,
    done: str,
) -> HttpResponse:
    """Do what a form asks for; what is refused is shown beside it on the line's page."""
    if form.is_valid():
        try:
            act(**form.cleaned_data)
            messages.success(request, done)
            return redirect("repayments:suspense_line", pk=found.pk)
        except DomainError as refusal:
            form.refuse(refusal)
    names = {
        "PlaceForm": "place_form",
        "ReturnForm": "give_form",
        "NoteForm": "note_form",
        "ReasonForm": f"{form.prefix}_form",
    }
    fresh = visible(request.user, found.pk)
    return _page(request, fresh, status=422, **{names[type(form).__name__]: form})


def _today(found: StatementLine) -> date:
    return dates.local_date(timezone.now(), found.file.branch.entity.time_zone)
