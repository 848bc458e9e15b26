"""How a form about a customer is answered."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.customers import selectors
from apps.customers.forms import show
from apps.customers.models import Customer


def visible_customer(request: HttpRequest, pk: uuid.UUID) -> Customer:
    """Return the customer if the signed-in person may see it; else NotVisible."""
    return get_visible(selectors.with_lender(), request.user, pk=pk)


def crumbs(customer: Customer | None, last: str) -> list[dict[str, str]]:
    """Return the path to a page: the list, the customer, and the page itself."""
    path = [{"label": _("Customers"), "url": reverse("customers:list")}]
    if customer is not None:
        path.append({"label": customer.number, "url": page_of(customer)})
    return [*path, {"label": last, "url": ""}]


def page_of(customer: Customer, section: str = "") -> str:
    """Return the address of the customer's page, or of a section of it."""
    address = reverse("customers:detail", args=[customer.pk])
    return f"{address}#{section}" if section else address


def try_to(form: forms.Form, act: Callable[[], Any]) -> DomainError | None:
    """Do what a valid form asks for; put what speaks against it into the form and return it.

    What the person may not see or do at all is not a matter of the form and goes on.
    """
    try:
        act()
    except (NotPermitted, NotVisible):
        raise
    except DomainError as error:
        show(form, error)
        return error
    return None


def form_page(
    request: HttpRequest,
    *,
    customer: Customer,
    form: forms.Form,
    act: Callable[[], Any],
    title: str,
    done: str,
    section: str,
    **context: Any,
) -> HttpResponse:
    """Answer a page with one form about a customer: empty, with its errors, or done."""
    status = 200
    if form.is_bound:
        if form.is_valid() and try_to(form, act) is None:
            messages.success(request, done)
            return redirect(page_of(customer, section))
        status = 422
    page = {
        "customer": customer,
        "form": form,
        "title": title,
        "crumbs": crumbs(customer, title),
        "back": page_of(customer, section),
        **context,
    }
    template = context.get("template", "customers/form.html")
    return render(request, template, page, status=status)
