"""Slow down who guesses links, and who sends forms over and over, by network."""

import structlog
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from apps.core.addresses import client_network
from apps.core.errors import DomainError

logger = structlog.get_logger(__name__)
WINDOW_SECONDS = 600
# Links that are not ours, and forms that were sent, in that time.
WRONG_LINKS, SENT_FORMS = 30, 20


class TooMany(DomainError):
    """Somebody asks more often than a person would."""

    status = 429

    def __init__(self) -> None:
        super().__init__(
            "too_many", _("Too many attempts came from your connection. Try again in ten minutes.")
        )


def refuse_guessing(request: HttpRequest) -> None:
    """Raise TooMany where too many links of late were not ours."""
    if _count("wrong", request) >= WRONG_LINKS:
        raise TooMany


def note_wrong_link(request: HttpRequest) -> None:
    """Count one link that is not ours."""
    _note("wrong", request)


def refuse_flood(request: HttpRequest) -> None:
    """Count one form that is sent; raise TooMany where there were too many of late."""
    if _count("form", request) >= SENT_FORMS:
        raise TooMany
    _note("form", request)


def _count(kind: str, request: HttpRequest) -> int:
    try:
        return int(cache.get(_key(kind, request), 0))
    except (RedisError, OSError) as error:
        # Without the cache nobody can be counted; a signature of 128 bits is not guessed.
        logger.warning("portal_throttle_unavailable", error=type(error).__name__)
        return 0


def _note(kind: str, request: HttpRequest) -> None:
    key = _key(kind, request)
    try:
        if not cache.add(key, 1, timeout=WINDOW_SECONDS):
            cache.incr(key)
    except ValueError:
        # It expired between the two calls: the window is over and a new one begins.
        cache.set(key, 1, timeout=WINDOW_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("portal_throttle_unavailable", error=type(error).__name__)


def _key(kind: str, request: HttpRequest) -> str:
    return f"portal-{kind}:{client_network(request)}"
