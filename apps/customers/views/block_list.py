"""The block list: who is on it, enter somebody, lift an entry."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.customers import forms, policies, selectors, services
from apps.customers.models import BlockListEntry
from apps.customers.views import _answers

form_methods = require_http_methods(["GET", "POST"])


@require_GET
@requires(policies.VIEW_BLOCK_LIST)
def block_list(request: HttpRequest) -> HttpResponse:
    """List the entries, newest first."""
    page = keyset.page(
        selectors.block_list(request.user),
        by=("-created_at", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": page,
        "rows": [_row(request, entry) for entry in page.rows],
        "may_block": policies.may_block(request.user),
    }
    return render(request, "customers/block_list.html", context)


@form_methods
@requires(policies.MANAGE_BLOCK_LIST)
def block(request: HttpRequest) -> HttpResponse:
    """Enter somebody into the block list; it takes effect at once."""
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    form = forms.BlockForm(request.POST or None, actor=request.user, initial={"from_date": today})
    return _form_page(
        request,
        form,
        act=lambda: services.block(
            actor=request.user,
            entity=form.cleaned_data["entity"],
            entry=form.entry(),
            now=timezone.now(),
        ),
        title=_("Enter into the block list"),
        done=_("The entry blocks from its first day on. Only another person can lift it."),
    )


@form_methods
@requires(policies.MANAGE_BLOCK_LIST)
def lift(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Lift an entry that somebody else listed."""
    entry = get_visible(selectors.block_list(request.user), request.user, pk=pk)
    form = forms.LiftForm(request.POST or None)
    return _form_page(
        request,
        form,
        act=lambda: services.lift(
            actor=request.user,
            entry=entry,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        title=_("Lift an entry of the block list"),
        done=_("The entry is lifted."),
        entry=entry,
        is_own=policies.listed(request.user, entry),
    )


def _row(request: HttpRequest, entry: BlockListEntry) -> dict[str, Any]:
    today = dates.local_date(timezone.now(), entry.entity.time_zone)
    return {
        "entry": entry,
        "state": _state(entry, today),
        "may_lift": policies.may_lift(request.user, entry),
    }


def _state(entry: BlockListEntry, today: date) -> dict[str, str]:
    """Return what an entry does today, for a badge."""
    if not entry.is_standing:
        return {"word": _("Lifted"), "tone": "neutral", "symbol": "undo-2"}
    if entry.until_date is not None and entry.until_date < today:
        return {"word": _("Run out"), "tone": "neutral", "symbol": "hourglass"}
    return {"word": _("Blocks"), "tone": "danger", "symbol": "ban"}


def _form_page(
    request: HttpRequest,
    form: Form,
    *,
    act: Callable[[], Any],
    title: str,
    done: str,
    **context: Any,
) -> HttpResponse:
    """Answer a page with one form: empty, with its errors, or done."""
    status = 200
    if form.is_bound:
        if form.is_valid() and _answers.try_to(form, act) is None:
            messages.success(request, done)
            return redirect("customers:block_list")
        status = 422
    back = reverse("customers:block_list")
    crumbs = [{"label": _("Block list"), "url": back}, {"label": title, "url": ""}]
    page = {"form": form, "title": title, "crumbs": crumbs, "back": back, **context}
    return render(request, "customers/block_form.html", page, status=status)
