"""Where the present action comes from: a request, a task or a command. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_origin: ContextVar[str] = ContextVar("origin", default="shell")


def current() -> str:
    """Return the origin of what is being done now, for example `web:6f1c…` or `task:…`."""
    return _origin.get()


@contextmanager
def origin(name: str) -> Iterator[None]:
    """Set the origin within a block."""
    token = _origin.set(name)
    try:
        yield
    finally:
        _origin.reset(token)
