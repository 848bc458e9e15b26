"""Slow down who guesses: failed sign-ins are counted by network, whatever the e-mail.

The lock-out of django-axes counts by e-mail and address together and lives in the database;
this one stops somebody who tries one password on many e-mails.
"""

import structlog
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from apps.core.addresses import client_network

logger = structlog.get_logger(__name__)
FAILURES = 30
WINDOW_SECONDS = 600


def is_exhausted(request: HttpRequest) -> bool:
    """Say whether too many sign-ins have failed from the caller's address of late."""
    try:
        return int(cache.get(_key(request), 0)) >= FAILURES
    except (RedisError, OSError) as error:
        return _left_to_lockout(error)


def note_failure(request: HttpRequest) -> None:
    """Count one failed sign-in from the caller's address."""
    key = _key(request)
    try:
        if not cache.add(key, 1, timeout=WINDOW_SECONDS):
            cache.incr(key)
    except ValueError:
        # It expired between the two calls: the window is over and a new one begins.
        cache.set(key, 1, timeout=WINDOW_SECONDS)
    except (RedisError, OSError) as error:
        _left_to_lockout(error)


def _left_to_lockout(error: Exception) -> bool:
    # Without the cache the database still locks out by e-mail; nobody is kept from work.
    logger.warning("sign_in_throttle_unavailable", error=type(error).__name__)
    return False


def _key(request: HttpRequest) -> str:
    return f"sign-in-failures:{client_network(request)}"
