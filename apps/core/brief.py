"""What is kept for some seconds, so that not every page computes it anew."""

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from django.core.cache import cache
from django.utils.translation import get_language
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)
# The part of a page whose numbers are counted beside those of the navigation: the start page.
HOME = "home"


def kept(key: str, seconds: int, make: Callable[[], Any]) -> Any:
    """Return what was made under a key so many seconds ago at most, else make it now.

    Whoever may not see it has another key. Without the cache it is made each time.
    """
    found = peek(key)
    if found is None:
        found = make()
        put(key, found, seconds)
    return found


def peek(key: str) -> Any:
    """Return what is kept under a key; None where nothing is, or without the cache."""
    try:
        return cache.get(key)
    except (RedisError, OSError) as error:
        logger.warning("cache_unavailable", error=type(error).__name__)
        return None


def put(key: str, value: Any, seconds: int) -> None:
    """Keep a value under a key; without the cache it is not kept."""
    try:
        cache.set(key, value, timeout=seconds)
    except (RedisError, OSError) as error:
        logger.warning("cache_unavailable", error=type(error).__name__)


def counts_key(person: Any, part: str) -> str:
    """Return the key of the numbers of a person's page; nobody else's, and in no other language."""
    return f"counts:{person}:{get_language()}:{part}"


def count_anew(person: Any) -> None:
    """Let the person's numbers be counted anew from now on: something was done."""
    forget(counts_key(person, part) for part in ("", HOME))


def forget(keys: Iterable[str]) -> None:
    """Drop what is kept under some keys; without the cache there is nothing to drop."""
    try:
        cache.delete_many(list(keys))
    except (RedisError, OSError) as error:
        logger.warning("cache_unavailable", error=type(error).__name__)
