"""Pages of letters: the list of a case, the frozen letter, its PDF."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.core import dates
from apps.core.access import requires
from apps.core.errors import Conflict
from apps.letters import covering, selectors, services, standing
from apps.letters.models import Letter


class SignedIn(HttpRequest):
    """A request by somebody who is signed in, as `requires` makes sure."""

    user: User


class NotReady(Conflict):
    """The letter has been issued but a worker has not rendered it yet."""


@require_GET
@requires("letters.view_letter")
def of_case(request: SignedIn) -> HttpResponse:
    """List the letters of the case named by `?case=`; a part of the case page, not a page."""
    if not getattr(request, "htmx", False):
        return redirect("applications:list")
    letters = selectors.of_case(request.user, request.GET.get("case", ""))
    waiting = any(letter.rendered_at is None for letter in letters)
    context = {
        "rows": _rows(request, letters),
        "waiting": waiting,
        "address": request.get_full_path(),
    }
    return render(request, "letters/_of_case.html", context)


@require_GET
@requires("letters.view_letter")
def letters(request: SignedIn) -> HttpResponse:
    """List the letters: those not sent yet by their last day, with how many are late."""
    today = _today(request)
    view = request.GET.get("view", selectors.UNSENT)
    page = selectors.page(
        request.user,
        view=view,
        today=today,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "rows": _rows(request, page.rows),
        "tabs": _tabs(view, selectors.counts(request.user, today=today)),
        "before": page.before,
        "after": page.after,
        "by_email": settings.LETTERS_BY_EMAIL,
    }
    return render(request, "letters/list.html", context)


@require_GET
@requires("letters.view_letter")
def count(request: SignedIn) -> HttpResponse:
    """Return how many letters are late or past their last day, for the navigation."""
    return HttpResponse(selectors.counts(request.user, today=_today(request)).alarming or "")


@require_POST
@requires(services.DELIVER)
def hand_over(request: SignedIn, pk: UUID) -> HttpResponse:
    """Record that a letter was handed over or posted."""
    letter = selectors.letter(request.user, pk)
    services.record_delivery(
        actor=request.user,
        letter=letter,
        channel=request.POST.get("channel", ""),
        now=timezone.now(),
    )
    messages.success(request, _("Recorded. The letter counts as sent."))
    return redirect("letters:detail", pk=pk)


@require_POST
@requires(services.DELIVER)
def send_again(request: SignedIn, pk: UUID) -> HttpResponse:
    """Queue a letter for e-mail once more."""
    services.send_again(
        actor=request.user, letter=selectors.letter(request.user, pk), now=timezone.now()
    )
    messages.success(request, _("The letter goes out by e-mail in a moment."))
    return redirect("letters:detail", pk=pk)


@require_POST
@requires(services.DELIVER)
def bounced(request: SignedIn, pk: UUID) -> HttpResponse:
    """Record that an e-mail with a letter came back."""
    services.record_bounce(
        actor=request.user, letter=selectors.letter(request.user, pk), now=timezone.now()
    )
    messages.success(request, _("Recorded. The letter counts as not sent."))
    return redirect("letters:detail", pk=pk)


@require_GET
@requires("letters.view_letter")
def detail(request: SignedIn, pk: UUID) -> HttpResponse:
    """Show a frozen letter with what proves it."""
    letter = selectors.letter(request.user, pk)
    if letter.rendered_at is None:
        return render(request, "letters/waiting.html", {"letter": letter})
    verification = services.verify(letter)
    context = {
        "letter": letter,
        "verification": verification,
        "case_pk": _case_pk(letter),
        "standing": standing.of_letter(letter, today=_today(request)),
        "deliveries": letter.deliveries.select_related("recorded_by").order_by("created_at"),
        "may_deliver": request.user.has_perm(services.DELIVER),
        "by_email": settings.LETTERS_BY_EMAIL,
    }
    if verification.stored_whole:
        _record(request, letter, "page")
        # Escaped when it was rendered, sealed since, and just compared with its hash.
        context["html"] = mark_safe(covering.for_staff(letter))  # noqa: S308
    return render(request, "letters/detail.html", context)


@require_GET
@requires("letters.view_letter")
def pdf(request: SignedIn, pk: UUID) -> HttpResponse:
    """Hand over the PDF of a frozen letter as a file, never inside a page."""
    letter = selectors.letter(request.user, pk)
    if letter.rendered_at is None:
        raise NotReady("letter_not_rendered", _("The letter is still being prepared."))
    if not services.is_whole(letter):
        raise Conflict("letter_damaged", _("The stored letter does not match its hash."))
    _record(request, letter, "pdf")
    response = HttpResponse(letter.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="letter-{letter.pk}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    return response


@transaction.atomic
def _record(request: SignedIn, letter: Letter, form: str) -> None:
    services.record_opening(actor=request.user, letter=letter, form=form)


def _case_pk(letter: Letter) -> str:
    """Return the key in `applications.application:key`; the page links to it by address."""
    return letter.case.rpartition(":")[2]


def _today(request: SignedIn) -> date:
    """Return the present day in the calendar of the person's lender."""
    return dates.local_date(timezone.now(), request.user.branch.entity.time_zone)


def _rows(request: SignedIn, found: Iterable[Letter]) -> list[dict[str, Any]]:
    today = _today(request)
    return [
        {
            "letter": one,
            "standing": standing.of_letter(one, today=today),
            "case_pk": _case_pk(one),
        }
        for one in found
    ]


def _tabs(view: str, found: selectors.Counts) -> list[dict[str, Any]]:
    """Return the views of the list with how many letters each has; the present one is marked."""
    names: list[tuple[str, object, int | None]] = [
        (selectors.UNSENT, _("Not sent"), found.unsent),
        *(
            (stage, standing.STAGE_WORDS[stage], getattr(found, stage))
            for stage in ("soon_late", "late", "overdue")
        ),
        (selectors.SENT, _("Sent"), None),
        (selectors.ALL, _("All"), None),
    ]
    return [
        {"url": f"?view={name}", "label": label, "count": number, "current": name == view}
        for name, label, number in names
    ]
