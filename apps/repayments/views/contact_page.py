"""A page with one form about a loan or a plan: empty, with its errors, or done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.core.errors import DomainError
from apps.loans.forms import Refusable


@dataclass(frozen=True, kw_only=True)
class Words:
    """The page's title, its button, what is said when it is done, and where it belongs.

    `text` says what the page does, `also` what else is to be known of the case at hand. `over` is
    shown in place of the form where nothing is left to do.
    """

    title: str
    button: str
    done: str
    place: str
    back: str
    text: str = ""
    also: str = ""
    over: str = ""


def page(
    request: HttpRequest, form: Refusable, act: Callable[[], Any], *, words: Words
) -> HttpResponse:
    """Answer the page; `act` does what the valid form says."""
    status = 200
    if form.is_bound:
        if form.is_valid():
            try:
                act()
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, words.done)
                return redirect(words.back)
        status = 422
    crumbs = [{"label": words.place, "url": words.back}, {"label": words.title, "url": ""}]
    context = {"form": form, "words": words, "crumbs": crumbs}
    return render(request, "repayments/contact_form.html", context, status=status)
