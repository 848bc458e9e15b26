"""Write a notice about arrears, print it, write down what became of it."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.collections import policies, services
from apps.collections.models import Notice
from apps.collections.notice_forms import NoticeForm, WordForm
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words
from apps.servicing.asked import seen, today


@require_http_methods(["GET", "POST"])
@requires(policies.NOTICE)
def issue(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write a notice in the borrower's language."""
    loan = seen(request, pk)
    form = NoticeForm(request.POST or None, today=today(loan))
    return contact_page.page(
        request,
        form,
        lambda: services.issue_notice(
            actor=request.user, loan=loan, entry=form.entry(), now=timezone.now()
        ),
        words=Words(
            title=_("Write a notice"),
            button=_("Write it"),
            done=_("The notice is written and frozen. It goes by e-mail, or waits for you."),
            place=loan.number,
            back=reverse("collections:case", args=[loan.pk]),
            text=_(
                "It is written in the borrower's language with what is overdue today. By e-mail it"
                " goes only within contact hours and where the borrower may be sent a message now;"
                " else print it, and post it or hand it over."
            ),
        ),
    )


@require_GET
@requires(policies.NOTICE)
def pdf(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Hand over a notice as a PDF file to print."""
    notice = get_visible(Notice.objects.all(), request.user, pk=pk)
    letter = services.open_notice(actor=request.user, notice=notice)
    response = HttpResponse(bytes(letter.pdf or b""), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="notice-{notice.pk}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response


@require_http_methods(["GET", "POST"])
@requires(policies.NOTICE)
def word(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write down what became of a notice."""
    rows = Notice.objects.select_related("loan__branch__entity")
    notice = get_visible(rows, request.user, pk=pk)
    form = WordForm(request.POST or None, today=today(notice.loan))
    return contact_page.page(
        request,
        form,
        lambda: services.write_word(
            actor=request.user, notice=notice, entry=form.entry(), now=timezone.now()
        ),
        words=Words(
            title=_("What became of the notice"),
            button=_("Write it down"),
            done=_("It is on record."),
            place=notice.loan.number,
            back=reverse("collections:case", args=[notice.loan_id]),
            text=_("It cannot be changed afterwards; what is written down last counts."),
        ),
    )
