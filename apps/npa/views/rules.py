"""The rules of classes and provisions, to be read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core import dates
from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.npa import policies, rulebook, rules_page


@require_GET
@requires(policies.VIEW)
def tables(request: HttpRequest) -> HttpResponse:
    """List the rule tables."""
    entity = request.user.branch.entity
    today = dates.local_date(timezone.now(), entity.time_zone)
    stored = rulebook.tables()
    current = rulebook.standing_for(entity, today)
    rows = [rules_page.row(one, today) for one in stored]
    context = {"rows": rows, "entity": entity, "current": current, "today": today}
    return render(request, "npa/rules.html", context)


@require_GET
@requires(policies.VIEW)
def table(request: HttpRequest, code: str) -> HttpResponse:
    """Show one rule table: its classes, rates and floors, and where they stand written."""
    today = dates.local_date(timezone.now(), request.user.branch.entity.time_zone)
    found = next((one for one in rulebook.tables() if one.rules.code == code), None)
    if found is None:
        raise NotVisible("not_found", _("There is no such rule table."))
    crumbs = [
        {"label": _("Rules"), "url": reverse("npa:rules")},
        {"label": found.rules.name},
    ]
    context = {"crumbs": crumbs, **rules_page.context(found, today)}
    return render(request, "npa/rule_table.html", context)
