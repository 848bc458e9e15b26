"""Collateral and guarantors of a draft."""

import uuid
from collections.abc import Callable

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.applications import entries, forms, policies, services
from apps.applications.models import Application
from apps.applications.views import clock
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.customers.models import Customer


@requires(policies.TAKE)
@require_http_methods(["GET", "POST"])
def add_collateral(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record security for a draft."""
    application = _application(request, pk)
    today = clock.today_of(application.branch.entity)
    given = request.POST if request.method == "POST" else None
    form = forms.CollateralForm(
        given, initial={"version": application.version, "valued_date": today}, today=today
    )
    title = _("Add collateral")

    def save() -> None:
        values = dict(form.cleaned_data)
        version = values.pop("version")
        services.add_collateral(
            actor=request.user,
            application=application,
            entry=entries.CollateralEntry(**values),
            version=version,
        )

    return _answer(request, application, form, title=title, save=save)


@requires(policies.TAKE)
@require_http_methods(["GET", "POST"])
def add_guarantor(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record somebody who answers for a draft."""
    application = _application(request, pk)
    given = request.POST if request.method == "POST" else None
    form = forms.GuarantorForm(given, initial={"version": application.version})
    title = _("Add guarantor")

    def save() -> None:
        values = dict(form.cleaned_data)
        version, number = values.pop("version"), values.pop("customer")
        services.add_guarantor(
            actor=request.user,
            application=application,
            entry=entries.GuarantorEntry(customer=_by_number(request, number), **values),
            version=version,
        )

    return _answer(request, application, form, title=title, save=save)


@requires(policies.TAKE)
@require_POST
def remove_collateral(
    request: HttpRequest, pk: uuid.UUID, collateral_pk: uuid.UUID
) -> HttpResponse:
    """Take security off a draft."""
    return _removed(
        request,
        pk,
        lambda application: services.remove_collateral(
            actor=request.user, application=application, collateral_id=collateral_pk
        ),
    )


@requires(policies.TAKE)
@require_POST
def remove_guarantor(request: HttpRequest, pk: uuid.UUID, guarantor_pk: uuid.UUID) -> HttpResponse:
    """Take a guarantor off a draft."""
    return _removed(
        request,
        pk,
        lambda application: services.remove_guarantor(
            actor=request.user, application=application, guarantor_id=guarantor_pk
        ),
    )


def _application(request: HttpRequest, pk: uuid.UUID) -> Application:
    rows = Application.objects.select_related("branch__entity", "product", "customer")
    return get_visible(rows, request.user, pk=pk)


def _by_number(request: HttpRequest, number: str) -> Customer | None:
    if not number:
        return None
    customer = Customer.objects.visible_to(request.user).filter(number__iexact=number).first()
    if customer is None:
        sentence = _("There is no customer with this number, or not in your branches.")
        raise DomainError("no_customer", sentence, fields={"customer": sentence})
    return customer


def _answer(
    request: HttpRequest,
    application: Application,
    form: django_forms.Form,
    *,
    title: str,
    save: Callable[[], None],
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                save()
            except DomainError as error:
                status = error.status
                _show(form, error)
            else:
                messages.success(request, _("Recorded."))
                return redirect("applications:detail", pk=application.pk)
    crumbs = [
        {"label": _("Applications"), "url": reverse("applications:list")},
        {"label": application.number, "url": reverse("applications:detail", args=[application.pk])},
        {"label": title},
    ]
    context = {"form": form, "application": application, "title": title, "crumbs": crumbs}
    return render(request, "applications/security_form.html", context, status=status)


def _show(form: django_forms.Form, error: DomainError) -> None:
    for name, sentence in error.fields.items():
        form.add_error(name if name in form.fields else None, str(sentence))
    if not error.fields:
        form.add_error(None, str(error.sentence))


def _removed(
    request: HttpRequest, pk: uuid.UUID, remove: Callable[[Application], None]
) -> HttpResponse:
    application = _application(request, pk)
    try:
        remove(application)
    except NotPermitted:
        raise
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Removed."))
    return redirect("applications:detail", pk=pk)
