"""Ends of days: which are done, how one is going, what its runs changed, having one done."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.loans.models import Loan
from apps.npa import day_end_forms, day_end_rows, policies, services
from apps.npa.models import Changed, DayEnd
from apps.npa.portfolio_rows import Chosen


@requires(policies.VIEW)
@require_http_methods(["GET", "POST"])
def day_ends(request: HttpRequest) -> HttpResponse:
    """Show which days were ended; whoever may, has one ended by the worker."""
    form = None
    if request.method == "POST" and not request.user.has_perm(policies.RUN):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))
    if request.user.has_perm(policies.RUN):
        form = _form(request)
        if request.method == "POST" and form.is_valid() and _sent(request, form):
            return redirect("npa:day_ends")
    page = keyset.page(
        DayEnd.objects.visible_to(request.user).select_related("entity"),
        by=("-day", "-id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    changed = day_end_rows.changed_in_all(page.rows)
    rows = [
        {"one": one, "look": day_end_rows.look(one), "changed": changed.get(one.pk, 0)}
        for one in page.rows
    ]
    context = {"form": form, "page": page, "rows": rows}
    status = 422 if request.method == "POST" else 200
    return render(request, "npa/day_ends.html", context, status=status)


@requires(policies.VIEW)
@require_GET
def day_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one day's end: its stages, what was left out, its runs, and what each changed."""
    one = get_visible(DayEnd.objects.select_related("entity"), request.user, pk=pk)
    page = keyset.page(
        Changed.objects.filter(day_end=one),
        by=("-run", "id"),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    keys = [row.loan_id for row in page.rows]
    loans = Loan.objects.visible_to(request.user).in_bulk(keys)
    chosen = Chosen(entity=one.entity, currency=one.entity.currency, day=one.day)
    context = {
        "one": one,
        "look": day_end_rows.look(one),
        "begun_by": day_end_rows.begun_by(one),
        "kept_open_by": day_end_rows.kept_open_by(one),
        "stages": day_end_rows.stages(one),
        "overridden": day_end_rows.overridden(one),
        "overridden_query": chosen.query(overridden="on"),
        "most_runs": day_end_rows.MOST_RUNS,
        "runs": day_end_rows.runs(one) if one.run > 1 else [],
        "differences": day_end_rows.differences(page.rows, loans),
        "unseen": sum(key not in loans for key in keys),
        "page": page,
    }
    return render(request, "npa/day_end.html", context)


@requires(policies.VIEW)
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a day's end has come; asked again while it runs."""
    one = get_visible(DayEnd.objects.select_related("entity"), request.user, pk=pk)
    context = {
        "one": one,
        "look": day_end_rows.look(one),
        "begun_by": day_end_rows.begun_by(one),
        "kept_open_by": day_end_rows.kept_open_by(one),
        "stages": day_end_rows.stages(one),
    }
    return render(request, "npa/_day_end_progress.html", context)


def _form(request: HttpRequest) -> day_end_forms.DayEndForm:
    entity = request.user.branch.entity
    yesterday = dates.local_date(timezone.now(), entity.time_zone) - timedelta(days=1)
    return day_end_forms.DayEndForm(
        request.POST or None,
        entities=ledger.entities(request.user),
        initial={"entity": entity.pk, "day": yesterday},
    )


def _sent(request: HttpRequest, form: day_end_forms.DayEndForm) -> bool:
    """Have the day of a form ended; say in it why not."""
    entity, day = form.cleaned_data["entity"], form.cleaned_data["day"]
    close = not form.cleaned_data["keep_open"]
    try:
        services.ask_to_end(
            actor=request.user, entity=entity, day=day, now=timezone.now(), close=close
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    messages.info(request, _("The day is being ended; how far it is appears on this page."))
    return True
