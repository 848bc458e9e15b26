"""Pages of letters: the list of a case, the frozen letter, its PDF."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.core.access import requires
from apps.core.errors import Conflict
from apps.letters import selectors, services
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
    context = {"letters": letters, "waiting": waiting, "address": request.get_full_path()}
    return render(request, "letters/_of_case.html", context)


@require_GET
@requires("letters.view_letter")
def detail(request: SignedIn, pk: UUID) -> HttpResponse:
    """Show a frozen letter with what proves it."""
    letter = selectors.letter(request.user, pk)
    if letter.rendered_at is None:
        return render(request, "letters/waiting.html", {"letter": letter})
    verification = services.verify(letter)
    context = {"letter": letter, "verification": verification, "case_pk": _case_pk(letter)}
    if verification.stored_whole:
        _record(request, letter, "page")
        # Escaped when it was rendered, sealed since, and just compared with its hash.
        context["html"] = mark_safe(bytes(letter.html or b"").decode())  # noqa: S308
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
