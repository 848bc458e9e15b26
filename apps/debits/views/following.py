"""What is to be followed up: debits that failed or came amiss, and rows that were refused."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import keyset
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.debits import looks, policies, selectors, sentences, services
from apps.debits.forms import NoteForm
from apps.debits.models import Debit
from apps.debits.views import answers
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words


@require_GET
@requires(policies.SEE)
def worklist(request: HttpRequest) -> HttpResponse:
    """List what is to be followed up: debits to look at, those tried again, refused rows."""
    view = request.GET.get("view", "look")
    view = view if view in selectors.VIEWS else "look"
    counts = selectors.follow_counts(request.user)
    is_rows = view == "rows"
    page: Any = keyset.page(
        _rows(request, view),
        by=("file_id", "number", "id") if is_rows else ("answered_at", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "view": view,
        "tabs": [
            {
                "label": label,
                "url": f"?view={one}",
                "current": one == view,
                "count": counts[one],
            }
            for one, label in looks.VIEWS.items()
        ],
        "page": page,
        "lines": [answers.line_shown(one) for one in page.rows] if is_rows else [],
        "rows": [] if is_rows else [debit_shown(one) for one in page.rows],
        "may_follow": policies.may(request.user, policies.FOLLOW),
        "may_answer": policies.may(request.user, policies.ANSWER),
    }
    return render(request, "debits/following.html", context)


@require_GET
@requires(policies.FOLLOW)
def count(request: HttpRequest) -> HttpResponse:
    """Return how many debits are to be looked at, for the navigation."""
    return HttpResponse(selectors.to_follow(request.user, "look").count() or "")


@require_http_methods(["GET", "POST"])
@requires(policies.FOLLOW)
def look_at(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Say what was done about a debit."""
    debit = get_visible(Debit.objects.select_related("loan"), request.user, pk=pk)
    form = NoteForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.look_at(
            actor=request.user, debit=debit, now=timezone.now(), **form.cleaned_data
        ),
        words=Words(
            title=_("Follow up a debit"),
            button=_("Record"),
            done=_("Recorded; it has left the list."),
            place=_("Debits to follow up"),
            back=reverse("debits:following"),
            text=_("%(loan)s: %(reason)s")
            % {"loan": debit.loan.number, "reason": sentences.reason(debit.reason_code)},
        ),
    )


def debit_shown(debit: Debit) -> dict[str, Any]:
    """Return a debit with its words."""
    return {
        "debit": debit,
        "look": looks.DEBITS[debit.status],
        "mandate_look": looks.MANDATES[debit.mandate.status],
        "reason": sentences.reason(debit.reason_code),
    }


def _rows(request: HttpRequest, view: str) -> Any:
    if view == "rows":
        return selectors.refused_rows(request.user)
    return selectors.to_follow(request.user, view)
