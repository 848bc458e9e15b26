"""What happens around every request: its identity, the person's language, anticipated errors."""

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import structlog
from auditlog.middleware import AuditlogMiddleware
from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from apps.core import addresses, bodies, brief, problems
from apps.core.errors import DomainError, NotAPage
from apps.core.origin import origin

Handler = Callable[[HttpRequest], HttpResponse]
TIME_ZONE_KEY = "time_zone"
_VISITS = ("GET", "HEAD")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


class ContentPolicy(CSPMiddleware):
    """Say what a browser may load; put together once for all answers that are no page of ours.

    What has a nonce, or says something of its own, gets its policy from django-csp each time.
    """

    _plain: str | None = None

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Add the header, and leave no nonce that it does not name."""
        if getattr(request, "_csp_nonce", None) is not None or HEADER in response:
            return super().process_response(request, response)
        if any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        if self._plain is None:
            found = super().process_response(request, response)
            self._plain = found.headers.get(HEADER)
            return found
        response[HEADER] = self._plain
        request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]  # as django-csp does
        return response


class RequestIdentity:
    """Give each request an id, on the log lines, the audit events and the response."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        channel = "api" if request.path.startswith("/api/") else "web"
        with origin(f"{channel}:{request_id}"):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class BodyLimit:
    """Refuse bodies larger than a view takes, before the check of the CSRF token reads them.

    Files of a multipart body go to temporary files of any size; strangers could fill the disk.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_arguments: object
    ) -> HttpResponse | None:
        """Answer 413 instead of the view; None goes on."""
        try:
            bodies.refuse_oversized(request, view)
        except DomainError as error:
            return problems.page(request, error)
        return None


class SignInRequired(LoginRequiredMiddleware):
    """Send strangers to sign-in; a fragment's request sends the whole page there.

    Without that, a session that ends while a page polls would put the sign-in form into a corner.
    """

    def handle_no_permission(  # type: ignore[override]  # a fragment gets no redirect but a header
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        """Redirect to sign-in, which then leads back to a page: never to where a form went."""
        if request.headers.get("HX-Request") == "true":
            sign_in = _sign_in(_path(request.headers.get("HX-Current-URL", "")))
            return HttpResponse(status=401, headers={"HX-Redirect": sign_in})
        if request.method in _VISITS:
            return super().handle_no_permission(request, view_func)
        came_from = request.headers.get("Referer", "")
        ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()})
        return HttpResponseRedirect(_sign_in(_path(came_from) if ours else ""))


class RowHistory(AuditlogMiddleware):
    """Note beside each changed row who changed it and from which address.

    Auditlog itself would believe any X-Forwarded-For and X-Forwarded-Port a caller makes up, and
    the database then refuses what is no address.
    """

    @staticmethod
    def _get_remote_addr(request: HttpRequest) -> str:
        return addresses.client_address(request)

    @staticmethod
    def _get_remote_port(_request: HttpRequest) -> None:
        return None


class Personal:
    """Show pages in the person's language and the lender's time zone, and never cache them.

    What waits for the person is counted anew after whatever the person did.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        if user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        # Noted in the session at sign-in, so that no request has to ask for it.
        with timezone.override(request.session.get(TIME_ZONE_KEY)):
            response = self.get_response(request)
            if request.method not in _VISITS:
                brief.count_anew(user.pk)
        response.setdefault("Cache-Control", "no-store, private")
        return response


class DomainErrors:
    """Turn an anticipated error nobody caught into a page that says it; never a 500.

    A visit to an address that takes only forms gets such a page too; Django's answer is empty.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        refused = isinstance(response, HttpResponseNotAllowed) and request.method in _VISITS
        if refused and not problems.is_api(request):
            return _no_page(request, allow=response["Allow"])
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a DomainError with its sentence and status; leave the rest to Django."""
        if isinstance(error, DomainError):
            return problems.page(request, error)
        return None


def _no_page(request: HttpRequest, *, allow: str) -> HttpResponse:
    """Return the page for a visit to an address that takes only forms."""
    sentence = _("This address takes a form, not a visit. Go back and use the page.")
    refusal = NotAPage("not_a_page", sentence)
    page = problems.page(request, refusal, back=_came_from(request) or _above(request.path))
    page["Allow"] = allow
    return page


def _came_from(request: HttpRequest) -> str:
    """Return the address of our own page that led here; empty for none and for this address."""
    given = request.headers.get("Referer", "")
    path = _path(given) if url_has_allowed_host_and_scheme(given, {request.get_host()}) else ""
    if not path or path == request.path:
        return ""
    query = urlsplit(given).query
    return f"{path}?{query}" if query else path


def _above(path: str) -> str:
    """Return the nearest address above one that takes forms: the thing itself, or its list."""
    parts = path.strip("/").split("/")
    shorter = (parts[:count] for count in range(len(parts) - 1, 0, -1))
    above = (f"/{'/'.join(kept)}/" for kept in shorter)
    return next((one for one in above if _leads_somewhere(one)), "")


def _leads_somewhere(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _sign_in(path: str) -> str:
    """Return the address of the sign-in that leads to a path, else to the start page."""
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': path or '/'})}"


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
