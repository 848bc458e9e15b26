"""The steps of what two people decide about a loan: with a form of its own, or without one."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.loans.models import Loan


def one_form(
    request: HttpRequest,
    loan: Loan,
    form: Any,
    task: dict[str, Any],
    *,
    act: Callable[[], Any],
    said: str,
) -> HttpResponse:
    """Show the form of one step, or take the step and go back to the loan."""
    if request.method == "POST" and form.is_valid():
        try:
            act()
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, said)
            return redirect("loans:detail", pk=loan.pk)
    crumbs = [
        {"label": _("Loans"), "url": reverse("loans:list")},
        {"label": loan.number, "url": reverse("loans:detail", args=[loan.pk])},
        {"label": task["title"]},
    ]
    status = 422 if request.method == "POST" else 200
    context = {"loan": loan, "form": form, "task": task, "crumbs": crumbs}
    return render(request, "npa/act.html", context, status=status)


def stepped(
    request: HttpRequest, loan: uuid.UUID, act: Callable[[], Any], *, said: str
) -> HttpResponse:
    """Take a step that needs no form, say what became of it, and go back to the loan."""
    try:
        act()
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
    else:
        messages.success(request, said)
    return redirect("loans:detail", pk=loan)
