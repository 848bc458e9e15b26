"""Record facts about a customer: one page per kind of fact."""

import uuid
from typing import TypeVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.customers import forms, selectors, services, wordings
from apps.customers.models import Consent, Customer, Obligation
from apps.customers.views import _answers

Row = TypeVar("Row", Obligation, Consent)
form_methods = require_http_methods(["GET", "POST"])


@form_methods
@requires("customers.edit_customer")
def employment(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record work and income as of a day."""
    customer = _answers.visible_customer(request, pk)
    form = forms.EmploymentForm(
        request.POST or None,
        currency=customer.entity.currency,
        initial=_today(customer, "as_of"),
    )
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.record_employment(
            actor=request.user, customer=customer, entry=form.entry(), now=timezone.now()
        ),
        title=_("Record employment and income"),
        done=_("Employment and income are recorded."),
        section="employment",
    )


@form_methods
@requires("customers.edit_customer")
def household(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record the household or change it."""
    customer = _answers.visible_customer(request, pk)
    stored = selectors.household(customer)
    initial = {}
    if stored is not None:
        initial = {
            "shown": stored.updated_at.isoformat(),
            "home": stored.home,
            "dependants": stored.dependants,
            "monthly_expenses": stored.monthly_expenses,
        }
    form = forms.HouseholdForm(request.POST or None, initial=initial)
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.record_household(
            actor=request.user,
            customer=customer,
            entry=form.entry(),
            shown=form.cleaned_data["shown"],
        ),
        title=_("Record the household"),
        done=_("The household is recorded."),
        section="household",
    )


@form_methods
@requires("customers.edit_customer")
def obligation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record a debt paid elsewhere."""
    customer = _answers.visible_customer(request, pk)
    form = forms.ObligationForm(
        request.POST or None,
        currency=customer.entity.currency,
        initial=_today(customer, "from_date"),
    )
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.record_obligation(
            actor=request.user, customer=customer, entry=form.entry(), now=timezone.now()
        ),
        title=_("Record an obligation"),
        done=_("The obligation is recorded."),
        section="obligations",
    )


@form_methods
@requires("customers.edit_customer")
def no_obligations(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record the customer's declaration that nothing is paid elsewhere."""
    customer = _answers.visible_customer(request, pk)
    form = forms.NoObligationsForm(request.POST or None, initial=_today(customer, "declared_date"))
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.declare_no_obligations(
            actor=request.user, customer=customer, entry=form.entry(), now=timezone.now()
        ),
        title=_("Declare that there are no obligations"),
        done=_("The declaration is recorded."),
        section="obligations",
        note=_(
            "Ask the customer for loans, cards, rent and maintenance. What the customer says is "
            "recorded under your name, and affordability counts on it."
        ),
    )


@form_methods
@requires("customers.edit_customer")
def obligation_end(request: HttpRequest, pk: uuid.UUID, obligation_pk: uuid.UUID) -> HttpResponse:
    """Note that a debt is paid off."""
    customer = _answers.visible_customer(request, pk)
    found = _of(customer, Obligation.objects.filter(pk=obligation_pk))
    form = forms.EndForm(request.POST or None, initial=_today(customer, "ended_date"))
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.end_obligation(
            actor=request.user,
            obligation=found,
            ended_date=form.cleaned_data["ended_date"],
            now=timezone.now(),
        ),
        title=_("End an obligation"),
        done=_("The obligation has ended."),
        section="obligations",
    )


@require_POST
@requires("customers.edit_customer")
def obligation_is_ours(
    request: HttpRequest, pk: uuid.UUID, obligation_pk: uuid.UUID
) -> HttpResponse:
    """Mark a debt as a loan of ours, or take the mark away."""
    customer = _answers.visible_customer(request, pk)
    found = _of(customer, Obligation.objects.filter(pk=obligation_pk))
    try:
        done = services.mark_own_loan(
            actor=request.user,
            obligation=found,
            number=request.POST.get("loan", ""),
            now=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("Marked: our own books count this loan, once.")
        messages.success(request, said if done.own_loan else _("It counts as paid elsewhere."))
    return redirect(f"{reverse('customers:detail', args=[customer.pk])}#obligations")


@form_methods
@requires("customers.edit_customer")
def bureau_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record what a credit bureau reported."""
    customer = _answers.visible_customer(request, pk)
    form = forms.BureauForm(
        request.POST or None, country=customer.country, initial=_today(customer, "pulled_date")
    )
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.record_bureau_report(
            actor=request.user, customer=customer, entry=form.entry(), now=timezone.now()
        ),
        title=_("Record a bureau report"),
        done=_("The bureau report is recorded."),
        section="bureau",
        note=_("Leave empty what the bureau did not report. Empty is not the same as zero."),
    )


@form_methods
@requires("customers.edit_customer")
def consent(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record a consent given now, beside the words it is given to."""
    customer = _answers.visible_customer(request, pk)
    form = forms.ConsentForm(request.POST or None)
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.give_consent(
            actor=request.user, customer=customer, now=timezone.now(), **form.cleaned_data
        ),
        title=_("Record a consent"),
        done=_("The consent is recorded."),
        section="consents",
        wordings=[
            {"purpose": Consent.Purpose(purpose).label, "text": text}
            for (purpose, version), text in wordings.TEXTS.items()
            if version == wordings.CURRENT
        ],
    )


@require_POST
@requires("customers.edit_customer")
def consent_withdraw(request: HttpRequest, pk: uuid.UUID, consent_pk: uuid.UUID) -> HttpResponse:
    """Record that the customer withdraws a consent."""
    customer = _answers.visible_customer(request, pk)
    found = _of(customer, Consent.objects.filter(pk=consent_pk))
    services.withdraw_consent(actor=request.user, consent=found, now=timezone.now())
    messages.success(request, _("The withdrawal is recorded."))
    return redirect(_answers.page_of(customer, "consents"))


@form_methods
@requires("customers.edit_customer")
def protected_attributes(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record what the customer says about themselves for fairness monitoring; never shown again."""
    customer = _answers.visible_customer(request, pk)
    form = forms.ProtectedForm(request.POST or None)
    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=lambda: services.record_protected_attributes(
            actor=request.user, customer=customer, values=form.cleaned_data
        ),
        title=_("Record data for fairness monitoring"),
        done=_("Recorded. Nobody who decides can see it."),
        section="consents",
        note=_(
            "These answers are kept apart, encrypted, and have no influence on any decision. "
            "They are not shown again, on no page. What is saved replaces what was saved before."
        ),
    )


def _today(customer: Customer, field: str) -> dict[str, object]:
    """Return the initial values of a form: the lender's day and currency."""
    today = dates.local_date(timezone.now(), customer.entity.time_zone)
    return {field: today, "currency": customer.entity.currency}


def _of(customer: Customer, rows: QuerySet[Row]) -> Row:
    """Return the row if it belongs to the customer; else NotVisible."""
    row = rows.filter(customer=customer).select_related("customer").first()
    if row is None:
        raise NotVisible("not_found", _("There is no such record, or it is not yours to see."))
    return row
