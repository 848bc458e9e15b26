"""Pages of a model's documentation and of findings on models."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core import problems
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.governance import card, card_words, forms, policies, register_page, selectors, services
from apps.governance.models import Finding, ModelDocument, TrainingRun
from apps.governance.views.trainings import crumb_of_trainings, found_run
from apps.scoring import model_words


@requires(policies.SEE)
def document(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the documentation of a model, or write and sign it."""
    run = found_run(pk)
    current = selectors.document_of(run.model)
    if request.method == "POST":
        return _written(request, run)
    return _document_page(request, run, current, _form_of(current))


@requires(policies.SEE)
def of_promotion(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the documentation and the entry of the register that a promotion was asked for on."""
    papers = ("document__signed_by", "entry__owner", "entry__approver")
    found = selectors.promotions().select_related(*papers).filter(pk=pk).first()
    if found is None or found.document is None or found.entry is None:
        raise NotVisible("not_found", _("There is no such promotion."))
    context = {
        "promotion": found,
        "parts": _parts(found.document),
        "entry": register_page.entered(found.entry),
        "crumbs": [
            {"label": _("Promotions"), "url": reverse("governance:promotions")},
            {"label": str(found.model), "url": reverse("governance:promotion", args=[pk])},
            {"label": _("Papers"), "url": ""},
        ],
    }
    return render(request, "governance/promotion_papers.html", context)


@requires(policies.SEE)
@require_POST
def close_finding(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close a finding that another person has put right."""
    found = Finding.objects.filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such finding."))
    services.close_finding(
        actor=request.user,
        finding=found,
        closing=request.POST.get("closing", ""),
        now=timezone.now(),
    )
    messages.success(request, _("The finding is closed."))
    return redirect("governance:findings")


@requires(policies.SEE)
def findings(request: HttpRequest) -> HttpResponse:
    """List the findings on models: open ones first, the earliest due on top."""
    rows = Finding.objects.select_related("model", "owner", "raised_by", "closed_by", "promotion")
    ordered = rows.defer("model__body", "model__manifest").order_by("-status", "due_on")
    today = timezone.now().date()
    context = {
        "rows": [
            {
                "finding": one,
                "is_late": one.status == "open" and one.due_on < today,
                "may_close": policies.may_close(request.user, one),
            }
            for one in ordered
        ],
    }
    return render(request, "governance/findings.html", context)


def _written(request: HttpRequest, run: TrainingRun) -> HttpResponse:
    if not request.user.has_perm(policies.WRITE):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
    form = forms.DocumentForm(request.POST)
    if form.is_valid():
        now = timezone.now()
        try:
            draft = services.write_document(
                actor=request.user, model=run.model, body=form.body(), now=now
            )
            messages.success(request, _("The draft is kept."))
            if "sign" in request.POST:
                services.sign_document(actor=request.user, document=draft, now=now)
                messages.success(request, _("The documentation is signed."))
            return redirect("governance:document", pk=run.pk)
        except DomainError as error:
            problems.add_to(form, error)
            _beside_the_first(form, error)
    return _document_page(request, run, selectors.document_of(run.model), form)


def _beside_the_first(form: forms.DocumentForm, error: DomainError) -> None:
    """Put what is wrong with the limitations beside the first of them."""
    for name in error.fields.keys() & {"limitations", "mitigants"}:
        form.add_error(f"{name.removesuffix('s')}_1", str(error.fields[name]))


def _form_of(current: ModelDocument | None) -> forms.DocumentForm:
    body = current.body if current else {}
    return forms.DocumentForm(initial=forms.DocumentForm.initial_of(body))


def _document_page(
    request: HttpRequest,
    run: TrainingRun,
    current: ModelDocument | None,
    form: forms.DocumentForm,
) -> HttpResponse:
    signed = selectors.signed_document(run.model)
    facts: Any = selectors.documented_facts(run.model) if signed is None else signed.facts
    context = {
        "run": run,
        "current": current,
        "signed": signed,
        "facts": facts,
        "kind": model_words.kind(facts["kind"]),
        "learned": [date.fromisoformat(facts[name]) for name in ("learned_from", "learned_to")],
        "parts": _parts(signed),
        "form": form,
        "may_write": request.user.has_perm(policies.WRITE) and run.model.status == "registered",
        "crumbs": [
            crumb_of_trainings(),
            {"label": str(run.model), "url": reverse("governance:training_run", args=[run.pk])},
            {"label": _("Documentation"), "url": ""},
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "governance/document.html", context, status=status)


def _parts(signed: ModelDocument | None) -> list[dict[str, object]]:
    """Return the signed words by section, as they stand in the card. Rule book 7.3."""
    if signed is None:
        return []
    return [
        {
            "title": card_words.SECTIONS[section],
            "texts": [(card_words.NAMES[name], signed.body[name]) for name in names],
            "limitations": signed.body["limitations"] if section == "mitigants" else [],
        }
        for section, names in card.TEXTS.items()
    ]
