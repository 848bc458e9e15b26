"""Addresses that a letter carries for its reader, given by the app above that serves them.

It registers at start-up. Where nobody did, or the lender's public address is not set, a letter
carries no address and names the branch and the review contact instead.
"""

from collections.abc import Callable
from datetime import datetime

# What a reader may do at an address; each one may do what stands before it, too.
STATUS = "status"
LETTER = "letter"
APPEAL = "appeal"
PURPOSES = (STATUS, LETTER, APPEAL)

Build = Callable[[str, str, datetime, datetime], str]
_builders: list[Build] = []


def register(build: Build) -> None:
    """Ask `build(case, purpose, issued_at, expires_at)` for addresses from now on."""
    _builders[:] = [build]


def address(*, case: str, purpose: str, issued_at: datetime, expires_at: datetime) -> str:
    """Return the absolute address of the applicant's own pages about a case; empty without one.

    `case` is as audit names it (`applications.application:...`). Each call gives another address,
    so it is asked once, when the facts of a letter are put together. Raises ValueError for an
    unknown purpose.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"There is no address for {purpose!r}.")
    for build in _builders:
        return build(case, purpose, issued_at, expires_at)
    return ""
