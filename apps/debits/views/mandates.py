"""Mandates: on the page of their loan, one as it stands, recording one, and its steps."""

import uuid
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.debits import looks, policies, scopes, selectors, sentences, services
from apps.debits.forms import AcceptForm, MandateForm, ReasonForm
from apps.debits.lifecycle import IN_FORCE
from apps.debits.models import Mandate
from apps.debits.views.following import debit_shown
from apps.loans.forms import Refusable
from apps.loans.models import Loan
from apps.repayments.services import holding
from apps.repayments.views import contact_page
from apps.repayments.views.contact_page import Words

# Steps that lead to money being asked for; the others hold it back.
_FORWARD = ("register", "activate", "resume")


@require_GET
@requires(policies.SEE)
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the mandates and the debits of a loan, for its page."""
    loan = get_visible(Loan.objects.all(), request.user, pk=pk)
    mandates = list(selectors.mandates_of(loan, request.user))
    debits = selectors.debits_of_loan(loan, request.user)[: selectors.SHOWN]
    own = [one for one in mandates if one.loan_id and one.status in IN_FORCE]
    context = {
        "loan": loan,
        "mandates": [(one, looks.MANDATES[one.status]) for one in mandates],
        "debits": [debit_shown(one) for one in debits],
        "may_record": policies.may(request.user, policies.KEEP)
        and loan.status in ("opened", "active")
        and not own,
    }
    return render(request, "debits/_panel.html", context)


@require_GET
@requires(policies.SEE)
def mandate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one mandate: what was consented to, how it stands, and what can be done."""
    found = _visible(request, pk)
    offered = [
        (action, _WORDS[action][0](), action in _FORWARD)
        for action in _WORDS
        if policies.may_move(request.user, found, action)
    ]
    back = _back(request, found)
    context = {
        "mandate": found,
        "look": looks.MANDATES[found.status],
        "offered": offered,
        "underway": services.underway(found),
        "reason": sentences.reason(str(found.reason)) if found.reason else "",
        "back": back,
        "crumbs": [
            {"label": (found.loan or found.customer).number, "url": back},
            {"label": found.reference, "url": ""},
        ],
    }
    return render(request, "debits/mandate.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.KEEP)
def record(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Record a mandate for a loan."""
    rows = Loan.objects.select_related("branch__entity", "customer")
    loan = get_visible(rows, request.user, pk=pk)
    today = holding.today(loan, timezone.now())
    form = MandateForm(
        request.POST or None,
        loan=loan,
        initial={
            "holder": loan.customer.full_name,
            "maximum": loan.instalment * 2,
            "from_date": today,
            "consent_date": today,
        },
    )
    return contact_page.page(
        request,
        form,
        lambda: services.record_mandate(
            actor=request.user, loan=loan, entry=form.entry(), now=timezone.now()
        ),
        words=Words(
            title=_("Record a mandate"),
            button=_("Record the mandate"),
            done=_("Recorded. Nothing is taken until the bank has accepted it."),
            place=loan.number,
            back=reverse("loans:detail", args=[pk]),
            text=_("The borrower allows money to be taken from the account, and may end that."),
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.KEEP)
def move(request: HttpRequest, pk: uuid.UUID, action: str) -> HttpResponse:
    """Take one step of a mandate: tell the bank, what it says, a pause, the end."""
    found = _visible(request, pk)
    if action not in _WORDS:
        raise Http404
    label, text, done = (word() for word in _WORDS[action])
    form = _form(action, request)
    return contact_page.page(
        request,
        form,
        lambda: scopes.mandate_step(action, given=form.cleaned_data, now=timezone.now())(
            actor=request.user, mandate=found
        ),
        words=Words(
            title=label,
            button=label,
            done=done,
            place=found.reference,
            back=reverse("debits:mandate", args=[pk]),
            text=text,
        ),
    )


_WORDS: dict[str, tuple[Callable[[], str], ...]] = {
    "register": (
        lambda: _("The bank was told"),
        lambda: _("The mandate was given to the bank."),
        lambda: _("Recorded. It waits for the bank's word."),
    ),
    "activate": (
        lambda: _("The bank accepted it"),
        lambda: _("From now on what falls due is asked for under it."),
        lambda: _("In force."),
    ),
    "reject": (
        lambda: _("The bank refused it"),
        lambda: _("Another mandate can be recorded then."),
        lambda: _("Recorded."),
    ),
    "pause": (
        lambda: _("Pause it"),
        lambda: _("Nothing is taken until it goes on. What waits in a file is withdrawn."),
        lambda: _("Paused."),
    ),
    "resume": (
        lambda: _("Let it go on"),
        lambda: _("What falls due is asked for under it again."),
        lambda: _("In force again."),
    ),
    "cancel": (
        lambda: _("End it for the borrower"),
        lambda: _(
            "It ends at once, and for good. Say how the borrower asked. What the bank has"
            " already cannot be called back from here."
        ),
        lambda: _("Ended. Nothing more is asked for under it."),
    ),
}


def _form(action: str, request: HttpRequest) -> Refusable:
    # A step without anything to fill in is taken by the button alone.
    sent = request.POST if request.method == "POST" else None
    if action == "activate":
        return AcceptForm(sent)
    if action in ("register", "resume"):
        return Refusable(sent)
    return ReasonForm(sent)


def _visible(request: HttpRequest, pk: uuid.UUID) -> Mandate:
    found: Mandate = get_visible(selectors.mandates_with_lender(), request.user, pk=pk)
    return found


def _back(request: HttpRequest, mandate: Mandate) -> str:
    """Return the page of the loan a mandate is for; of several, the latest the person may see."""
    loans = Loan.objects.visible_to(request.user).filter(customer=mandate.customer_id)
    latest = mandate.loan or loans.order_by("-opened_date").first()
    return reverse("loans:detail", args=[latest.pk]) if latest else reverse("debits:files")
