"""What happens around every request: its identity, the person's language, anticipated errors."""

import re
import uuid
from collections.abc import Callable
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from apps.core import problems
from apps.core.errors import DomainError
from apps.core.origin import origin

Handler = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


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


class Personal:
    """Show pages in the language the signed-in person has chosen, and never cache them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        if user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store, private")
        return response


class DomainErrors:
    """Turn an anticipated error nobody caught into a page that says it; never a 500."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a DomainError with its sentence and status; leave the rest to Django."""
        if isinstance(error, DomainError):
            return problems.page(request, error)
        return None


def client_address(request: HttpRequest) -> str:
    """Return the caller's address; forwarded headers count only behind trusted proxies."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop]
    proxies = settings.TRUSTED_PROXIES
    candidate = hops[-proxies] if proxies and len(hops) >= proxies else ""
    try:
        return str(ip_address(candidate or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return "127.0.0.1" if not candidate else request.META.get("REMOTE_ADDR", "")
