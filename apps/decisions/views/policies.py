"""The credit policy, readable: every rule as a sentence, every band."""

import uuid
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.decisions import policy_page, selectors
from apps.decisions.services import lettering


@requires("decisions.view_policy")
@require_GET
def policies(request: HttpRequest) -> HttpResponse:
    """List the policy versions of each lender, the one in force marked."""
    now = timezone.now()
    lenders = []
    for entity, versions in groupby(
        selectors.policy_versions(request.user), key=lambda version: version.entity
    ):
        today = lettering.local_date(entity, now)
        found = list(versions)
        in_force = next((one for one in found if one.effective_from <= today), None)
        rows = [
            {"version": one, "state": policy_page.state_of(one, in_force, today)} for one in found
        ]
        lenders.append({"entity": entity, "rows": rows})
    return render(request, "decisions/policies.html", {"lenders": lenders})


@requires("decisions.view_policy")
@require_GET
def policy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one version: its rules and bands in words."""
    version = selectors.policy_versions(request.user).filter(pk=pk).first()
    if version is None:
        raise NotVisible("not_found", _("There is no such policy."))
    context = {
        "version": version,
        "page": policy_page.of_version(version),
        "crumbs": [
            {"label": _("Credit policy"), "url": reverse("decisions:policies")},
            {"label": str(version), "url": ""},
        ],
    }
    return render(request, "decisions/policy.html", context)
