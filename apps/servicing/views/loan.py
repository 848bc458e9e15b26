"""What is done with one loan: its panel on the loan's page, and a page for each action."""

import uuid
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.core.access import requires
from apps.core.errors import DomainError, NotVisible
from apps.core.visibility import get_visible
from apps.loans.forms import ReasonForm
from apps.loans.models import Loan
from apps.repayments import correcting
from apps.servicing import forms, policies, presentation, selectors, services
from apps.servicing.errors import RateIsFixed
from apps.servicing.models import Pause, Proposal
from apps.servicing.services import changing, closing
from apps.servicing.views.shown import Task, crumbs, done, one_form, rendered, running, seen, today


@require_GET
@requires(policies.VIEW)
def panel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show what changed on a loan, what is proposed and agreed, and what may be done."""
    loan = seen(request, pk)
    if not getattr(request, "htmx", False):
        return redirect("loans:detail", pk=pk)
    not_closed = _why_not_closed(request, loan)
    closures = list(loan.closures.select_related("closed_by").order_by("-number"))
    written_off = loan.account.written_off if loan.status == "written_off" else None
    context = {
        "loan": loan,
        "actions": presentation.actions(
            request.user,
            loan,
            is_floating=selectors.following(loan, today(loan)) is not None,
            is_settled=not_closed == "",
        ),
        # Of a loan that runs it is plain that something is owed.
        "not_closed": not_closed if loan.status == "closed" and not closures else "",
        "events": [
            {
                **presentation.event(one, written_off),
                "may_undo": policies.may_undo(request.user, one),
            }
            for one in selectors.changes(loan)
        ],
        "proposals": [
            {
                "one": one,
                "look": presentation.PROPOSALS[one.status],
                "may_answer": policies.may_answer(request.user, one),
                "may_withdraw": policies.may_withdraw(request.user, one),
            }
            for one in selectors.proposals(loan)
        ],
        "transfers": _transfers(request, loan),
        "top_up": selectors.top_up(loan) if loan.status == "active" else None,
        "pauses": [
            {
                "one": one,
                "look": presentation.PAUSES[one.status],
                "may_end": policies.may_end(request.user, one),
            }
            for one in selectors.pauses(loan)
        ],
        "closure": closures[0] if closures else None,
    }
    return render(request, "servicing/_panel.html", context)


@require_http_methods(["GET", "POST"])
@requires(policies.CHANGE)
def change(request: HttpRequest, pk: uuid.UUID, kind: str) -> HttpResponse:
    """Show what a change of the schedule leads to, and make it."""
    code = kind.replace("-", "_")
    if code not in forms.CHANGE_FORMS:
        raise NotVisible("not_found", _("There is no such change."))
    if not request.user.has_perm(changing.permission(code)):
        raise changing.not_permitted()
    loan = running(request, pk)
    form = forms.CHANGE_FORMS[code](request.POST or None)
    shown, parameters = None, dict[str, Any]()
    if request.method == "POST" and form.is_valid():
        parameters = form.parameters()
        if "confirm" in request.POST and request.POST.get("seen") == form.fingerprint:
            is_done = done(
                request,
                form,
                lambda: services.change(
                    actor=request.user,
                    loan=loan,
                    kind=code,
                    parameters=parameters,
                    reason=form.cleaned_data["reason"],
                    reference=_reference(loan, form),
                    now=timezone.now(),
                ),
                said=_("The schedule is changed."),
            )
            if is_done:
                return redirect("loans:detail", pk=pk)
        else:
            shown = _comparison(loan, form, code, parameters)
    context = {
        "loan": loan,
        "title": presentation.TITLES[code],
        "crumbs": crumbs(loan, str(presentation.TITLES[code])),
        "form": form,
        "comparison": shown,
        "follows": presentation.follows(loan, parameters, today(loan)) if shown is not None else "",
        # A change is made only as its consequences were shown.
        "seen": form.fingerprint if shown is not None else "",
        "standing": selectors.standing(loan, today(loan)),
    }
    return rendered(request, "servicing/change.html", context, is_fine=shown is not None)


@require_http_methods(["GET", "POST"])
@requires(policies.RESTRUCTURE)
def follow_rate(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Let a floating loan follow its benchmark of the day."""
    loan = running(request, pk)
    found = selectors.following(loan, today(loan))
    if found is None:
        raise RateIsFixed
    task = Task(
        title=_("Follow the benchmark"),
        label=_("Change the rate"),
        said=_("The rate is changed."),
    )
    form = forms.FollowForm(request.POST or None)
    return one_form(
        request,
        loan,
        task,
        form=form,
        act=lambda given: services.follow_rate(
            actor=request.user,
            loan=loan,
            keeps=given["keeps"],
            reason=given["reason"],
            now=timezone.now(),
        ),
        following=found,
    )


@require_http_methods(["GET", "POST"])
@requires(policies.PROPOSE)
def relief(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose a waiver, a write-off or a refund."""
    loan = seen(request, pk)
    task = Task(
        title=_("Propose a waiver, write-off or refund"),
        label=_("Propose"),
        said=_("The proposal waits for another person."),
        text=_("Nothing is posted before another person with the right approves it."),
    )
    form = forms.ReliefForm(request.POST or None)
    return one_form(
        request,
        loan,
        task,
        form=form,
        act=lambda _given: services.propose(
            actor=request.user, loan=loan, relief=form.relief(), now=timezone.now()
        ),
        due=_due(loan),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.CHANGE)
def pause(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Agree on a pause for hardship."""
    loan = running(request, pk)
    task = Task(
        title=_("Leave alone for hardship"),
        label=_("Agree on the pause"),
        said=_("The pause is agreed."),
        text=_(
            "No due date and no amount changes, and days past due are counted and reported as"
            " before."
        ),
    )
    return one_form(
        request,
        loan,
        task,
        form=forms.PauseForm(request.POST or None, initial={"starts_on": today(loan)}),
        act=lambda given: services.pause(
            actor=request.user, loan=loan, now=timezone.now(), **given
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.CHANGE)
def end_pause(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """End a pause for hardship."""
    found = get_visible(Pause.objects.all(), request.user, pk=pk)
    loan = seen(request, found.loan_id)
    task = Task(title=_("End the pause"), label=_("End the pause"), said=_("The pause has ended."))
    return one_form(
        request,
        loan,
        task,
        form=ReasonForm(request.POST or None),
        act=lambda given: services.end_pause(
            actor=request.user, pause=found, now=timezone.now(), **given
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.CLOSE)
def close(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Close a repaid loan with its letter of no dues."""
    loan = seen(request, pk)
    task = Task(
        title=_("Close with a letter of no dues"),
        label=_("Close and issue the letter"),
        said=_("The loan is closed, and the letter of no dues is issued."),
        text=_(
            "The letter says that nothing is owed any more. For what was pledged a release is asked"
            " for, which another person grants."
        ),
    )
    return one_form(
        request,
        loan,
        task,
        form=forms.EmptyForm(request.POST if request.method == "POST" else None),
        act=lambda _given: services.close(actor=request.user, loan=loan, now=timezone.now()),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.TAKE_BACK)
def undo(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a change of a loan back."""
    event = get_visible(selectors.all_changes(), request.user, pk=pk)
    loan = seen(request, event.loan_id)
    word, booked = str(presentation.event(event)["word"]), correcting.booked_on(event)
    task = Task(
        title=_("Take back"),
        label=_("Take back"),
        said=_("It is taken back; the account is as if it had not happened."),
        text=f"{word}. {booked}" if booked else word,
        is_grave=True,
    )
    return one_form(
        request,
        loan,
        task,
        form=ReasonForm(request.POST or None),
        act=lambda given: services.undo(
            actor=request.user, event=event, now=timezone.now(), **given
        ),
    )


def _transfers(request: HttpRequest, loan: Loan) -> list[dict[str, Any]]:
    reach = policies.reach(request.user)
    return [
        {
            "one": one,
            "look": presentation.PROPOSALS[one.status],
            "may_answer": policies.may_answer_transfer(request.user, one, reach),
            "may_withdraw": policies.may_withdraw_transfer(request.user, one),
        }
        for one in selectors.transfers(loan)
    ]


def _reference(loan: Loan, form: forms.ChangeForm) -> str:
    """Return the reference of a change that was sent from a page; empty where it names none."""
    told = form.cleaned_data["reference"]
    return f"change:{loan.number}:{told}" if told else ""


def _comparison(loan: Loan, form: Any, code: str, parameters: dict[str, Any]) -> Any:
    try:
        return presentation.comparison(*selectors.preview(loan, today(loan), code, parameters))
    except DomainError as refusal:
        form.refuse(refusal)
        return None


def _due(loan: Loan) -> list[tuple[str, Decimal]]:
    """Return what is due and unpaid, by what it is for: that much can be waived."""
    if loan.status != "active":
        return []
    due = selectors.quote(loan, today(loan)).due
    words = dict(Proposal.Bucket.choices)
    return [(str(words[bucket.value]), amount) for bucket, amount in due.items() if amount]


def _why_not_closed(request: HttpRequest, loan: Loan) -> str | None:
    """Return why the person cannot close the loan now; nothing where they can, None where never."""
    is_theirs = loan.status in ("active", "closed") and request.user.has_perm(policies.CLOSE)
    return closing.why_not(loan) if is_theirs else None
