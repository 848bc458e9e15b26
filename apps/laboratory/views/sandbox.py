"""The sandbox: one case, real or typed in, against any policy and any model."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted
from apps.laboratory import policies, presentation, sandbox, sandbox_cases, sandbox_forms
from apps.laboratory.sandbox import Case


@requires(policies.RUN)
def real_case(request: HttpRequest) -> HttpResponse:
    """Try an application one may see, by its number."""
    form = sandbox_forms.RealCaseForm(
        request.POST or None, actor=request.user, initial=_asked(request)
    )
    tried = None
    if request.method == "POST" and form.is_valid():
        try:
            case = sandbox_cases.real(request.user, form.cleaned_data["number"])
            tried = _try(request, form, case)
        except NotPermitted:
            raise
        except DomainError as error:
            form.refuse(error)
    return _page(request, "laboratory/sandbox.html", form, tried)


@requires(policies.RUN)
def typed_case(request: HttpRequest) -> HttpResponse:
    """Try a case made up on the page."""
    form = sandbox_forms.TypedCaseForm(
        request.POST or None, actor=request.user, initial=_asked(request)
    )
    tried = None
    if request.method == "POST" and form.is_valid():
        product = form.cleaned_data["product"]
        try:
            today = dates.local_date(timezone.now(), product.entity.time_zone)
            case = sandbox_cases.made_up(form.case(), product, today=today)
            tried = _try(request, form, case)
        except NotPermitted:
            raise
        except DomainError as error:
            form.refuse(error)
    return _page(request, "laboratory/sandbox_typed.html", form, tried)


def _try(request: HttpRequest, form: sandbox_forms.CandidateForm, case: Case) -> sandbox.Tried:
    return sandbox.try_case(
        actor=request.user,
        case=case,
        version=form.cleaned_data["policy"],
        model=form.cleaned_data["model"] or sandbox_cases.champion_of(case.product),
    )


def _asked(request: HttpRequest) -> dict[str, str]:
    """Return what a link to the sandbox names: a policy, a model, an application's number."""
    wanted = ("policy", "model", "number")
    return {name: request.GET[name] for name in wanted if request.GET.get(name)}


def _page(
    request: HttpRequest,
    template: str,
    form: sandbox_forms.CandidateForm,
    tried: sandbox.Tried | None,
) -> HttpResponse:
    is_typed = isinstance(form, sandbox_forms.TypedCaseForm)
    context: dict[str, Any] = {
        "form": form,
        "tabs": [
            {
                "label": _("A real application"),
                "url": reverse("laboratory:sandbox"),
                "current": not is_typed,
            },
            {
                "label": _("Typed in"),
                "url": reverse("laboratory:sandbox_typed"),
                "current": is_typed,
            },
        ],
        "crumbs": [presentation.crumb_of_experiments(), {"label": _("Sandbox")}],
        "tried": None if tried is None else presentation.tried(tried),
    }
    return render(request, template, context, status=422 if form.errors else 200)
