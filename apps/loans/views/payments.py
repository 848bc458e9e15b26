"""Payments of loans: asked for, approved, told to the bank, confirmed; the queue and the files."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import labels
from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.loans import policies, presentation, selectors, services
from apps.loans.forms import ConfirmForm, LimitForm, PaymentForm, ReasonForm, ReverseForm
from apps.loans.models import Disbursement, DisbursementLimit, PaymentFile
from apps.loans.views import loan as loan_page
from apps.loans.views.loan import Task
from apps.products.models import Conditions

_ORDER = {
    "open": ("accepted_at", "id"),
    "request": ("opened_date", "id"),
    "approve": ("planned_date", "id"),
    "instruct": ("planned_date", "id"),
    "confirm": ("planned_date", "id"),
}


@require_GET
@requires(policies.VIEW)
def queue(request: HttpRequest) -> HttpResponse:
    """List the loans that wait for the next step of their payment, my turn first."""
    counts = selectors.counts(request.user)
    stage = request.GET.get("stage", "")
    if stage not in selectors.STAGES:
        stage = _my_stage(request, counts)
    page = keyset.page(
        _waiting(request, stage),
        by=_ORDER[stage],
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    mine = request.user.has_perm(selectors.STAGES[stage])
    context = {
        "stage": stage,
        "stages": [
            {
                "label": presentation.STAGES[one],
                "url": f"?stage={one}",
                "current": one == stage,
                "count": counts[one],
            }
            for one in selectors.STAGES
        ],
        "page": page,
        "is_mine": mine,
        "may_instruct": stage == "instruct" and mine,
        "today": dates.local_date(timezone.now(), request.user.branch.entity.time_zone),
    }
    return render(request, "loans/queue.html", context)


@require_GET
@requires(policies.VIEW)
def count(request: HttpRequest) -> HttpResponse:
    """Return how many payments wait for this person, for the navigation."""
    return HttpResponse(selectors.my_count(request.user) or "")


@require_http_methods(["GET", "POST"])
@requires(policies.REQUEST)
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for a payment of a loan."""
    loan = loan_page.seen(request, pk)
    if request.method == "GET" and not selectors.left_to_ask(loan):
        raise services.nothing_left(loan)
    is_staged = Conditions.objects.filter(product=loan.product_id, is_staged=True).exists()
    today = dates.local_date(timezone.now(), loan.branch.entity.time_zone)
    initial = {
        "reference": f"{loan.number}-{loan.disbursements.count() + 1}",
        "planned_date": today,
        "amount": selectors.left_to_ask(loan),
    }
    form = PaymentForm(request.POST or None, loan=loan, is_staged=is_staged, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.request(
                actor=request.user, loan=loan, payment=form.payment(), now=timezone.now()
            )
            messages.success(request, _asked(made))
            return redirect("loans:detail", pk=pk)
        except DomainError as refusal:
            form.refuse(refusal)
    context = {
        "form": form,
        "loan": loan,
        "left": selectors.left_to_ask(loan),
        "limit": policies.alone_limit(request.user, loan),
        "crumbs": loan_page.crumbs(loan, _("Ask for the payment")),
        **loan_page.lacking(request, loan),
    }
    return render(
        request, "loans/ask.html", context, status=422 if request.method == "POST" else 200
    )


@require_POST
@requires(policies.APPROVE)
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Approve a payment another person asked for."""
    one = _seen(request, pk)
    try:
        services.approve(actor=request.user, disbursement=one, now=timezone.now())
        messages.success(request, _("Approved. The bank can be told to pay."))
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    return redirect("loans:detail", pk=one.loan_id)


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse a payment another person asked for."""
    one = _seen(request, pk)
    task = Task(title=_("Refuse the payment"), label=_("Refuse"), said=_("Refused."), is_grave=True)
    return _form(request, one, task, form=ReasonForm(request.POST or None), act=services.refuse)


@require_http_methods(["GET", "POST"])
@requires(policies.VIEW)
def take_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take back a payment before the bank was told."""
    one = _seen(request, pk)
    task = Task(
        title=_("Take the payment back"),
        label=_("Take back"),
        said=_("Taken back."),
        is_grave=True,
    )
    return _form(request, one, task, form=ReasonForm(request.POST or None), act=services.take_back)


@require_http_methods(["GET", "POST"])
@requires(policies.SETTLE)
def fail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the bank refused to pay."""
    one = _seen(request, pk)
    task = Task(
        title=_("The bank refused"),
        label=_("Record"),
        said=_("Recorded. The payment can be asked for anew."),
        is_grave=True,
    )
    return _form(request, one, task, form=ReasonForm(request.POST or None), act=services.fail)


@require_http_methods(["GET", "POST"])
@requires(policies.SETTLE)
def confirm(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the bank paid."""
    one = _seen(request, pk)
    task = Task(
        title=_("The bank paid"),
        label=_("Record"),
        said=_("Paid out and on the books. The schedule is running."),
    )
    form = ConfirmForm(request.POST or None, initial={"paid_date": _today(one)})
    return _form(request, one, task, form=form, act=services.confirm)


@require_http_methods(["GET", "POST"])
@requires(policies.REVERSE)
def reverse_payment(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record that the money came back."""
    one = _seen(request, pk)
    task = Task(
        title=_("The money came back"),
        label=_("Reverse the payment"),
        said=_("Reversed. The loan can be paid out anew."),
        is_grave=True,
    )
    form = ReverseForm(request.POST or None, initial={"day": _today(one)})
    return _form(request, one, task, form=form, act=services.reverse)


@require_POST
@requires(policies.SETTLE)
def instruct(request: HttpRequest) -> HttpResponse:
    """Write the chosen payments into one file for the bank."""
    keys = [key for key in request.POST.getlist("payment")[:1000] if _is_key(key)]
    rows = Disbursement.objects.visible_to(request.user).filter(pk__in=keys)
    chosen = list(rows.select_related("loan__branch__entity"))
    first = chosen[0].loan.branch if chosen else request.user.branch
    try:
        made = services.instruct(
            actor=request.user,
            entity=first.entity,
            disbursements=chosen,
            now=timezone.now(),
        )
        messages.success(
            request, _("File %(name)s is made. Hand it to the bank.") % {"name": str(made)}
        )
        return redirect("loans:files")
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
        return redirect(f"{reverse('loans:queue')}?stage=instruct")


@require_GET
@requires(policies.SETTLE)
def files(request: HttpRequest) -> HttpResponse:
    """List the payment files."""
    page = keyset.page(
        selectors.files(request.user),
        by=("-made_at", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "loans/files.html", {"page": page})


@require_GET
@requires(policies.SETTLE)
def file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand over a payment file as it was made."""
    found = get_visible(PaymentFile.objects.select_related("entity"), request.user, pk=pk)
    content = services.fetch_file(actor=request.user, file=found)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found}.csv"'
    response["Cache-Control"] = "no-store, private"
    return response


@require_http_methods(["GET", "POST"])
@requires(policies.LIMITS)
def limits(request: HttpRequest) -> HttpResponse:
    """Show and set what one person of a role may pay out alone."""
    form = LimitForm(
        request.POST or None, initial={"currency": request.user.branch.entity.currency}
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.set_limit(actor=request.user, **form.cleaned_data)
            messages.success(request, _("The limit is set."))
            return redirect("loans:limits")
        except DomainError as refusal:
            form.refuse(refusal)
    rows = DisbursementLimit.objects.select_related("entity", "role")
    found = rows.filter(amount__gt=0).order_by("entity__name", "role__name", "currency")
    context = {
        "form": form,
        "limits": [(one, labels.ROLES.get(one.role.name, one.role.name)) for one in found],
    }
    return render(
        request, "loans/limits.html", context, status=422 if request.method == "POST" else 200
    )


def _waiting(request: HttpRequest, stage: str) -> Any:
    if stage == "open":
        return selectors.to_open(request.user)
    if stage == "request":
        return selectors.to_request(request.user)
    return selectors.waiting(request.user, stage)


def _my_stage(request: HttpRequest, counts: dict[str, int]) -> str:
    """Return the first stage with something that this person may take on, else with anything."""
    filled = [stage for stage in selectors.STAGES if counts[stage]]
    mine = [stage for stage in filled if request.user.has_perm(selectors.STAGES[stage])]
    return next(iter([*mine, *filled]), "request")


def _asked(made: Disbursement) -> str:
    if made.status == "approved":
        return _("Asked for and approved: it is within what one person may pay out alone.")
    return _("Asked for. Another person approves it.")


def _seen(request: HttpRequest, pk: uuid.UUID) -> Disbursement:
    rows = Disbursement.objects.select_related("loan__branch__entity")
    return get_visible(rows, request.user, pk=pk)


def _today(one: Disbursement) -> date:
    return dates.local_date(timezone.now(), one.loan.branch.entity.time_zone)


def _form(
    request: HttpRequest, one: Disbursement, task: Task, *, form: Any, act: Callable[..., Any]
) -> HttpResponse:
    """Show the form of one step of a payment, or take the step."""
    return loan_page.one_form(
        request,
        one.loan,
        task,
        form=form,
        act=lambda **given: act(actor=request.user, disbursement=one, now=timezone.now(), **given),
        payment=one,
    )


def _is_key(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
