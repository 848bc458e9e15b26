"""How much a request may bring along; decided before any of it is read."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from apps.core.errors import DomainError

View = TypeVar("View", bound=Callable[..., Any])


class BodyTooLarge(DomainError):
    """The request is larger than anything we would read."""

    status = 413


def announced_size(request: HttpRequest) -> int:
    """Return the size announced, read as Django reads it: nonsense is no body at all."""
    try:
        return max(0, int(request.META.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return 0


def limits_itself(view: View) -> View:
    """Let a view take larger bodies than forms need; it must look at the size before the body."""
    view.limits_body_itself = True  # type: ignore[attr-defined]
    return view


def refuse_oversized(request: HttpRequest, view: Callable[..., Any]) -> None:
    """Raise BodyTooLarge for more than a form or an API call of ours can be."""
    if getattr(view, "limits_body_itself", False):
        return
    if announced_size(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BodyTooLarge("too_large", _("The request is too large."))
