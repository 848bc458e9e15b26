"""Reserves that need the regulator's leave: what is free of them, and releases by two people."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.npa import policies, reserve_forms, reserve_page, reserve_rows, services
from apps.npa.models import ReserveRelease


@require_GET
@requires(policies.VIEW_RESERVE)
def releases(request: HttpRequest) -> HttpResponse:
    """Show what could be released, and every release, those proposed last first."""
    page = keyset.page(
        reserve_rows.releases(request.user),
        by=("-proposed_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "free": reserve_rows.free_of(request.user),
        "may_propose": request.user.has_perm(policies.PROPOSE_RELEASE),
        "page": page,
        "rows": [reserve_page.row(request.user, one) for one in page.rows],
    }
    return render(request, "npa/releases.html", context)


@require_GET
@requires(policies.VIEW_RESERVE)
def count(request: HttpRequest) -> HttpResponse:
    """Say how many releases wait for the person; nothing to one who may not approve any."""
    if not request.user.has_perm(policies.APPROVE_RELEASE):
        return HttpResponse("")
    return HttpResponse(reserve_rows.waiting_count(request.user) or "")


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE_RELEASE)
def propose(request: HttpRequest, lender: str, currency: str) -> HttpResponse:
    """Propose to release from a lender's reserve."""
    free = next(
        (
            one
            for one in reserve_rows.free_of(request.user)
            if (one.entity.code, one.currency) == (lender, currency)
        ),
        None,
    )
    if free is None:
        raise NotVisible("not_found", _("Nothing of such a reserve is free."))
    form = reserve_forms.ReleaseForm(request.POST or None)
    return _one_form(
        request,
        form,
        {"title": _("Propose a release from the reserve"), "label": _("Propose"), "free": free},
        act=lambda: services.propose_release(
            actor=request.user,
            entity=free.entity,
            currency=currency,
            wish=form.wish(),
            now=timezone.now(),
        ),
        said=_("The proposal waits for another person."),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE_RELEASE)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse a release, with a reason."""
    found = get_visible(ReserveRelease.objects.all(), request.user, pk=pk)
    form = reserve_forms.RefusalForm(request.POST or None)
    return _one_form(
        request,
        form,
        {"title": _("Refuse a release from the reserve"), "label": _("Refuse"), "is_grave": True},
        act=lambda: services.refuse_release(
            actor=request.user, release=found, now=timezone.now(), **form.cleaned_data
        ),
        said=_("The proposal is refused."),
    )


@require_POST
@requires(policies.APPROVE_RELEASE)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve a release: the ledger has it at once."""
    return _taken(request, pk, services.approve_release, said=_("The release is posted."))


@require_POST
@requires(policies.PROPOSE_RELEASE)
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back one's own proposal."""
    return _taken(request, pk, services.withdraw_release, said=_("The proposal is taken back."))


def _one_form(
    request: HttpRequest, form: Any, task: dict[str, Any], *, act: Callable[[], Any], said: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            act()
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, said)
            return redirect("npa:releases")
    crumbs = [
        {"label": _("Provisions"), "url": reverse("npa:provisions")},
        {"label": _("Releases from the reserve"), "url": reverse("npa:releases")},
        {"label": task["title"]},
    ]
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "task": task, "crumbs": crumbs}
    return render(request, "npa/release.html", context, status=status)


def _taken(
    request: HttpRequest, pk: uuid.UUID, act: Callable[..., ReserveRelease], *, said: str
) -> HttpResponse:
    found = get_visible(ReserveRelease.objects.all(), request.user, pk=pk)
    try:
        act(actor=request.user, release=found, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, said)
    return redirect("npa:releases")
