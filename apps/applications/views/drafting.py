"""Take an application and change it, with a what-if beside the form."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.applications import (
    entries,
    forms,
    policies,
    presentation,
    requirements,
    selectors,
    services,
)
from apps.applications.models import Application
from apps.applications.views import clock
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.core.visibility import get_visible
from apps.customers import selectors as customers
from apps.customers.models import Customer
from apps.products import presentation as product_words
from apps.products import selectors as products
from apps.products.models import Product

_SLIDERS = {"slider_amount": "amount", "slider_term_months": "term_months"}


@requires(policies.TAKE)
@require_GET
def choose_customer(request: HttpRequest) -> HttpResponse:
    """Ask whose application it is; `?customer=<id>` goes straight to the form."""
    given = request.GET.get("customer", "")
    if given:
        try:
            return redirect("applications:create", customer_pk=uuid.UUID(given))
        except ValueError:
            messages.error(request, _("There is no such customer. Search by number."))
    text = request.GET.get("q", "").strip()
    found = list(customers.search(request.user, text)[:20]) if text else []
    context = {"q": text, "found": found, "crumbs": _crumbs(_("New application"))}
    return render(request, "applications/choose_customer.html", context)


@requires(policies.TAKE)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, customer_pk: uuid.UUID) -> HttpResponse:
    """Take an application of a customer; `recalculate` only shows the form anew."""
    customer = _customer(request, customer_pk)
    offered = products.open_products(customer.entity)
    given = request.POST if request.method == "POST" else {}
    if request.method == "GET" or "recalculate" in given:
        form = forms.TermsForm(initial=_initial(given), products=offered)
        return _form_page(request, form, customer)
    form = forms.TermsForm(given, products=offered)
    if not form.is_valid():
        return _form_page(request, form, customer, status=422)
    try:
        application = services.draft(
            actor=request.user,
            entry=entries.ApplicationEntry(customer=customer, **_terms(form)),
            now=timezone.now(),
            idempotency_key=form.cleaned_data["token"],
        )
    except DomainError as error:
        _show(form, error)
        return _form_page(request, form, customer, status=error.status)
    messages.success(request, _("Application %(number)s is taken.") % {"number": application})
    return redirect("applications:detail", pk=application.pk)


@requires(policies.TAKE)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change what a draft asks for."""
    application = get_visible(selectors.case(request.user), request.user, pk=pk)
    customer = application.customer
    offered = _offered(application)
    given = request.POST if request.method == "POST" else {}
    if request.method == "GET" or "recalculate" in given:
        form = forms.TermsForm(initial=_initial(given, application), products=offered)
        return _form_page(request, form, customer, application=application)
    form = forms.TermsForm(given, products=offered)
    if not form.is_valid():
        return _form_page(request, form, customer, application=application, status=422)
    try:
        services.change(
            actor=request.user,
            application=application,
            terms=entries.Terms(**_terms(form)),
            version=form.cleaned_data["version"],
        )
    except DomainError as error:
        _show(form, error)
        return _form_page(request, form, customer, application=application, status=error.status)
    messages.success(request, _("The application is changed."))
    return redirect("applications:detail", pk=application.pk)


@requires(policies.TAKE)
@require_GET
def what_if(request: HttpRequest, customer_pk: uuid.UUID) -> HttpResponse:
    """Answer the slider: instalment and ratios for another amount and term; nothing is stored."""
    customer = _customer(request, customer_pk)
    values = request.GET.dict()
    moved = _SLIDERS.get(request.headers.get("HX-Trigger-Name", ""))
    for slider, name in _SLIDERS.items():
        if name == moved and slider in values:
            values[name] = values[slider]
    offered = products.open_products(customer.entity)
    form = forms.TermsForm(initial=_initial(values), products=offered)
    form.listen(_what_if_url(customer))
    context = {
        "form": form,
        "answer_for": moved or "number",
        "sliders": _sliders(form),
        "inputs": {name: form.input_again(name) for name in _SLIDERS.values()},
        "what_if_url": _what_if_url(customer),
        **_tried(customer, values, form.chosen),
    }
    return render(request, "applications/_what_if_answer.html", context)


def _customer(request: HttpRequest, pk: uuid.UUID) -> Customer:
    rows = Customer.objects.select_related("entity", "branch", "household")
    return get_visible(rows, request.user, pk=pk)


def _offered(application: Application) -> QuerySet[Product]:
    """Return the open products and the one chosen, were it closed meanwhile."""
    entity = application.customer.entity
    return Product.objects.filter(Q(is_open=True) | Q(pk=application.product_id), entity=entity)


def _initial(given: Mapping[str, Any], application: Application | None = None) -> dict[str, Any]:
    """Return what the form starts with: what was entered, else what is stored."""
    names = ("product", "amount", "term_months", "purpose", "purpose_note", "token", "version")
    entered = {name: given[name] for name in names if name in given}
    if entered:
        return entered
    if application is None:
        return {"token": str(uuid.uuid4())}
    return {
        "product": application.product.code,
        "amount": application.amount,
        "term_months": application.term_months,
        "purpose": application.purpose,
        "purpose_note": application.purpose_note,
        "version": application.version,
    }


def _terms(form: forms.TermsForm) -> dict[str, Any]:
    names = ("product", "amount", "term_months", "purpose", "purpose_note")
    return {name: form.cleaned_data[name] for name in names}


def _show(form: forms.TermsForm, error: DomainError) -> None:
    """Put the refusal where it belongs: beside its fields, or above the form."""
    for name, sentence in error.fields.items():
        form.add_error(name if name in form.fields else None, str(sentence))
    if not error.fields:
        form.add_error(None, str(error.sentence))


def _form_page(
    request: HttpRequest,
    form: forms.TermsForm,
    customer: Customer,
    *,
    application: Application | None = None,
    status: int = 200,
) -> HttpResponse:
    here = str(application) if application else _("New application")
    values = {name: form[name].value() for name in ("product", "amount", "term_months")}
    form.listen(_what_if_url(customer))
    context = {
        "form": form,
        "customer": customer,
        "application": application,
        "sliders": _sliders(form),
        "what_if_url": _what_if_url(customer),
        "crumbs": _crumbs(here),
        **_tried(customer, values, form.chosen),
    }
    return render(request, "applications/form.html", context, status=status)


def _what_if_url(customer: Customer) -> str:
    return reverse("applications:what_if", args=[customer.pk])


def _sliders(form: forms.TermsForm) -> list[presentation.Slider]:
    if form.chosen is None:
        return []
    return presentation.sliders(
        form.chosen, amount=form["amount"].value(), term_months=form["term_months"].value()
    )


def _tried(
    customer: Customer, values: Mapping[str, Any], product: Product | None
) -> dict[str, Any]:
    """Return the figures for amount and term as entered; none where they are not figures."""
    if product is None:
        return {"tried": None}
    form = forms.WhatIfForm(
        {**{name: values.get(name) for name in ("amount", "term_months")}, "product": product.code},
        products=Product.objects.filter(pk=product.pk),
    )
    if not form.is_valid():
        return {"product": product, "tried": None}
    amount, term = form.cleaned_data["amount"], form.cleaned_data["term_months"]
    today = clock.today_of(customer.entity)
    found = selectors.what_if(
        selectors.standing(customer, on=today),
        selectors.WhatIf(product=product, amount=amount, term_months=term),
    )
    outside = requirements.outside_product(
        product, amount=amount, term_months=term, purpose=product.purposes[0]
    )
    return {
        "product": product,
        "tried": found,
        "judged_by": product_words.judged_by(product, amount),
        "ratios": presentation.ratio_lines(found),
        "outside": list(outside.values()),
        "amount": amount,
        "term_months": term,
    }


def _crumbs(here: str) -> list[dict[str, str]]:
    return [{"label": _("Applications"), "url": reverse("applications:list")}, {"label": here}]
