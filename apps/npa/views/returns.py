"""Returns: what is owed and when, what a return would say, and those that were made."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.models import Entity
from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.npa import (
    bureau_calendar,
    policies,
    portfolio_rows,
    return_forms,
    return_page,
    return_rows,
    services,
)
from apps.npa.models import Return, ReturnOrder, Threshold

_BY = ("-made_at", "-id")
_FILES_AHEAD = 4


@require_GET
@requires(policies.VIEW)
def returns(request: HttpRequest) -> HttpResponse:
    """List the returns that were made, and the next files of the bureaus' calendar."""
    entities = portfolio_rows.entities(request.user)
    owed = [(one, kind) for one in entities for kind in return_rows.kinds(one)]
    mine = [(one, kind) for one, kind in owed if services.may_make(request.user, kind)]
    asked = request.GET if "kind" in request.GET else None
    form = return_forms.WantedForm(asked, owed=mine) if mine else None
    if form is not None and form.is_valid():
        given = form.cleaned_data
        address = (given["kind"], given["lender"], given["day"].isoformat())
        return redirect("npa:return_preview", *address)
    page = keyset.page(
        Return.objects.visible_to(request.user)
        .defer("content")
        .select_related("entity", "made_by"),
        by=_BY,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    context: dict[str, Any] = {
        "form": form,
        "page": page,
        "rows": [(one, services.may_make(request.user, one.kind)) for one in page.rows],
        "orders": return_page.orders(return_rows.orders(request.user)),
        "upcoming": _upcoming([one for one, kind in owed if kind == Return.Kind.BUREAU], today),
    }
    return render(request, "npa/returns.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.VIEW)
def preview(request: HttpRequest, kind: str, lender: str, day: str) -> HttpResponse:
    """Show what a return would say beside the ledger, each cell leading to its loans; make it."""
    wanted = _wanted(request, kind, lender, day)
    try:
        drawn = services.draw(actor=request.user, wanted=wanted)
    except DomainError as refusal:
        if refusal.status in (403, 404):
            raise
        messages.error(request, str(refusal.sentence))
        return redirect("npa:returns")
    form = return_forms.MakeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _made(request, wanted, form):
        return redirect("npa:returns")
    context = {
        "wanted": wanted,
        "title": Return.Kind(kind).label,
        "drawn": drawn,
        "already": return_rows.made(kind, wanted.day).filter(entity=wanted.entity),
        "sheet": return_page.sheet(wanted, drawn.sheet) if drawn.sheet else None,
        "ratios": return_page.ratios(wanted),
        "form": form,
        "crumbs": [
            {"label": _("Returns"), "url": reverse("npa:returns")},
            {"label": Return.Kind(kind).label},
        ],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "npa/return.html", context, status=status)


@require_GET
@requires(policies.VIEW)
def download(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand over the file of a return, as it was made."""
    made: Return = get_visible(Return.objects.select_related("entity"), request.user, pk=pk)
    content = services.read_return(actor=request.user, made=made)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"{made.kind}-{made.entity.code}-{made.day}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _upcoming(entities: list[Entity], today: date) -> list[bureau_calendar.Reporting]:
    """Return the next files of some lenders, first the one before that was not made by all."""
    if not entities:
        return []
    last = bureau_calendar.last_owed(today)
    made = return_rows.made(Return.Kind.BUREAU, last.reference).filter(entity__in=entities)
    is_made = made.values("entity").distinct().count() == len(entities)
    ahead = bureau_calendar.upcoming(today, _FILES_AHEAD)
    return ahead if is_made else [last, *ahead]


def _made(request: HttpRequest, wanted: services.Wanted, form: Any) -> bool:
    """Make the return, or have it made where it is long; say in the form why it is not."""
    try:
        made = services.make_or_order(
            actor=request.user, wanted=wanted, now=timezone.now(), **form.cleaned_data
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    if isinstance(made, ReturnOrder):
        messages.info(request, _("The file is being made; it appears on this page."))
    else:
        messages.success(request, _("The return is made and kept."))
    return True


def _wanted(request: HttpRequest, kind: str, lender: str, day: str) -> services.Wanted:
    entity = Entity.objects.filter(code=lender).first()
    if (
        kind not in Return.Kind.values
        or entity is None
        or not Threshold.reaches(request.user, entity)
    ):
        raise NotVisible("not_found", _("There is no such return."))
    try:
        return services.Wanted(kind=kind, entity=entity, day=date.fromisoformat(day))
    except ValueError:
        raise NotVisible("not_found", _("There is no such return.")) from None
