"""What is done with a file from its page; each answers with the page again."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.bulk import policies, services
from apps.bulk.models import Upload
from apps.bulk.views import _found
from apps.core.access import requires
from apps.core.errors import DomainError, NotPermitted


@requires(policies.UPLOAD)
@require_POST
def check(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Check every row without taking anything in."""
    return _done(
        request,
        pk,
        lambda upload: services.ask_check(actor=request.user, upload=upload),
        _("The file is being checked; nothing is taken in yet."),
    )


@requires(policies.UPLOAD)
@require_POST
def start(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Begin to take the applications in."""
    return _done(
        request,
        pk,
        lambda upload: services.start(actor=request.user, upload=upload, now=timezone.now()),
        _("The applications are being taken in; you may leave this page."),
    )


@requires(policies.UPLOAD)
@require_POST
def stop(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Stop work on the file; what was taken in stays."""
    return _done(
        request,
        pk,
        lambda upload: services.cancel(actor=request.user, upload=upload, now=timezone.now()),
        _("Work on the file is stopped."),
    )


@requires(policies.UPLOAD)
@require_POST
def resume(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Go on with a file that was stopped."""
    return _done(
        request,
        pk,
        lambda upload: services.resume(actor=request.user, upload=upload),
        _("The applications are being taken in; you may leave this page."),
    )


@requires(policies.UPLOAD)
@require_POST
def discard(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Discard a file nothing was taken in from."""
    return _done(
        request,
        pk,
        lambda upload: services.discard(actor=request.user, upload=upload),
        _("The file is discarded."),
        to="bulk:uploads",
    )


def _done(
    request: HttpRequest,
    pk: uuid.UUID,
    act: Callable[[Upload], Any],
    done: str,
    *,
    to: str = "",
) -> HttpResponse:
    try:
        act(_found.visible(request.user, pk))
    except NotPermitted:
        raise
    except DomainError as refusal:
        if refusal.status == 404:
            raise
        messages.error(request, str(refusal))
        return redirect("bulk:detail", pk=pk)
    messages.success(request, done)
    return redirect(to) if to else redirect("bulk:detail", pk=pk)
