"""Pages of trainings: what was trained on which loans, and how well it did."""

import uuid
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
from apps.core.errors import DomainError, NotVisible
from apps.governance import forms, policies, presentation, selectors, services
from apps.governance.models import TrainingRun
from apps.scoring import model_card


@requires(policies.SEE)
def training_runs(request: HttpRequest) -> HttpResponse:
    """List the trainings, and above them what still waits or has failed."""
    page = keyset.page(
        selectors.runs(),
        by=("-trained_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    rows = [{"run": run, "auc": presentation.headline(run.figures, "auc")} for run in page.rows]
    context = {
        "page": page,
        "rows": rows,
        "requests": selectors.newest_requests(),
        "is_training": selectors.is_training(),
        "may_train": request.user.has_perm(policies.TRAIN),
    }
    return render(request, "governance/training_runs.html", context)


@requires(policies.SEE)
def training_requests(request: HttpRequest) -> HttpResponse:
    """Show what waits or runs; asks again by itself while something does."""
    context = {"requests": selectors.newest_requests(), "is_training": selectors.is_training()}
    response = render(request, "governance/_requests.html", context)
    if not context["is_training"]:
        # The list below has a run more now.
        response["HX-Refresh"] = "true"
    return response


@requires(policies.TRAIN)
def train(request: HttpRequest) -> HttpResponse:
    """Ask for a training; a worker does it."""
    form = forms.TrainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.request_training(
                actor=request.user,
                segment=form.cleaned_data["segment"],
                kind=form.cleaned_data["kind"],
                window=form.window(),
                now=timezone.now(),
            )
            messages.success(request, _("The training is queued; you may leave this page."))
            return redirect("governance:training_runs")
        except DomainError as error:
            problems.add_to(form, error)
    crumbs = [crumb_of_trainings(), {"label": _("New training")}]
    context = {"form": form, "crumbs": crumbs}
    return render(request, "governance/train.html", context, status=422 if form.errors else 200)


@requires(policies.SEE)
def training_run(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one training: its loans, figures and calibration."""
    return _run_page(request, found_run(pk), forms.ProposeForm())


@requires(policies.PROPOSE)
@require_POST
def propose(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that the model of a training becomes the champion."""
    run, form = found_run(pk), forms.ProposeForm(request.POST)
    if form.is_valid():
        try:
            found = services.propose(
                actor=request.user,
                model=run.model,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
            messages.success(request, _("The promotion is asked for; another person validates it."))
            return redirect("governance:promotion", pk=found.pk)
        except DomainError as error:
            problems.add_to(form, error)
    return _run_page(request, run, form)


def _run_page(request: HttpRequest, run: TrainingRun, form: Form) -> HttpResponse:
    context = {
        "run": run,
        "loans": presentation.loans(
            from_date=run.from_date,
            to_date=run.to_date,
            holdout_to_date=run.holdout_to_date,
            figures=run.figures,
        ),
        "form": form,
        "waiting": selectors.open_promotion(run.model),
        "may_propose": policies.may_propose(request.user, run.model),
        "may_report": policies.may_report(request.user),
        "reports": selectors.reports(run.model),
        "report_request": selectors.report_request(run.model),
        "signed": selectors.signed_document(run.model),
        "is_registered": selectors.is_registered(run.model),
        "crumbs": [crumb_of_trainings(), {"label": str(run.model)}],
        **evidence(run.figures),
    }
    status = 422 if form.errors else 200
    return render(request, "governance/training_run.html", context, status=status)


def evidence(figures: dict[str, Any]) -> dict[str, Any]:
    """Return what `_evidence.html` shows of a training's figures."""
    return {
        "how": model_card.how_trained(figures),
        "remarks": [*presentation.cautions(figures), *model_card.remarks(figures)],
        "table": presentation.table(figures),
        "bands": presentation.bands(figures),
        "refused": presentation.refused(figures),
    }


def crumb_of_trainings() -> dict[str, str]:
    """Return the way back to the list."""
    return {"label": _("Trainings"), "url": reverse("governance:training_runs")}


def found_run(pk: uuid.UUID) -> TrainingRun:
    """Return a training. Raises NotVisible."""
    found = selectors.runs().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such training."))
    return found
