"""Pages of experiments: the list, asking for one, its progress, and what it found."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Entity
from apps.core import keyset, problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.decisions import selectors as decisions
from apps.decisions.models import PolicyVersion
from apps.laboratory import charts, forms, listing, policies, presentation, result_page, services
from apps.laboratory.models import Experiment


@requires(policies.SEE)
@require_GET
def experiments(request: HttpRequest) -> HttpResponse:
    """List the experiments, the newest first."""
    page = keyset.page(
        listing.experiments(request.user),
        by=("-asked_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": page,
        "rows": [presentation.experiment_line(one) for one in page.rows],
        "may_run": request.user.has_perm(policies.RUN),
    }
    return render(request, "laboratory/experiments.html", context)


@requires(policies.RUN)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an experiment; a worker does it."""
    entity = _lender(request)
    initial = _initial(request)
    form = forms.AskForm(request.POST or None, actor=request.user, entity=entity, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            found = services.ask(
                actor=request.user, entity=entity, question=form.question(), now=timezone.now()
            )
            messages.success(request, _("The experiment is queued; you may leave this page."))
            return redirect("laboratory:experiment", pk=found.pk)
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
    context = {
        "form": form,
        "entity": entity,
        "lenders": presentation.lender_tabs(listing.lenders(request.user), entity),
        "crumbs": [presentation.crumb_of_experiments(), {"label": _("New experiment")}],
    }
    return render(request, "laboratory/ask.html", context, status=422 if form.errors else 200)


@requires(policies.SEE)
@require_GET
def experiment(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an experiment: its question, then its progress or what it found."""
    return _page(request, _experiment(request, pk))


@requires(policies.SEE)
@require_GET
def progress(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how far an experiment has come; asks again by itself until it has ended."""
    found = _experiment(request, pk)
    if found.has_ended and getattr(request, "htmx", False):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if not getattr(request, "htmx", False):
        return redirect("laboratory:experiment", pk=pk)
    return render(request, "laboratory/_progress.html", {"experiment": found})


@requires(policies.RUN)
@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop an experiment that waits or runs."""
    try:
        services.cancel(actor=request.user, experiment=_experiment(request, pk), now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The experiment is stopped."))
    return redirect("laboratory:experiment", pk=pk)


@requires(policies.RUN)
@require_POST
def attach(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Lay a finished experiment beside a policy version as evidence."""
    found = _experiment(request, pk)
    form = forms.AttachForm(request.POST, versions=_versions(request, found.entity))
    if form.is_valid():
        version = form.cleaned_data["policy"]
        try:
            services.attach(
                actor=request.user, experiment=found, policy=version, now=timezone.now()
            )
            messages.success(
                request, _("The experiment lies beside %(policy)s.") % {"policy": version}
            )
            return redirect("laboratory:experiment", pk=pk)
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
    return _page(request, found, form)


@requires(policies.RUN)
@require_POST
def attach_to_model(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Lay a finished experiment beside the model it tried as evidence."""
    found = _experiment(request, pk)
    if found.model is None:
        raise NotVisible("no_model", _("This experiment tried no other model."))
    try:
        services.attach_to_model(
            actor=request.user, experiment=found, model=found.model, now=timezone.now()
        )
    except NotPermitted:
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("The experiment lies beside %(model)s.") % {"model": found.model}
        )
    return redirect("laboratory:experiment", pk=pk)


def _page(
    request: HttpRequest, found: Experiment, form: forms.AttachForm | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "experiment": found,
        "state": presentation.state(found),
        "tries": presentation.tries(found),
        "products": presentation.product_names(found),
        "may_cancel": policies.may_cancel(request.user, found),
        "crumbs": [presentation.crumb_of_experiments(), {"label": str(found)}],
    }
    if found.status == "done":
        context.update(_results(request, found, form))
    status = 422 if form is not None else 200
    return render(request, "laboratory/experiment.html", context, status=status)


def _results(
    request: HttpRequest, found: Experiment, form: forms.AttachForm | None
) -> dict[str, Any]:
    page = result_page.of(found)
    context: dict[str, Any] = {
        "page": page,
        "figure": charts.flows(page.counts, presentation.outcome_words()),
        "sees_applications": request.user.has_perm(policies.ROWS),
    }
    laid = list(found.evidence.select_related("policy__entity", "model", "attached_by"))
    is_beside_model = any(one.model_id is not None for one in laid)
    if policies.may_attach(request.user, found):
        versions = _versions(request, found.entity).exclude(evidence__experiment=found)
        context["attach_form"] = form or forms.AttachForm(versions=versions)
        context["has_versions"] = versions.exists()
    context["may_attach_to_model"] = not is_beside_model and policies.may_attach_to_model(
        request.user, found
    )
    return {**context, "laid": laid}


def _experiment(request: HttpRequest, pk: uuid.UUID) -> Experiment:
    rows = Experiment.objects.select_related(
        "entity", "policy__entity", "in_force__entity", "model", "created_by"
    ).defer("model__body", "model__manifest")
    return get_visible(rows, request.user, pk=pk)


def _versions(request: HttpRequest, entity: Entity) -> QuerySet[PolicyVersion]:
    """Return the versions that may still be argued about."""
    versions = decisions.policy_versions(request.user)
    return versions.filter(entity=entity, status__in=policies.OPEN_TO_EVIDENCE)


def _lender(request: HttpRequest) -> Entity:
    """Return the lender named in the address, else the person's own."""
    lenders = listing.lenders(request.user)
    asked = request.GET.get("lender")
    if not asked:
        return request.user.branch.entity
    chosen = next((one for one in lenders if one.code == asked), None)
    if chosen is None:
        raise NotVisible("not_found", _("There is no such lender."))
    return chosen


def _initial(request: HttpRequest) -> dict[str, Any]:
    """Return what a link to the form suggests: another experiment's question, a cut-off."""
    suggested: dict[str, Any] = {name: request.GET.get(name) for name in ("policy", "model")}
    asked = request.GET.get("from", "")
    if asked:
        suggested |= presentation.question_of(_earlier(request, asked))
    below = forms.as_share(request.GET.get("cut_off", ""))
    if below is not None:
        suggested |= {"approve_below": below, "decline_from": below}
    return suggested


def _earlier(request: HttpRequest, asked: str) -> Experiment:
    try:
        return _experiment(request, uuid.UUID(asked))
    except ValueError as error:
        raise NotVisible("not_found", _("There is no such experiment.")) from error
