"""Do without a required paper of a case."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.decisions import papers, policies, services
from apps.decisions.paper_forms import WaiverForm
from apps.decisions.views import case


@requires(policies.WAIVE_PAPERS)
@require_http_methods(["GET", "POST"])
def waive(request: HttpRequest, pk: uuid.UUID, code: str) -> HttpResponse:
    """Ask why the paper is not needed in this case, and do without it."""
    application = case.application_of(request, pk)
    if code not in papers.LABELS:
        raise NotVisible("not_found", _("Nobody asks for such a paper."))
    # Before anybody writes a reason that is then refused.
    services.require_may_waive(request.user, application)
    form = WaiverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.waive_paper(
                actor=request.user,
                application=application,
                code=code,
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
            messages.success(request, _("Waived; the case goes on without this paper."))
            return redirect("applications:detail", pk=pk)
        except DomainError as refusal:
            form.refuse(refusal.fields or {"": refusal.sentence})
    context = {"form": form, "application": application, "paper": papers.LABELS[code]}
    status = 422 if request.method == "POST" else 200
    return render(request, "decisions/waive_paper.html", context, status=status)
