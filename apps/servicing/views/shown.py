"""What the pages about one loan share: the loan, the way back, one form and one step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.servicing.asked import running, seen, today


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one form does: its heading, its button, what is said when it is done."""

    title: str
    label: str
    said: str
    text: str = ""
    is_grave: bool = False


def crumbs(loan: Loan, title: str) -> list[dict[str, str]]:
    """Return the way to a page of the loan."""
    return [
        {"label": _("Loans"), "url": reverse("loans:list")},
        {"label": loan.number, "url": reverse("loans:detail", args=[loan.pk])},
        {"label": title},
    ]


def one_form(
    request: HttpRequest,
    loan: Loan,
    task: Task,
    *,
    form: Any,
    act: Callable[[dict[str, Any]], Any],
    **more: Any,
) -> HttpResponse:
    """Show the form of one step, or take the step with what was typed and go back to the loan."""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if done(request, form, lambda: act(given), said=task.said):
            return redirect("loans:detail", pk=loan.pk)
    context = {
        "loan": loan,
        "task": task,
        "form": form,
        "crumbs": crumbs(loan, task.title),
        **more,
    }
    return rendered(request, "servicing/act.html", context)


def done(request: HttpRequest, form: Any, act: Callable[[], Any], *, said: str) -> bool:
    """Take a step; say that it is done, or show in the form why it is not."""
    try:
        act()
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    messages.success(request, said)
    return True


def rendered(
    request: HttpRequest, template: str, context: dict[str, Any], *, is_fine: bool = False
) -> HttpResponse:
    """Return a page; what was typed and not taken is no success."""
    status = 422 if request.method == "POST" and not is_fine else 200
    return render(request, template, context, status=status)


__all__ = ["Task", "crumbs", "done", "one_form", "rendered", "running", "seen", "today"]
