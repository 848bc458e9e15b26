"""Pages of trials: which models are tried beside the champion, and what that finds."""

import uuid
from collections.abc import Callable
from typing import Any

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
from apps.governance import (
    services,
    trial_arms,
    trial_comparison,
    trial_page,
    trials,
)
from apps.governance import trial_forms as forms
from apps.governance import trial_policies as policies
from apps.governance.models import ShareChange, Trial
from apps.scoring import services as scoring
from apps.scoring.models import Incident


@requires(policies.SEE)
def index(request: HttpRequest) -> HttpResponse:
    """List the trials, newest first, and above them what waits for the person."""
    page = keyset.page(
        trials.trials(),
        by=("-proposed_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    decides = request.user.has_perm(policies.APPROVE)
    context = {
        "page": page,
        "waiting": trials.waiting_trials(request.user) if decides else [],
        "shares": trials.waiting_shares(request.user) if decides else [],
        "incidents": trials.incidents(),
        "may_propose": request.user.has_perm(policies.PROPOSE),
    }
    return render(request, "governance/trials.html", context)


@requires(policies.PROPOSE)
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a trial; another person lets it start."""
    form = forms.TrialForm(request.POST or None, initial={"model": request.GET.get("model", "")})
    if request.method == "POST" and form.is_valid():
        try:
            found = services.propose_trial(
                actor=request.user,
                model=form.cleaned_data["model"],
                plan=form.plan(),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
            messages.success(request, _("The trial is asked for; another person decides."))
            return redirect("governance:trial", pk=found.pk)
        except DomainError as error:
            problems.add_to(form, error)
    crumbs = [_crumb(), {"label": _("New trial")}]
    context = {"form": form, "crumbs": crumbs}
    status = 422 if form.errors else 200
    return render(request, "governance/trial_new.html", context, status=status)


@requires(policies.SEE)
def trial(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one trial: the plan, who agreed, what it has found so far."""
    return _page(request, _trial(pk), forms.TrialAnswerForm())


@requires(policies.APPROVE)
@require_POST
def start(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the trial run."""
    found = _trial(pk)
    return _done(
        request,
        found,
        forms.TrialAnswerForm(request.POST),
        act=lambda said: services.start_trial(
            actor=request.user, trial=found, answer=said["answer"], now=timezone.now()
        ),
        done=_("The model is tried from the next application on."),
    )


@requires(policies.APPROVE)
@require_POST
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse the trial."""
    found = _trial(pk)
    return _done(
        request,
        found,
        forms.TrialAnswerForm(request.POST),
        act=lambda said: services.refuse_trial(
            actor=request.user, trial=found, answer=said["answer"], now=timezone.now()
        ),
        done=_("The trial is refused."),
    )


@requires(policies.STOP)
@require_POST
def stop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop the trial at once."""
    found = _trial(pk)
    return _done(
        request,
        found,
        forms.StopForm(request.POST),
        act=lambda said: services.stop_trial(
            actor=request.user, trial=found, reason=said["reason"], now=timezone.now()
        ),
        done=_("The trial is stopped; the champion scores from the next application on."),
    )


@requires(policies.PROPOSE)
@require_POST
def ask_share(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for another share of the traffic."""
    found, form = _trial(pk), forms.ShareForm(request.POST)
    return _done(
        request,
        found,
        form,
        act=lambda said: services.propose_share(
            actor=request.user,
            trial=found,
            share=form.fraction(),
            reason=said["reason"],
            now=timezone.now(),
        ),
        done=_("Another share is asked for; another person decides."),
    )


@requires(policies.APPROVE)
@require_POST
def approve_share(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the challenger have the share that was asked for."""
    found = _share(pk)
    return _done(
        request,
        found.trial,
        forms.TrialAnswerForm(request.POST),
        act=lambda _said: services.approve_share(
            actor=request.user, change=found, now=timezone.now()
        ),
        done=_("The share holds from the next application on."),
    )


@requires(policies.APPROVE)
@require_POST
def refuse_share(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Leave the share as it is."""
    found = _share(pk)
    return _done(
        request,
        found.trial,
        forms.TrialAnswerForm(request.POST),
        act=lambda said: services.refuse_share(
            actor=request.user, change=found, answer=said["answer"], now=timezone.now()
        ),
        done=_("The share stays as it is."),
    )


@requires(policies.STOP)
@require_POST
def acknowledge(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Note what was found about a model that could not score."""
    incident = Incident.objects.select_related("placement").filter(pk=pk).first()
    if incident is None:
        raise NotVisible("not_found", _("There is no such incident."))
    return _done(
        request,
        _trial(incident.placement.trial),
        forms.NoteForm(request.POST),
        act=lambda said: scoring.acknowledge(
            actor=request.user, incident=incident, note=said["note"], now=timezone.now()
        ),
        done=_("The incident is noted."),
    )


def _done(
    request: HttpRequest,
    found: Trial,
    form: Form,
    *,
    act: Callable[[dict[str, Any]], object],
    done: str,
) -> HttpResponse:
    """Do what was asked and show the trial; what is refused is shown with the form."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
            messages.success(request, done)
            return redirect("governance:trial", pk=found.pk)
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
    return _page(request, _trial(found.pk), form)


def _page(request: HttpRequest, found: Trial, form: Form) -> HttpResponse:
    user, now = request.user, timezone.now()
    is_challenger = found.kind == "challenger"
    share = next((one for one in trials.share_changes().filter(trial=found)[:1]), None)
    context = {
        "trial": found,
        "form": form,
        "answer": form if isinstance(form, forms.TrialAnswerForm) else forms.TrialAnswerForm(),
        "stop": form if isinstance(form, forms.StopForm) else forms.StopForm(),
        "share_form": form if isinstance(form, forms.ShareForm) else forms.ShareForm(),
        "note": form if isinstance(form, forms.NoteForm) else forms.NoteForm(),
        "share": share,
        "placements": trials.placements(found),
        "incidents": trials.incidents_of(found),
        "may_decide": policies.may_decide(user, found),
        "may_stop": policies.may_stop(user, found),
        "may_ask_share": policies.may_ask_share(user, found),
        "may_decide_share": share is not None and policies.may_decide(user, share),
        "may_acknowledge": user.has_perm(policies.STOP),
        "plan": trial_page.plan(found),
        **(
            trial_page.of_arms(trial_arms.of_trial(found))
            if is_challenger
            else trial_page.of_shadow(trial_comparison.of_trial(found, now=now))
        ),
        "crumbs": [_crumb(), {"label": str(found)}],
    }
    status = 422 if form.errors else 200
    return render(request, "governance/trial.html", context, status=status)


def _crumb() -> dict[str, str]:
    return {"label": _("Trials"), "url": reverse("governance:trials")}


def _trial(pk: uuid.UUID) -> Trial:
    found = trials.trials().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such trial."))
    return found


def _share(pk: uuid.UUID) -> ShareChange:
    found = trials.share_changes().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such change of a share."))
    return found
