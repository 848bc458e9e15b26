"""The tables people look after: service levels, and declared conflicts of interest."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.decisions import policies as decisions_policies
from apps.decisions import sentences
from apps.decisions import services as decisions_services
from apps.decisions.models import DeclaredInterest
from apps.desk import forms, policies, selectors, services
from apps.desk.models import ServiceLevel
from apps.desk.views import one_form

VIEW_CUSTOMERS = "customers.view_customer"


@requires(policies.VIEW_QUEUE)
@require_GET
def levels(request: HttpRequest) -> HttpResponse:
    """Show how long cases may wait, and what it was before."""
    known = dict(_causes(request))
    context = {
        "levels": [_level(one, known) for one in selectors.service_levels(request.user)],
        "ended": [
            _level(one, known) for one in selectors.service_levels(request.user, ended=True)[:50]
        ],
        "may_change": request.user.has_perm(policies.MANAGE_LEVELS),
    }
    return render(request, "desk/service_levels.html", context)


@requires(policies.MANAGE_LEVELS)
@require_http_methods(["GET", "POST"])
def enter_level(request: HttpRequest) -> HttpResponse:
    """Enter a row; one for the same kind of case is ended by it."""
    form = forms.LevelForm(request.POST or None, actor=request.user, causes=_causes(request))
    return one_form.page(
        request,
        form,
        lambda: services.enter_level(actor=request.user, entry=form.entry(), now=timezone.now()),
        words=one_form.Words(
            title=_("Enter a service level"),
            done=_("The row counts for the cases that come from now on."),
            place=_("Service levels"),
        ),
        back="desk:levels",
    )


@requires(policies.MANAGE_LEVELS)
@require_POST
def end_level(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End a row."""
    level = get_visible(ServiceLevel.objects.all(), request.user, pk=pk)
    try:
        services.end_level(actor=request.user, level=level, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The row is ended."))
    return redirect("desk:levels")


@requires(VIEW_CUSTOMERS)
@require_GET
def interests(request: HttpRequest) -> HttpResponse:
    """Show one's own declarations; those of everybody to who looks after the register."""
    rows = DeclaredInterest.objects.visible_to(request.user)
    page = keyset.page(
        rows.select_related("person__branch", "customer", "ended_by"),
        by=("-declared_at", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    may_end = request.user.has_perm(decisions_policies.MANAGE_INTERESTS)
    context = {
        "page": page,
        "rows": [
            {
                "interest": one,
                "may_end": may_end and one.ended_at is None and one.person_id != request.user.pk,
            }
            for one in page.rows
        ],
        "sees_all": may_end,
        "kinds": dict(forms.InterestForm.base_fields["kind"].choices),  # type: ignore[attr-defined]
    }
    return render(request, "desk/interests.html", context)


@requires(VIEW_CUSTOMERS)
@require_http_methods(["GET", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """Declare whom one is close to."""
    form = forms.InterestForm(request.POST or None)
    return one_form.page(
        request,
        form,
        lambda: decisions_services.declare_interest(
            actor=request.user, entry=form.entry(), now=timezone.now()
        ),
        words=one_form.Words(
            title=_("Declare a conflict of interest"),
            done=_("It is on record: you keep out of these applications from now on."),
            place=_("Conflicts of interest"),
        ),
        back="desk:interests",
    )


@requires(decisions_policies.MANAGE_INTERESTS)
@require_http_methods(["GET", "POST"])
def end_interest(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End what another person declared."""
    interest = get_visible(DeclaredInterest.objects.all(), request.user, pk=pk)
    form = forms.WhyForm(request.POST or None)
    return one_form.page(
        request,
        form,
        lambda: decisions_services.end_interest(
            actor=request.user,
            interest=interest,
            reason=form.cleaned_data["note"],
            now=timezone.now(),
        ),
        words=one_form.Words(
            title=_("End a declared conflict of interest"),
            done=_("It is ended."),
            place=_("Conflicts of interest"),
        ),
        back="desk:interests",
    )


def _causes(request: HttpRequest) -> list[tuple[str, str]]:
    """Return every reason for referral a row may name: those of the house and of the policies."""
    return selectors.referral_causes(request.user)


def _level(level: ServiceLevel, known: dict[str, str]) -> dict[str, Any]:
    return {
        "level": level,
        "cause": known.get(level.cause) or (sentences.cause(level.cause) if level.cause else ""),
    }
