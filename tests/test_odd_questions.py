"""Whatever an address is asked, it answers: odd values are refused or passed over, never an error.

What is not text to the database, days at both ends of the calendar, and pages that are no number,
under every name that lists and forms read.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.accounts import roles
from apps.core.access import PUBLIC, SIGNED_IN
from tests.test_access import ADDRESSES, declared_by

ODD = (
    "state=%00&currency=%00&page=%00&text=%00&q=%00&day=0001-01-01&since=9999-12-31",
    "after=%00&before=%00&lender=%00&branch=%00&show=%00&role=%00&query=%00&kind=%00&status=%00",
    "number=%00&policy=%00&model=%00&product=%00",
    "month=0001-01&day=9999-12-31&since=0001-01-01&from=0001-01-01&until=9999-12-31",
)


def _asked_by(address: str) -> str:
    """Return the first role that may look at an address; "" where none may."""
    declared = declared_by(ADDRESSES[address])
    needed = declared.get("GET") if isinstance(declared, dict) else declared
    for role in roles.ROLES:
        if needed in {PUBLIC, SIGNED_IN} or needed in role.permissions:
            return str(role.code)
    return ""


PLAIN = sorted(address for address in ADDRESSES if "<" not in address)


def test_it_finds_lists_for_most_roles() -> None:
    asked = [_asked_by(address) for address in PLAIN]

    assert len(PLAIN) > 100
    assert len({*asked} - {""}) > 3


@pytest.mark.parametrize("role", [role.code for role in roles.ROLES])
def test_it_answers_odd_questions_without_an_error(
    make_person: Callable[..., Any], signed_in: Callable[[Any], Client], role: str
) -> None:
    cache.clear()
    browser = signed_in(make_person("Someone", role))
    browser.raise_request_exception = False

    failed = {
        (address, odd): status
        for address in PLAIN
        if _asked_by(address) == role
        for odd in ODD
        if (status := browser.get(f"/{address}?{odd}").status_code) >= 500
    }

    assert failed == {}
