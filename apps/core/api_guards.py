"""What the API does before a view: who calls, what they may, how much they may send.

Django REST framework reads these while it defines its own views, so nothing here imports those.
"""

import hashlib
import io
import json
import threading
from types import SimpleNamespace
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError
from rest_framework import authentication, exceptions, parsers, permissions, throttling
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import aware_utcnow

from apps.core.access import PUBLIC, SIGNED_IN
from apps.core.addresses import client_network

logger = structlog.get_logger(__name__)


class TokenAuthentication(JWTAuthentication):
    """A bearer token from /api/v1/token.

    Verified is each token once in a process: its signature stays what it is. What can change is
    asked with every request: whether its time is over, who it names, and what that person may.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # `User.callers`: who comes with what the roles allow.
        self.user_model = SimpleNamespace(  # type: ignore[assignment]  # has what is asked of it
            objects=self.user_model.callers, DoesNotExist=self.user_model.DoesNotExist
        )

    def get_validated_token(self, raw_token: bytes) -> Token:
        """Return the token. Raises InvalidToken for one that is not ours, or whose time is over."""
        digest = hashlib.sha256(raw_token).digest()
        known = _verified.get(digest)
        if known is not None and not _is_over(known):
            return known
        token = super().get_validated_token(raw_token)
        with _verifying:
            _verified.pop(digest, None)
            while len(_verified) >= _MOST_KEPT:
                _verified.pop(next(iter(_verified)))
            _verified[digest] = token
        return token


# Tokens that were verified, by the digest of what was sent; the tokens themselves are not kept.
_verified: dict[bytes, Token] = {}
_verifying = threading.Lock()
_MOST_KEPT = 1_000


def _is_over(token: Token) -> bool:
    try:
        token.check_exp(current_time=aware_utcnow())
    except TokenError:
        return True
    return False


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF protection; answers 401 where nobody is signed in."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


class TooLarge(exceptions.APIException):
    """The body is larger than any request of ours needs to be."""

    status_code = 413
    default_code = "too_large"
    default_detail = gettext_lazy("The request is too large.")


class JSONParser(parsers.JSONParser):
    """JSON of bounded size in UTF-8; absurd nesting is refused, not our bug."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the parsed body. Raises TooLarge or ParseError."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge
        # JSON is UTF-8 (RFC 8259); Python would take `charset=zlib` for an encoding, too.
        as_utf8 = {**(parser_context or {}), "encoding": "utf-8"}
        try:
            parsed = super().parse(io.BytesIO(body), media_type, as_utf8)
            if b"\\ud" in body.lower():
                # Escaped half a surrogate pair is no character: nothing could store or answer it.
                json.dumps(parsed, ensure_ascii=False).encode()
        except RecursionError:
            raise exceptions.ParseError(_("The body is nested too deeply.")) from None
        except UnicodeEncodeError:
            raise exceptions.ParseError(_("The request is malformed.")) from None
        except exceptions.ParseError as refusal:
            raise exceptions.ParseError(_not_json(refusal.__context__)) from None
        return parsed


def _not_json(fault: BaseException | None) -> str:
    """Return that a body is no JSON, and where it breaks off, in words of ours."""
    if isinstance(fault, json.JSONDecodeError):
        place = {"line": fault.lineno, "column": fault.colno}
        return _("The body is not JSON. It cannot be read at line %(line)s, column %(column)s.") % (
            place
        )
    return _("The body is not JSON.")


class Throttle(throttling.ScopedRateThrottle):
    """Limits the rate of views that name a `throttle_scope`."""

    def get_ident(self, request: Any) -> str:
        """Return the network of the caller, as the lock-out counts it."""
        return client_network(request)

    def allow_request(self, request: Any, view: Any) -> bool:
        """Say whether the caller may go on; without the cache everybody may, and it is logged."""
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as error:
            logger.warning("throttle_unavailable", error=type(error).__name__)
            return True


class DeclaredPermission(permissions.BasePermission):
    """Refuse every view that does not declare `required_permission`, and who lacks it."""

    def has_permission(self, request: Request, view: Any) -> bool:
        declared = getattr(view, "required_permission", None)
        permission = declared.get(request.method) if isinstance(declared, dict) else declared
        if permission == PUBLIC:
            return True
        if permission is None or not request.user.is_authenticated:
            return False
        return permission == SIGNED_IN or request.user.has_perm(permission)
