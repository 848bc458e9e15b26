"""How a page with one form about collateral is answered, and who is named on it."""

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

from apps.applications.models import Application, Collateral
from apps.collateral import forms, selectors
from apps.collateral.models import Item
from apps.core import dates
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.customers.models import Customer

Crumbs = list[dict[str, str]]


def item(request: HttpRequest, pk: uuid.UUID) -> Item:
    """Return the item if the signed-in person may see it; else NotVisible."""
    return get_visible(selectors.detailed(), request.user, pk=pk)


def application(request: HttpRequest, pk: uuid.UUID) -> Application:
    """Return the application if the signed-in person may see it; else NotVisible."""
    rows = Application.objects.select_related(
        "branch__entity", "product", "customer", "employment", "bureau_report"
    )
    return get_visible(rows, request.user, pk=pk)


def today(of: Any) -> date:
    """Return the day it is for the lender of a branch's thing."""
    return dates.local_date(timezone.now(), of.branch.entity.time_zone)


def asked_for(request: HttpRequest) -> tuple[Application | None, Collateral | None]:
    """Return the application, and what was declared for it, that the address names."""
    key, declared = (_key(request.GET.get(name, "")) for name in ("application", "declared"))
    if key is None:
        return None, None
    found = application(request, key)
    if declared is None:
        return found, None
    return found, found.collaterals.filter(pk=declared).first()


def customer(request: HttpRequest, number: str, *, field: str) -> Customer | None:
    """Return the customer with a number. Raises DomainError beside the field for none."""
    if not number.strip():
        return None
    rows = Customer.objects.visible_to(request.user).select_related("branch__entity")
    found = rows.filter(number__iexact=number.strip()).first()
    if found is None:
        sentence = _("There is no customer with this number, or not in your branches.")
        raise DomainError("no_customer", sentence, fields={field: sentence})
    return found


def numbered(request: HttpRequest, number: str) -> Application | None:
    """Return the application with a number. Raises DomainError beside the field for none."""
    if not number.strip():
        return None
    rows = Application.objects.visible_to(request.user).select_related("branch")
    found = rows.filter(number__iexact=number.strip()).first()
    if found is None:
        sentence = _("There is no application with this number, or not in your branches.")
        raise DomainError("no_application", sentence, fields={"application": sentence})
    return found


def crumbs(about: Item | None, title: str) -> Crumbs:
    """Return the path to a page: the register, the item, and the page itself."""
    path = [{"label": str(_("Collateral")), "url": reverse("collateral:list")}]
    if about is not None:
        path.append({"label": about.number, "url": page_of(about)})
    return [*path, {"label": title, "url": ""}]


def page_of(about: Item) -> str:
    """Return the address of an item's page."""
    return reverse("collateral:detail", args=[about.pk])


def form_page(
    request: HttpRequest,
    form: forms.Entry,
    act: Callable[[], Any],
    *,
    title: str,
    done: str,
    back: str,
    path: Crumbs,
    **context: Any,
) -> HttpResponse:
    """Answer a page with one form: empty, with what speaks against it, or done.

    `act` may return an item, whose page is then shown instead of `back`.
    """
    status = 200
    if form.is_bound:
        status = 422
        made = _tried(form, act)
        if made is not None:
            messages.success(request, done)
            return redirect(page_of(made) if isinstance(made, Item) else back)
    page = {"form": form, "title": title, "crumbs": path, "back": back, **context}
    return render(request, "collateral/form.html", page, status=status)


def about_item(
    request: HttpRequest,
    found: Item,
    form: forms.Entry,
    act: Callable[[], Any],
    *,
    title: str,
    done: str,
    **context: Any,
) -> HttpResponse:
    """Answer a page with one form about an item."""
    return form_page(
        request,
        form,
        act,
        title=title,
        done=done,
        back=page_of(found),
        path=crumbs(found, title),
        item=found,
        currency=found.currency,
        **context,
    )


def acted(request: HttpRequest, back: str, act: Callable[[], Any], done: str) -> HttpResponse:
    """Do what a button asks and go back, with what was done or why it was refused."""
    try:
        act()
        messages.success(request, done)
    except (NotPermitted, NotVisible):
        raise
    except DomainError as refusal:
        texts = [str(refusal), *(str(text) for text in refusal.fields.values())]
        messages.error(request, " ".join(dict.fromkeys(texts)))
    return redirect(back)


def _tried(form: forms.Entry, act: Callable[[], Any]) -> Any:
    """Return what was made of a valid form; None where something speaks against it."""
    if not form.is_valid():
        return None
    try:
        return act()
    except (NotPermitted, NotVisible):
        raise
    except DomainError as refusal:
        form.refuse(refusal)
        return None


def _key(given: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(given)
    except ValueError:
        return None
