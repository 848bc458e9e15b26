"""The list of settlements that are open."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.collections import open_settlements, policies
from apps.core.access import requires

MINE = "waiting"


@require_GET
@requires(policies.VIEW)
def listing(request: HttpRequest) -> HttpResponse:
    """List the settlements that are open, or with `?show=waiting` those the person may answer."""
    only_mine = request.GET.get("show", "") == MINE
    page = open_settlements.page(
        request.user,
        only_mine=only_mine,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": page,
        "rows": [open_settlements.row(request.user, one) for one in page.rows],
        "only_mine": only_mine,
        "may_approve": request.user.has_perm(policies.APPROVE_SETTLEMENT),
    }
    return render(request, "collections/open_settlements.html", context)
