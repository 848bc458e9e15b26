"""Recalls of files of debits: those that wait, asking for one, and answering it."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.core import keyset
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.debits import policies, selectors, services
from apps.debits.forms import NoteForm, ReasonForm
from apps.debits.models import Recall
from apps.debits.views import files
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words


@require_GET
@requires(policies.SEE)
def recalls(request: HttpRequest) -> HttpResponse:
    """List the recalls that wait for a second person, the oldest first."""
    page = keyset.page(
        selectors.recalls_asked(request.user),
        by=selectors.OLDEST_RECALLS,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    with_bank = selectors.unanswered_of([one.file for one in page.rows])
    context = {
        "page": page,
        "rows": [(one, *with_bank[one.file_id]) for one in page.rows],
        "crumbs": files.crumbs(_("Recalls that wait")),
    }
    return render(request, "debits/recalls.html", context)


@require_GET
@requires(policies.RELEASE)
def count(request: HttpRequest) -> HttpResponse:
    """Return how many recalls wait for the person, for the navigation."""
    waiting = selectors.recalls_asked(request.user).exclude(asked_by=request.user)
    return HttpResponse(waiting.count() or "")


@require_http_methods(["GET", "POST"])
@requires(policies.RECALL)
def ask(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask that a file be recalled which the bank does not have."""
    found = files.visible(request.user, pk)
    number = selectors.unanswered_of([found])[found.pk][0]
    form = ReasonForm(request.POST or None)
    return contact_page.page(
        request,
        form,
        lambda: services.ask_recall(
            actor=request.user, file=found, now=timezone.now(), **form.cleaned_data
        ),
        words=Words(
            title=_("Recall the file"),
            button=_("Ask for the recall"),
            done=_("Asked. Another person who may release files confirms it."),
            place=str(found),
            back=reverse("debits:file", args=[pk]),
            text=_(
                "Only where the file never reached the bank, or the bank refused it whole: what the"
                " bank has, it may still collect."
            ),
            also=ngettext(
                "%(number)s debit without an answer can be asked for again then.",
                "%(number)s debits without an answer can be asked for again then.",
                number,
            )
            % {"number": number},
        ),
    )


@require_POST
@requires(policies.RELEASE)
def confirm(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Recall the file that another person asked about."""
    found = visible(request, pk)
    try:
        services.confirm_recall(actor=request.user, recall=found, now=timezone.now())
        messages.success(request, _("Recalled. The next file asks for its debits again."))
    except (NotPermitted, NotVisible):
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("debits:file", pk=found.file_id)


@require_http_methods(["GET", "POST"])
@requires(policies.SEE)
def refuse(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Leave a file with the bank that was to be recalled."""
    found = visible(request, pk)
    form = NoteForm(request.POST or None)
    form.fields["note"].label = _("Why the file stays with the bank")
    return contact_page.page(
        request,
        form,
        lambda: services.refuse_recall(
            actor=request.user, recall=found, now=timezone.now(), **form.cleaned_data
        ),
        words=Words(
            title=_("Leave the file with the bank"),
            button=_("Leave it"),
            done=_("The file stays with the bank."),
            place=str(found.file),
            back=reverse("debits:file", args=[found.file_id]),
            text=_("The recall is off the table then; somebody may ask for it anew."),
        ),
    )


def visible(request: HttpRequest, pk: uuid.UUID) -> Recall:
    """Return the recall if the person may see its file; else NotVisible."""
    found: Recall = get_visible(selectors.recalls_with_file(), request.user, pk=pk)
    return found
