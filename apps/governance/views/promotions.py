"""Pages of promotions: the evidence, what the gates say, and the three people's answers."""

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
    forms,
    gate_words,
    policies,
    presentation,
    register_rules,
    selectors,
    services,
    standing,
)
from apps.governance.models import Promotion
from apps.governance.standing import Standing
from apps.governance.views.trainings import evidence
from apps.scoring import feature_words, model_words


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
    """Show one promotion with its evidence and how it stands."""
    return _page(request, _promotion(pk))


@requires(policies.VALIDATE)
@require_POST
def validate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Judge the model independently."""
    form = forms.ValidateForm(request.POST)
    return _acted(
        request,
        pk,
        form,
        services.validate,
        name="validate_form",
        done=_("Your judgement is kept."),
    )


@requires(policies.APPROVE)
@require_POST
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the model decide, at once or from a day on."""
    form = forms.AnswerForm(request.POST)
    return _acted(
        request, pk, form, services.approve, name="form", done=_("The promotion is approved.")
    )


@requires(policies.APPROVE)
@require_POST
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse the promotion."""

    def act(*, answer: str, **named: Any) -> Promotion:
        kept = {name: named[name] for name in ("actor", "promotion", "now")}
        return services.refuse(answer=answer, **kept)

    form = forms.AnswerForm(request.POST)
    return _acted(request, pk, form, act, name="form", done=_("The promotion is refused."))


@requires(policies.APPROVE)
@require_POST
def grant_exception(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let the model through a gate that it failed."""
    failed = standing.of(_whole(pk), now=timezone.now()).failed
    form = forms.ExceptionForm(request.POST, failed=failed)
    done = _("The exception is kept, with its end.")
    return _acted(request, pk, form, services.grant_exception, name="exception_form", done=done)


@requires(policies.APPROVE)
@require_POST
def renew(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Set another end of the approval."""
    form = forms.RenewForm(request.POST)
    done = _("The end of the approval is kept.")
    return _acted(request, pk, form, services.renew, name="renew_form", done=done)


@requires(policies.SEE)
@require_POST
def raise_finding(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write down what is found wanting."""

    def act(*, actor: Any, promotion: Promotion, now: Any, **found: Any) -> Any:
        return services.raise_finding(
            actor=actor,
            model=promotion.model,
            promotion=promotion,
            found=services.Found(**found),
            now=now,
        )

    form = forms.FindingForm(request.POST)
    return _acted(request, pk, form, act, name="finding_form", done=_("The finding is kept."))


@requires(policies.PROPOSE)
@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back what one asked for."""
    services.withdraw(actor=request.user, promotion=_promotion(pk), now=timezone.now())
    messages.success(request, _("The request is taken back."))
    return redirect("governance:promotion", pk=pk)


def _acted(
    request: HttpRequest,
    pk: uuid.UUID,
    form: Form,
    act: Callable[..., Any],
    *,
    name: str,
    done: str,
) -> HttpResponse:
    """Do what a form asks and go back to the page, or show the page with what is wrong."""
    if form.is_valid():
        try:
            found = _promotion(pk)
            act(actor=request.user, promotion=found, now=timezone.now(), **form.cleaned_data)
            messages.success(request, done)
            return redirect("governance:promotion", pk=pk)
        except NotPermitted:
            raise
        except DomainError as error:
            problems.add_to(form, error)
    return _page(request, _promotion(pk), **{name: form})


def _page(request: HttpRequest, found: Promotion, **sent: Form) -> HttpResponse:
    whole = _whole(found.pk)
    now_standing = standing.of(whole, now=timezone.now())
    crumbs = [{"label": _("Promotions"), "url": reverse("governance:promotions")}]
    context = {
        "promotion": whole,
        "loans": presentation.loans_of_evidence(found.evidence),
        "standing": now_standing,
        "gates": _gates(now_standing),
        "condition": standing.condition(whole),
        "has_lapsed": selectors.has_lapsed(whole, now_standing.today)
        and whole.status == "in_force",
        "changes": _changes(whole),
        "crumbs": [*crumbs, {"label": str(found.model)}],
        **_rights(request, whole),
        **_forms(now_standing, sent),
        **evidence(found.evidence["figures"]),
    }
    status = 422 if any(form.errors for form in sent.values()) else 200
    return render(request, "governance/promotion.html", context, status=status)


def _rights(request: HttpRequest, found: Promotion) -> dict[str, Any]:
    actor = request.user
    judges = actor.has_perm(policies.APPROVE) or actor.has_perm(policies.VALIDATE)
    return {
        "may_validate": policies.may_validate(actor, found),
        "may_decide": policies.may_decide(actor, found),
        "has_excepted": policies.has_excepted(actor, found),
        "may_except": actor.has_perm(policies.APPROVE)
        and found.status in ("proposed", "validated")
        and not policies.is_own(actor, found),
        "may_renew": policies.may_renew(actor, found),
        "may_stop": policies.may_stop(actor, found),
        "may_withdraw": policies.may_withdraw(actor, found),
        "may_find": policies.may_find(actor) and actor.pk != found.model.developed_by_id,
        "is_own": judges and policies.is_own(actor, found),
    }


def _forms(now_standing: Standing, sent: dict[str, Form]) -> dict[str, Form]:
    seen = {"seen": now_standing.seen}
    return {
        "validate_form": forms.ValidateForm(initial=seen),
        "form": forms.AnswerForm(initial=seen),
        "exception_form": forms.ExceptionForm(failed=now_standing.blocking),
        "renew_form": forms.RenewForm(),
        "finding_form": forms.FindingForm(),
        **sent,
    }


def _gates(now_standing: Standing) -> list[dict[str, Any]]:
    until = {one.gate: one for one in now_standing.exceptions}
    return [
        {
            "name": gate_words.name(one.gate),
            "sentence": gate_words.sentence(one),
            "passed": one.passed,
            "exception": until.get(one.gate) if not one.passed else None,
        }
        for one in now_standing.verdicts
    ]


def _changes(found: Promotion) -> dict[str, list[str]] | None:
    """Return in words what is materially other than in the present champion; None without one."""
    deciding = selectors.deciding(found.model)
    if deciding is None:
        return None
    other = register_rules.changes(selectors.kind_and_features(deciding), _of(found))
    return {
        "added": [feature_words.feature(name) for name in other["added"]],
        "removed": [feature_words.feature(name) for name in other["removed"]],
        "kind": [model_words.kind(name) for name in other["kind"]],
    }


def _of(found: Promotion) -> tuple[str, list[str]]:
    return selectors.kind_and_features(selectors.whole_model(found.model))


def _promotion(pk: uuid.UUID) -> Promotion:
    found = selectors.promotions().filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such promotion."))
    return found


def _whole(pk: uuid.UUID) -> Promotion:
    papers = ("report", "document__signed_by", "entry__owner", "gate_set")
    found = selectors.promotions().select_related(*papers).filter(pk=pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such promotion."))
    return found
