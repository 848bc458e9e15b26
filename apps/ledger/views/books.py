"""The trial balance, the lines behind it, and entries."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.core.money import MINOR_UNITS
from apps.core.visibility import get_visible
from apps.ledger import forms, labels, policies, presentation, selectors
from apps.ledger.chart import Account
from apps.ledger.models import Entry

_LINES_BY = ("-day", "-entry_id", "-number")


@requires(policies.VIEW)
@require_GET
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Show what every account holds at the end of a day; each leads to what was posted to it."""
    form = forms.TrialForm(request.GET, branches=list(selectors.branches(request.user)))
    given = form.cleaned_data if form.is_valid() else {}
    as_of = given.get("as_of") or _today(request)
    chosen = form.branches()
    found = selectors.trial_balance(chosen, as_of)
    currency = given.get("currency", "")
    parts = [part for part in found.parts() if currency in ("", part.currency)]
    query = {"as_of": as_of.isoformat(), "branch": given.get("branch", "")}
    context = {
        "form": form,
        "as_of": as_of,
        "parts": presentation.trial(parts, query),
        "one_branch": chosen[0] if len(chosen) == 1 else None,
        "closed": [
            closing
            for entity in {branch.entity_id for branch in chosen}
            if (closing := selectors.closed_up_to(entity))
        ],
        "proof": selectors.last_proof(),
    }
    return render(request, "ledger/trial_balance.html", context)


@requires(policies.VIEW)
@require_GET
def account(request: HttpRequest, account: str) -> HttpResponse:
    """List what was posted to an account up to a day, newest first."""
    if account not in set(Account):
        raise NotVisible("not_found", _("The chart has no such account."))
    form = forms.TrialForm(request.GET, branches=list(selectors.branches(request.user)))
    given = form.cleaned_data if form.is_valid() else {}
    currency = given.get("currency") or request.user.branch.entity.currency
    as_of = given.get("as_of") or _today(request)
    rows = selectors.lines_of(
        request.user, Account(account), currency=currency, branches=form.branches(), until=as_of
    )
    page = _page(request, rows, _LINES_BY)
    name = labels.ACCOUNTS[Account(account)]
    crumbs = [
        {"label": _("Trial balance"), "url": reverse("ledger:trial_balance")},
        {"label": name},
    ]
    context = {
        "form": form,
        "page": page,
        "rows": presentation.lines(page.rows),
        "account": Account(account),
        "name": name,
        "currency": currency if currency in MINOR_UNITS else "",
        "as_of": as_of,
        "crumbs": crumbs,
    }
    return render(request, "ledger/account.html", context)


@requires(policies.VIEW)
@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """List entries, the one posted last at the head."""
    form = forms.EntriesForm(request.GET, branches=list(selectors.branches(request.user)))
    form.is_valid()
    page = _page(request, selectors.entries(request.user, form.chosen()), ("-id",))
    context = {"form": form, "page": page, "rows": presentation.entries(page.rows)}
    return render(request, "ledger/entries.html", context)


@requires(policies.VIEW)
@require_GET
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """Show one entry: its lines, what it reverses, and what reversed it."""
    rows = Entry.objects.select_related("branch__entity", "reverses", "reversal")
    found = get_visible(rows.prefetch_related("lines"), request.user, pk=number)
    crumbs = [
        {"label": _("Entries"), "url": reverse("ledger:entries")},
        {"label": _("Entry %(number)s") % {"number": found.pk}},
    ]
    context = {
        **presentation.entry(found),
        "crumbs": crumbs,
        "reversal": getattr(found, "reversal", None),
    }
    return render(request, "ledger/entry.html", context)


def _page(request: HttpRequest, rows: Any, by: tuple[str, ...]) -> Any:
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    return keyset.page(rows, by=by, after=after, before=before)


def _today(request: HttpRequest) -> Any:
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
