"""Pages of promotions, with the evidence they are judged by."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core import keyset, problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.governance import forms, policies, presentation, selectors, services
from apps.governance.models import Promotion
from apps.governance.views.trainings import evidence


@requires(policies.SEE)
def promotions(request: HttpRequest) -> HttpResponse:
    """List the promotions, newest first."""
    page = keyset.page(
        selectors.promotions(),
        by=("-proposed_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "governance/promotions.html", {"page": page})


@requires(policies.SEE)
def promotion(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one promotion with its evidence."""
    return _promotion_page(request, _promotion(pk), forms.AnswerForm())


@requires(policies.APPROVE)
@require_POST
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Make the proposed model the champion."""
    return _answered(request, pk, services.approve, done=_("The model decides from now on."))


@requires(policies.APPROVE)
@require_POST
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse the promotion."""
    return _answered(request, pk, services.refuse, done=_("The promotion is refused."))


def _answered(
    request: HttpRequest, pk: uuid.UUID, act: Callable[..., Promotion], *, done: str
) -> HttpResponse:
    found, form = _promotion(pk), forms.AnswerForm(request.POST)
    if form.is_valid():
        try:
            act(
                actor=request.user,
                promotion=found,
                answer=form.cleaned_data["answer"],
                now=timezone.now(),
            )
            messages.success(request, done)
            return redirect("governance:promotion", pk=pk)
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
            found = _promotion(pk)
    return _promotion_page(request, found, form)


def _promotion_page(request: HttpRequest, found: Promotion, form: Form) -> HttpResponse:
    crumbs = [{"label": _("Promotions"), "url": reverse("governance:promotions")}]
    context = {
        "promotion": found,
        "form": form,
        "loans": presentation.loans_of_evidence(found.evidence),
        "may_decide": policies.may_decide(request.user, found),
        "is_own": request.user.has_perm(policies.APPROVE) and policies.is_own(request.user, found),
        "crumbs": [*crumbs, {"label": str(found.model)}],
        **evidence(found.evidence["figures"]),
    }
    status = 422 if form.errors else 200
    return render(request, "governance/promotion.html", context, status=status)


def _promotion(pk: uuid.UUID) -> Promotion:
    found = selectors.promotions().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such promotion."))
    return found
