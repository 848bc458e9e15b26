"""Blind quality control: take a sample, judge it, see agreement, follow up, set the share."""

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
from apps.desk import blind_forms, blind_page, blind_rows, policies, services
from apps.desk.models import BlindSample, SamplingShare
from apps.desk.views import one_form


@requires(policies.VIEW_QUEUE)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person, and agreement: one's own, or everybody's."""
    actor, now = request.user, timezone.now()
    sees_all = actor.has_perm(policies.VIEW_BLIND)
    rows = BlindSample.objects.visible_to(actor) if sees_all else blind_rows.own(actor)
    listed = blind_rows.disagreements(actor) if sees_all else blind_rows.own(actor)
    page = keyset.page(
        listed,
        by=("reviewed_at", "id") if sees_all else ("-reviewed_at", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "sees_all": sees_all,
        "judges": policies.reviews_blindly(actor),
        "held": blind_rows.held(actor, now=now),
        "waiting": blind_rows.offered(actor).count(),
        "page": page,
        "agreement": blind_page.agreed(rows),
    }
    return render(request, "desk/blind.html", context)


@requires(policies.VIEW_QUEUE)
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """Return how many samples wait for the person, for the navigation."""
    return HttpResponse(blind_rows.waiting_count(request.user) or "")


@requires(policies.REVIEW_BLIND)
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take up the sample that waits longest."""
    try:
        found = services.take_blind(actor=request.user, now=timezone.now())
    except NotVisible as nothing:
        messages.info(request, str(nothing))
        return redirect("desk:blind")
    return redirect("desk:blind_sample", pk=found.pk)


@requires(policies.VIEW_QUEUE)
@require_GET
def sample(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the facts to who judges, and both verdicts to who has judged or may see them."""
    return _page(request, _sample(request, pk))


@requires(policies.REVIEW_BLIND)
@require_POST
def judge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give a blind verdict."""
    found, now = _sample(request, pk), timezone.now()
    outcome = request.POST.get("outcome", "")
    if outcome not in ("approve", "decline"):
        messages.error(request, _("Approve or decline."))
        return redirect("desk:blind_sample", pk=pk)
    listed = blind_page.listed_for(found, now=now)
    form = blind_forms.BlindVerdictForm(request.POST, outcome=outcome, listed=listed)
    if not form.is_valid():
        return _page(request, found, bound=form, status=422)
    try:
        judged = services.judge_blind(
            actor=request.user, sample=found, verdict=form.verdict(), now=now
        )
    except DomainError as refusal:
        if refusal.fields:
            form.refuse(refusal)
            return _page(request, found, bound=form, status=422)
        messages.error(request, str(refusal))
        return redirect("desk:blind")
    if judged.agrees:
        messages.success(request, _("You and the machine say the same."))
    else:
        messages.info(request, _("You and the machine disagree; a credit manager looks at it."))
    return redirect("desk:blind_sample", pk=pk)


@requires(policies.REVIEW_BLIND)
@require_POST
def release(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a sample back."""
    return _act(request, pk, services.release_blind, _("The sample waits for somebody else."))


@requires(policies.REVIEW_BLIND)
@require_POST
def recuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Step back for good."""
    return _act(request, pk, services.recuse_blind, _("You are not given this sample again."))


@requires(policies.FOLLOW_BLIND)
@require_POST
def follow(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a disagreement."""
    found, form = _sample(request, pk), blind_forms.FollowForm(request.POST)
    if not form.is_valid():
        return _page(request, found, bound=form, status=422)
    try:
        services.follow_blind(
            actor=request.user, sample=found, now=timezone.now(), **form.cleaned_data
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(request, found, bound=form, status=422)
    messages.success(request, _("The disagreement is answered."))
    return redirect("desk:blind")


@requires(policies.VIEW_BLIND)
@require_GET
def shares(request: HttpRequest) -> HttpResponse:
    """Show what share is sampled, and what it was before."""
    context = {
        "shares": blind_rows.shares(request.user),
        "ended": blind_rows.shares(request.user, ended=True)[:50],
        "may_set": request.user.has_perm(policies.SET_SAMPLING),
    }
    return render(request, "desk/blind_shares.html", context)


@requires(policies.SET_SAMPLING)
@require_http_methods(["GET", "POST"])
def set_share(request: HttpRequest) -> HttpResponse:
    """Enter a share; one for the same product is ended by it."""
    form = blind_forms.ShareForm(request.POST or None, actor=request.user)
    return one_form.page(
        request,
        form,
        lambda: services.set_share(actor=request.user, entry=form.entry(), now=timezone.now()),
        words=one_form.Words(
            title=_("Set what share is sampled"),
            done=_("It counts for the decisions from now on."),
            place=_("Shares sampled"),
        ),
        back="desk:blind_shares",
    )


@requires(policies.SET_SAMPLING)
@require_POST
def end_share(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End a share."""
    share = get_visible(SamplingShare.objects.all(), request.user, pk=pk)
    try:
        services.end_share(actor=request.user, share=share, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The row is ended."))
    return redirect("desk:blind_shares")


def _sample(request: HttpRequest, pk: uuid.UUID) -> BlindSample:
    rows = BlindSample.objects.select_related(
        "application__branch__entity",
        "application__product",
        "decision",
        "reviewed_by",
        "followed_by",
    )
    return get_visible(rows, request.user, pk=pk)


def _page(
    request: HttpRequest, found: BlindSample, *, bound: Any = None, status: int = 200
) -> HttpResponse:
    """Show a sample: its facts to its holder, what came of it to who may know, else nothing."""
    actor, now = request.user, timezone.now()
    crumbs = [
        {"label": _("Blind second opinions"), "url": reverse("desk:blind")},
        {"label": found.application.number},
    ]
    if found.status == "claimed" and found.claimed_by_id == actor.pk:
        context = blind_page.facts(actor, found, now=now)
        context["verdict_forms"] = blind_page.verdict_forms(found, now=now, bound=bound)
        return render(
            request, "desk/blind_sample.html", {**context, "crumbs": crumbs}, status=status
        )
    knows = found.reviewed_by_id == actor.pk or actor.has_perm(policies.VIEW_BLIND)
    if found.reviewed_by_id is None or not knows:
        raise NotVisible("not_found", _("There is no such sample among yours."))
    context = blind_page.result(actor, found, bound=bound)
    return render(request, "desk/blind_result.html", {**context, "crumbs": crumbs}, status=status)


def _act(
    request: HttpRequest, pk: uuid.UUID, service: Callable[..., BlindSample], done: str
) -> HttpResponse:
    found = _sample(request, pk)
    try:
        service(actor=request.user, sample=found, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("desk:blind")
