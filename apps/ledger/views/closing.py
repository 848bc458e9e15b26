"""Close days of the books, and which are closed."""

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.errors import DomainError
from apps.ledger import forms, policies, selectors, services


@requires(policies.CLOSE)
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Show which days are closed, and close the books of a lender up to a day."""
    form = forms.ClosingForm(
        request.POST or None,
        entities=selectors.entities(request.user),
        initial={"entity": request.user.branch.entity_id, "day": _yesterday(request)},
    )
    if request.method == "POST" and form.is_valid() and _closed(request, form):
        return redirect("ledger:closing")
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = keyset.page(
        selectors.closings(request.user), by=("-day", "-id"), after=after, before=before
    )
    context = {"form": form, "page": page}
    status = 422 if request.method == "POST" else 200
    return render(request, "ledger/closing.html", context, status=status)


def _closed(request: HttpRequest, form: forms.ClosingForm) -> bool:
    """Close what the form says; say in it why not."""
    try:
        closing = services.close_day(actor=request.user, **form.cleaned_data, now=timezone.now())
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    sentence = _("The books of %(lender)s are closed up to %(day)s.")
    day = date_format(closing.day, "DATE_FORMAT")
    messages.success(request, sentence % {"lender": closing.entity.name, "day": day})
    return True


def _yesterday(request: HttpRequest) -> date:
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    return today - timedelta(days=1)
