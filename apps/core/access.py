"""Who may open what: every view declares it, and what declares nothing is refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from apps.core.errors import NotPermitted

View = Callable[..., HttpResponseBase]
# What `requires` accepts beside permissions.
SIGNED_IN = "signed-in"
PUBLIC = "public"


def requires(permission: str) -> Callable[[View], View]:
    """Declare the permission a view needs: `app.codename`, SIGNED_IN or PUBLIC.

    A signed-in person without it gets 403 with a sentence; a stranger goes to sign-in, because
    Django's LoginRequiredMiddleware guards every view that is not PUBLIC.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refuse_without(request, permission)
            return view(request, *args, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]
        # `wraps` copies what the inner view says about itself: DRF's and Django's own sign-in
        # views say that nobody need be signed in. What is declared here counts.
        guarded.login_required = True  # type: ignore[attr-defined]
        return login_not_required(guarded) if permission == PUBLIC else guarded

    return declare


def refuse_without(request: HttpRequest, permission: str) -> None:
    """Raise NotPermitted when the signed-in person lacks the permission."""
    if permission in {SIGNED_IN, PUBLIC} or request.user.has_perm(permission):
        return
    raise NotPermitted(
        "not_permitted",
        _("Your role does not allow this. Ask your administrator if you need it for your work."),
    )
