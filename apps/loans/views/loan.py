"""One loan: its page, its schedules, and what is done with the contract."""

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.applications.models import Application
from apps.audit import services as audit
from apps.core import dates
from apps.core.access import requires
from apps.core.errors import Conflict, DomainError, NotVisible
from apps.core.formatting import format_money
from apps.core.visibility import get_visible
from apps.loans import arrears, difference, hooks, policies, presentation, selectors, services
from apps.loans.forms import ExitForm, ReasonForm
from apps.loans.lifecycle import ON_ITS_WAY, RUNNING
from apps.loans.models import Disbursement, Loan
from apps.loans.selectors import Position
from apps.offers import offer_page
from apps.offers import selectors as offers


@dataclass(frozen=True, kw_only=True)
class Task:
    """What one form does: its heading, its button, what is said when it is done."""

    title: str
    label: str
    said: str
    text: str = ""
    is_grave: bool = False


@require_GET
@requires(policies.VIEW)
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show one loan: how it stands, what is next, its schedule and its payments."""
    return page(request, seen(request, pk))


@require_POST
@requires(policies.OPEN)
def open_loan(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Open the loan of an application whose offer was accepted."""
    application = get_visible(Application.objects.all(), request.user, pk=pk)
    try:
        made = services.open_loan(actor=request.user, application=application, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal.sentence))
        return redirect("applications:detail", pk=pk)
    messages.success(request, _("The loan is open. Ask for its payment next."))
    return redirect("loans:detail", pk=made.pk)


@require_http_methods(["GET", "POST"])
@requires(policies.OPEN)
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give up a contract of which nothing was paid out."""
    loan = seen(request, pk)
    if request.method == "GET" and not loan.may("cancel"):
        # The form would say of it what is not so.
        raise Conflict(
            "not_given_up", _("Only a contract of which nothing was paid out is given up.")
        )
    task = Task(
        title=_("Give the contract up"),
        label=_("Give up"),
        said=_("The contract was given up."),
        text=_("Nothing was paid out. The application cannot be lent under again."),
        is_grave=True,
    )
    return one_form(
        request,
        loan,
        task,
        form=ReasonForm(request.POST or None),
        act=lambda **given: services.cancel(
            actor=request.user, loan=loan, now=timezone.now(), **given
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.APPROVE)
def give_up_rest(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give up what of a loan was not paid out."""
    loan = seen(request, pk)
    left = selectors.left_to_ask(loan)
    if request.method == "GET" and not left:
        raise services.nothing_left(loan)
    task = Task(
        title=_("Give the rest up"),
        label=_("Give the rest up"),
        said=_("The rest was given up. The schedule is of what was paid out."),
        text=_(
            "%(amount)s was not paid out and will not be: nobody takes this back. The schedule is"
            " written anew for what was paid out, over the agreed term."
        )
        % {"amount": format_money(left, loan.currency)},
        is_grave=True,
    )
    return one_form(
        request,
        loan,
        task,
        form=ReasonForm(request.POST or None),
        act=lambda **given: services.give_up_rest(
            actor=request.user, loan=loan, now=timezone.now(), **given
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(policies.SETTLE)
def settle_exit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Settle a loan that its borrower stepped back from."""
    loan = seen(request, pk)
    task = Task(
        title=_("Record what stepping back costs"),
        label=_("Record the payment and close"),
        said=_("The loan is settled and closed."),
        text=_("To be paid: %(amount)s, on whatever day it is paid.")
        % {"amount": format_money(services.exit_amount(loan), loan.currency)},
    )
    return one_form(
        request,
        loan,
        task,
        form=ExitForm(request.POST or None, initial={"paid_date": _today(loan)}),
        act=lambda **given: services.settle_exit(
            actor=request.user, loan=loan, now=timezone.now(), **given
        ),
    )


@require_GET
@requires(policies.VIEW)
def schedules(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the original schedule beside the one in force, and where they differ."""
    loan = seen(request, pk)
    versions = {one.number: one for one in loan.schedules.select_related("made_by")}
    if not versions:
        raise NotVisible("not_found", _("This loan has no schedule on the books."))
    # Where changes were taken back, an earlier version than the last is in force again.
    present = next((one.number for one in versions.values() if one.in_force), max(versions))
    chosen = request.GET.get("version", "")
    other = versions.get(int(chosen) if chosen.isdecimal() and len(chosen) < 5 else present)
    if other is None:
        raise NotVisible("not_found", _("There is no such version of the schedule."))
    planned = {
        number: list(one.instalments.order_by("number"))
        for number, one in versions.items()
        if number <= other.number
    }
    # What was taken back never asked for anything: only those that were in force have fallen due.
    earlier = [
        planned[number]
        for number in sorted(planned)
        if number < other.number and (versions[number].in_force or versions[number].ends_on)
    ]
    found = difference.between(planned[1], difference.whole(earlier, planned[other.number]))
    context = {
        "loan": loan,
        "crumbs": crumbs(loan, _("Schedules")),
        "versions": [versions[number] for number in sorted(versions)],
        "original": versions[1],
        "other": other,
        "difference": found,
    }
    return render(request, "loans/schedules.html", context)


def seen(request: HttpRequest, pk: uuid.UUID) -> Loan:
    """Return a loan the person may see, with everything its page shows."""
    return get_visible(selectors.detailed(), request.user, pk=pk)


def crumbs(loan: Loan, *more: str) -> list[dict[str, str]]:
    """Return the way to a loan's page and beyond."""
    way = [
        {"label": _("Loans"), "url": reverse("loans:list")},
        {"label": loan.number, "url": reverse("loans:detail", args=[loan.pk])},
    ]
    return [*way, *({"label": one} for one in more)] if more else [way[0], {"label": loan.number}]


def one_form(
    request: HttpRequest,
    loan: Loan,
    task: Task,
    *,
    form: Any,
    act: Callable[..., Any],
    payment: Disbursement | None = None,
) -> HttpResponse:
    """Show the form of one step, or take the step with what was typed and go back to the loan."""
    if request.method == "POST" and form.is_valid():
        try:
            act(**form.cleaned_data)
            messages.success(request, task.said)
            return redirect("loans:detail", pk=loan.pk)
        except DomainError as refusal:
            form.refuse(refusal)
    context = {
        "loan": loan,
        "task": task,
        "form": form,
        "payment": payment,
        "crumbs": crumbs(loan, task.title),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "loans/act.html", context, status=status)


def page(request: HttpRequest, loan: Loan) -> HttpResponse:
    """Show a loan."""
    position = selectors.position(loan, _today(loan))
    payments = list(selectors.payments(loan))
    waiting = next((one for one in payments if one.status in ON_ITS_WAY), None)
    context = {
        "loan": loan,
        "crumbs": crumbs(loan),
        "look": presentation.look(loan, is_exited=loan.is_exited),
        "position": position,
        "charges_owed": hooks.owed_beside(loan, position.day),
        "rows": _rows(loan, position),
        "has_fees": any(row.fee for row in position.rows),
        "next_action": presentation.next_action(loan, waiting, position),
        "payments": [_payment(request, one) for one in payments],
        # What is to be paid out comes first; what was paid out, after what it led to.
        "is_paying": waiting is not None or bool(_left(loan)),
        "link_holders": offers.holders_named(loan.offer) if loan.offer else "",
        "left": _left(loan),
        "is_exited": loan.is_exited and loan.status == "active",
        "versions": loan.schedules.count(),
        "in_force": _in_force(loan, position),
        "audit_subject": audit.reference(loan),
        "case_subject": audit.reference(loan.application),
        **selectors.opens(request.user, loan),
        **_actions(request, loan),
        **lacking(request, loan),
    }
    return render(request, "loans/detail.html", context)


def lacking(request: HttpRequest, loan: Loan) -> dict[str, Any]:
    """Return what is missing before more of a loan is paid out; nothing where none is left."""
    if loan.offer is None or loan.offer.status != "taken_up" or loan.status not in RUNNING:
        return {}
    if not loan.disbursements.filter(status__in=ON_ITS_WAY).exists() and not (
        selectors.left_to_ask(loan)
    ):
        return {}
    application = loan.application
    # The loan's page has these at hand; the application's own would each be asked for anew.
    application.product, application.customer = loan.product, loan.customer
    application.branch = loan.branch
    return offer_page.lacking_of(
        request.user, application, now=timezone.now(), amount=loan.principal
    )


def _today(loan: Loan) -> date:
    return dates.local_date(timezone.now(), loan.branch.entity.time_zone)


def _rows(loan: Loan, position: Position) -> list[tuple[Any, Any]]:
    looks = dict(presentation.INSTALMENTS)
    if loan.status == "written_off":
        looks[arrears.State.PAID] = presentation.SETTLED
    # What was paid early has no number: it stands by its day.
    rows = sorted(position.rows, key=lambda row: (row.due_date, row.number))
    return [(row, looks[arrears.state(row, position.day)]) for row in rows]


def _in_force(loan: Loan, position: Position) -> dict[str, Any]:
    """Return what the schedule in force says where it is not the contract's any more."""
    if loan.status != "active" or loan.is_exited:
        return {}
    versions = list(loan.schedules.order_by("number"))
    if len(versions) < 2:
        return {}
    ahead = [row.due for row in position.rows if row.number and row.due_date > position.day]
    agreed = versions[0].instalments.filter(number__gt=0)
    first = agreed.count()
    # A changed schedule begins with what was not paid yet; what fell due before it counts too.
    behind = first - agreed.filter(due_date__gt=position.day).count()
    usual = Counter(ahead).most_common(1)
    in_force = next(one for one in versions if one.in_force)
    found: dict[str, Any] = {
        "annual_rate": Decimal(str(in_force.terms["annual_rate"])),
        "instalments": behind + len(ahead),
        # Most of those to come: the first and the last after a change may be others.
        "instalment": usual[0][0] if usual and usual[0][1] > 1 else loan.instalment,
    }
    told = {
        "annual_rate": loan.annual_rate,
        "instalments": first,
        "instalment": loan.instalment,
    }
    changed = {name: value for name, value in found.items() if value != told[name]}
    return {**changed, "first_instalments": first} if changed else {}


def _payment(request: HttpRequest, one: Disbursement) -> dict[str, Any]:
    actor = request.user
    may = {
        "may_approve": policies.may_approve(actor, one),
        "may_refuse": policies.may_refuse(actor, one),
        "may_give_up": policies.may_give_up(actor, one),
        "may_instruct": policies.may_instruct(actor, one),
        "may_confirm": policies.may_confirm(actor, one),
        "may_fail": policies.may_fail(actor, one),
        "may_reverse": policies.may_reverse(actor, one),
    }
    look = presentation.PAYMENTS[one.status]
    return {"payment": one, "look": look, "has_actions": any(may.values()), **may}


def _left(loan: Loan) -> Decimal:
    """Return what may still be asked for; nothing once the borrower stepped back, or asked."""
    is_asked = loan.offer is not None and loan.offer.exit_asked_date is not None
    is_over = loan.is_exited or is_asked or loan.status not in RUNNING
    return Decimal(0) if is_over else selectors.left_to_ask(loan)


def _actions(request: HttpRequest, loan: Loan) -> dict[str, Any]:
    is_exited = loan.is_exited
    left = _left(loan)
    return {
        "may_request": bool(left)
        and loan.offer is not None
        and request.user.has_perm(policies.REQUEST),
        "may_cancel": policies.may_cancel(request.user, loan),
        "may_give_up_rest": bool(left) and policies.may_give_up_rest(request.user, loan),
        "may_settle_exit": is_exited
        and loan.status == "active"
        and request.user.has_perm(policies.SETTLE),
        "exit_amount": services.exit_amount(loan)
        if is_exited and loan.status == "active"
        else None,
    }
