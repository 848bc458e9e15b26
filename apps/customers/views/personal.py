"""Read one personal value in clear."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.customers import reveals, services
from apps.customers.forms import RevealForm
from apps.customers.views import _answers


@require_POST
@requires("customers.reveal_customer")
def reveal(request: HttpRequest, pk: uuid.UUID, field: str) -> HttpResponse:
    """Ask for the reason, then answer the value; the reading is on the audit trail."""
    customer = _answers.visible_customer(request, pk)
    form = RevealForm(request.POST if "reason" in request.POST else None)
    if form.is_valid():
        value = services.reveal(
            actor=request.user,
            customer=customer,
            field=field,
            reason=form.cleaned_data["reason"],
        )
        return render(request, "components/revealed.html", {"value": value})
    masked = reveals.masked(customer).get(field)
    if masked is None:
        raise NotVisible("not_found", _("There is no such value on record."))
    context = {
        "form": form,
        "masked": masked.value,
        "label": masked.label,
        "url": reverse("customers:reveal", args=[customer.pk, field]),
        "element": field.replace(":", "-"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "customers/_reveal.html", context, status=status)
