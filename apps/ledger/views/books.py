"""The trial balance, the lines behind it, and entries."""

from datetime import date
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.models import Branch
from apps.core import dates, keyset
from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.core.money import MINOR_UNITS
from apps.core.spreadsheets import csv_lines
from apps.core.visibility import get_visible
from apps.ledger import forms, labels, policies, presentation, selectors, trials
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.ledger.trial import Part

_LINES_BY = ("-day", "-entry_id", "-number")


class _Asked(NamedTuple):
    """A trial balance as asked for: the day, whose books, and what they held by currency."""

    form: forms.TrialForm
    as_of: date
    branches: list[Branch]
    parts: list[Part]

    @property
    def lender(self) -> str:
        """Whose books they are."""
        return ", ".join(sorted({branch.entity.name for branch in self.branches}))

    @property
    def whose(self) -> str:
        """The branch, or what is said of several."""
        return self.branches[0].name if len(self.branches) == 1 else _("All branches")


@requires(policies.VIEW)
@require_GET
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Show what every account holds at the end of a day; each leads to what was posted to it."""
    asked = _asked(request)
    chosen = asked.branches
    query = {"as_of": asked.as_of.isoformat(), "branch": asked.form.cleaned_data.get("branch", "")}
    context = {
        "form": asked.form,
        "as_of": asked.as_of,
        "query": request.GET.urlencode(),
        "parts": presentation.trial(asked.parts, query),
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
def trial_csv(request: HttpRequest) -> HttpResponse:
    """Hand a trial balance over as CSV; where what was asked is refused, the page says why."""
    asked = _asked(request)
    if not asked.form.is_valid():
        return _to_trial(request)
    lines = csv_lines(trials.table(asked.parts, asked.as_of))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    return _attached(response, asked, "csv")


@requires(policies.VIEW)
@require_GET
def trial_pdf(request: HttpRequest) -> HttpResponse:
    """Hand a trial balance over as PDF; where what was asked is refused, the page says why."""
    asked = _asked(request)
    if not asked.form.is_valid():
        return _to_trial(request)
    made = trials.pdf(
        asked.parts,
        asked.as_of,
        whose=asked.whose,
        lender=asked.lender,
        dated=_today(request),
    )
    return _attached(HttpResponse(made, content_type="application/pdf"), asked, "pdf")


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


def _asked(request: HttpRequest) -> _Asked:
    """Return the trial balance an address asks for: of today and all where it is refused."""
    form = forms.TrialForm(request.GET, branches=list(selectors.branches(request.user)))
    given = form.cleaned_data if form.is_valid() else {}
    as_of = given.get("as_of") or _today(request)
    chosen = form.branches()
    found = selectors.trial_balance(chosen, as_of)
    currency = given.get("currency", "")
    parts = [part for part in found.parts() if currency in ("", part.currency)]
    return _Asked(form, as_of, chosen, parts)


def _to_trial(request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse('ledger:trial_balance')}?{request.GET.urlencode()}")


def _attached(response: HttpResponse, asked: _Asked, ending: str) -> HttpResponse:
    name = f"trial-balance-{asked.as_of:%Y-%m-%d}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _page(request: HttpRequest, rows: Any, by: tuple[str, ...]) -> Any:
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    return keyset.page(rows, by=by, after=after, before=before)


def _today(request: HttpRequest) -> Any:
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
