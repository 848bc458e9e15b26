"""The sandbox: one case, real or typed in, against any policy and any model."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.applications.models import Application
from apps.core import dates
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.decisions import inputs
from apps.laboratory import policies, presentation, sandbox, sandbox_forms
from apps.laboratory.sandbox import Case, CaseRefused
from apps.laboratory.sandbox_typed import TypedCase
from apps.products.models import Product
from apps.scoring import selectors as scoring
from apps.scoring.errors import NoChampion
from apps.scoring.models import ModelVersion


@requires(policies.RUN)
def real_case(request: HttpRequest) -> HttpResponse:
    """Try an application one may see, by its number."""
    form = sandbox_forms.RealCaseForm(
        request.POST or None, actor=request.user, initial=_asked(request)
    )
    tried = None
    if request.method == "POST" and form.is_valid():
        try:
            tried = _try(request, form, sandbox.of_application(_application(request, form)))
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
            tried = _try(request, form, _made_up(form.case(), product))
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
        model=form.cleaned_data["model"] or _champion(case.product),
    )


def _application(request: HttpRequest, form: sandbox_forms.RealCaseForm) -> Application:
    number = form.cleaned_data["number"].strip()
    rows = Application.objects.select_related(
        "product", "customer__address", "branch__entity", "employment", "bureau_report"
    ).prefetch_related("collaterals")
    try:
        return get_visible(rows, request.user, number__iexact=number)
    except NotVisible as error:
        fields = {"number": error.sentence}
        raise CaseRefused("not_found", error.sentence, fields=fields) from error


def _made_up(typed: TypedCase, product: Product) -> Case:
    today = dates.local_date(timezone.now(), product.entity.time_zone)
    gathered = inputs.Gathered(
        typed.standing(),
        typed.born(on=today),
        today,
        typed.owed_with_us + typed.guarantees_with_us,
    )
    return Case(
        product=product,
        amount=typed.amount,
        term_months=typed.term_months,
        listed_rate=product.annual_rate,
        facts=typed.facts(on=today),
        gathered=gathered,
        afford=lambda rate: typed.afford(rate, currency=product.currency),
    )


def _champion(product: Product) -> ModelVersion:
    found = scoring.champion(product.scoring_segment)
    if found is None:
        sentence = NoChampion(product.scoring_segment).sentence
        raise CaseRefused("no_champion", sentence, fields={"model": sentence})
    return found


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
