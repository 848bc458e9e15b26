"""Pages of the audit trail: the list of events, the timeline of a thing, and the verify button."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.audit import forms, names, selectors, services, subjects, timeline, verbs
from apps.core import jobs
from apps.core.access import SIGNED_IN, requires
from apps.core.errors import NotVisible

# A longer chain is verified by the worker: a page must not take many seconds.
LONGEST_IN_A_PAGE = 50_000
# What happened before is folded away, one click further.
LATEST_SHOWN = 10


@requires("audit.view_audit")
def events(request: HttpRequest) -> HttpResponse:
    """List events, newest first; filters and cursor stand in the URL."""
    form, cursor = forms.EventForm(request.GET), forms.CursorForm(request.GET)
    form.is_valid()
    at = cursor.cleaned_data if cursor.is_valid() else {}
    page = selectors.events(form.chosen(), before=at.get("before"), after=at.get("after"))
    actors = names.of_actors(event.actor for event in page.events)
    rows = [
        {
            "event": event,
            "who": actors[event.actor],
            "what": verbs.sentence(event.verb),
            "facts": names.of_facts(event.facts),
            "short_facts": names.short(names.of_facts(event.facts)),
            "origin": names.short(event.origin),
            "subject": names.short(event.subject),
            "case": names.short(event.case) if event.case != event.subject else "",
            "seal": getattr(event, "seal", None),
        }
        for event in page.events
    ]
    context = {
        "form": form,
        "rows": rows,
        "before": page.before,
        "after": page.after,
        "sealed": selectors.sealed_count(),
        "verifications": selectors.verifications(limit=5),
        "may_verify": request.user.has_perm("audit.verify_audit"),
    }
    return render(request, "audit/events.html", context)


@requires(SIGNED_IN)
def timeline_of(request: HttpRequest) -> HttpResponse:
    """Show what happened to the thing in `?subject=app.model:id`, to who may see it."""
    subject = request.GET.get("subject", "")[:100]
    if "\0" in subject or not subjects.may_read(request.user, subject):
        raise NotVisible("not_found", _("There is no such record, or it is not yours to see."))
    entries = timeline.of(subject)
    context = {"latest": entries[:LATEST_SHOWN], "earlier": entries[LATEST_SHOWN:]}
    return render(request, "audit/_timeline.html", context)


@requires("audit.verify_audit")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Verify the chain now, or by the worker where it is long; the result is an event itself."""
    if selectors.sealed_count() > LONGEST_IN_A_PAGE:
        jobs.enqueue("audit.verify", actor=request.user.audit_reference)
        messages.info(request, _("The chain is being verified; the result appears on this page."))
        return redirect("audit:events")
    found = services.verify(actor=request.user, now=timezone.now())
    if found.broken is None:
        done = _("The chain is whole: %(count)s events recomputed.") % {"count": found.sealed}
        messages.success(request, done)
    else:
        broken = _("The chain is BROKEN at position %(position)s, %(event)s: %(reason)s.") % {
            "position": found.broken.position,
            "event": found.broken_event,
            "reason": found.broken.reason,
        }
        messages.error(request, broken)
    return redirect("audit:events")
