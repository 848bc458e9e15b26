"""A page with one form: empty, with its errors, or done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.core.errors import DomainError
from apps.desk.forms import RefusedForm


@dataclass(frozen=True)
class Words:
    """The page's title, what is said when it is done, and the name of the page it belongs to."""

    title: str
    done: str
    place: str


def page(
    request: HttpRequest, form: RefusedForm, act: Callable[[], Any], *, words: Words, back: str
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
                return redirect(back)
        status = 422
    address = reverse(back)
    crumbs = [{"label": words.place, "url": address}, {"label": words.title, "url": ""}]
    context = {"form": form, "title": words.title, "crumbs": crumbs, "back": address}
    return render(request, "desk/form.html", context, status=status)
