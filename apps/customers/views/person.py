"""Register a customer and change one."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.access import requires
from apps.customers import services
from apps.customers.entries import ChangeEntry, CustomerEntry
from apps.customers.forms import ChangeForm, RegisterForm
from apps.customers.models import Customer
from apps.customers.services import DuplicateFound
from apps.customers.views import _answers


@require_http_methods(["GET", "POST"])
@requires("customers.edit_customer")
def create(request: HttpRequest) -> HttpResponse:
    """Register a customer; offer those who may be the same person instead of a second one."""
    form = RegisterForm(request.POST or None, actor=request.user)
    registered: list[Customer] = []
    error = None
    if form.is_valid():
        entry: CustomerEntry = form.entry()

        def act() -> None:
            registered.append(
                services.register(actor=request.user, entry=entry, now=timezone.now())
            )

        error = _answers.try_to(form, act)
    if registered:
        [customer] = registered
        messages.success(request, _("%(number)s is registered.") % {"number": customer.number})
        return redirect("customers:detail", pk=customer.pk)
    title = _("Register a customer")
    context = {
        "form": form,
        "identity_fields": form.identity_fields(form.chosen_country),
        "duplicate": error if isinstance(error, DuplicateFound) else None,
        "title": title,
        "crumbs": _answers.crumbs(None, title),
    }
    return render(request, "customers/create.html", context, status=_status(form))


@require_GET
@requires("customers.edit_customer")
def identity_fields(request: HttpRequest) -> HttpResponse:
    """Answer the fields for official numbers of the country just picked."""
    form = RegisterForm(actor=request.user)
    country = request.GET.get("country", "")
    context = {"identity_fields": form.identity_fields(country), "need_one": True}
    return render(request, "customers/_identity_fields.html", context)


@require_http_methods(["GET", "POST"])
@requires("customers.edit_customer")
def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change a customer's details; what is encrypted is written anew or kept, never shown."""
    customer = _answers.visible_customer(request, pk)
    form = ChangeForm(request.POST or None, customer=customer, initial=_stored(customer))
    error = None
    if form.is_valid():
        entry: ChangeEntry = form.entry()

        def act() -> None:
            services.change(
                actor=request.user,
                customer=customer,
                entry=entry,
                shown=form.cleaned_data["shown"],
                now=timezone.now(),
            )

        error = _answers.try_to(form, act)
        if error is None:
            messages.success(request, _("The details are changed."))
            return redirect(_answers.page_of(customer))
    title = _("Change details")
    context = {
        "customer": customer,
        "form": form,
        "identity_fields": form.identity_fields(customer.country),
        "duplicate": error if isinstance(error, DuplicateFound) else None,
        "title": title,
        "crumbs": _answers.crumbs(customer, title),
        "back": _answers.page_of(customer),
    }
    return render(request, "customers/change.html", context, status=_status(form))


def _stored(customer: Customer) -> dict[str, str]:
    """Return what the form shows of the present details: nothing that is masked elsewhere."""
    address = getattr(customer, "address", None)
    return {
        "shown": customer.updated_at.isoformat(),
        "full_name": customer.full_name,
        "language": customer.language,
        "city": address.city if address else "",
        "region": address.region if address else "",
        "postal_code": address.postal_code if address else "",
    }


def _status(form: ChangeForm | RegisterForm) -> int:
    return 422 if form.is_bound else 200
