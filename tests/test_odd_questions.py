"""Whatever an address is asked, it answers: odd values are refused or passed over, never an error.

What is not text to the database, days at both ends of the calendar, and pages that are no number,
under every name that lists and forms read. Where nobody looks at a name, nothing is asked under it.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
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
ODD_NAMES = {name for odd in ODD for name in QueryDict(odd)}

# Ways to look at a query by one name, and as a whole.
_BY_NAME = ("__contains__", "__getitem__", "get", "getlist")
_WHOLE = (
    *("__copy__", "__deepcopy__", "__eq__", "__iter__", "__len__", "__reduce_ex__", "__str__"),
    *("copy", "dict", "items", "keys", "lists", "urlencode", "values"),
)


def _looks(names: set[str]) -> type[QueryDict]:
    """Return a kind of query that notes under which names somebody looks into it."""

    def noting(way: str) -> Callable[..., Any]:
        def look(self: QueryDict, *given: Any, **named: Any) -> Any:
            # It can be changed while it is being filled alone; a copy was looked at as a whole.
            if not self._mutable:
                names.update(ODD_NAMES if way in _WHOLE else given[:1] or named.values())
            return getattr(QueryDict, way)(self, *given, **named)

        return look

    return type("Looks", (QueryDict,), {way: noting(way) for way in (*_BY_NAME, *_WHOLE)})


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


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names under which queries of requests were looked at."""
    names: set[str] = set()
    kind = _looks(names)
    given = property(lambda request: request.__dict__.setdefault("_given", kind(_query(request))))
    monkeypatch.setattr(WSGIRequest, "GET", given)
    return names


def _query(request: WSGIRequest) -> str:
    return str(request.META.get("QUERY_STRING", ""))


def _answers(browser: Client, address: str, looked: set[str]) -> dict[str, int]:
    """Return the status for each odd question of which a name is looked at, and for none."""
    looked.clear()
    found = {"": browser.get(f"/{address}").status_code}
    # An answer may look at more than the one before it did.
    while asked := [odd for odd in ODD if odd not in found and looked & set(QueryDict(odd))]:
        found[asked[0]] = browser.get(f"/{address}?{asked[0]}").status_code
    return found


def test_it_knows_what_is_looked_at(
    make_person: Callable[..., Any], signed_in: Callable[[Any], Client], looked: set[str]
) -> None:
    browser = signed_in(make_person("Someone", "loan_officer"))

    assert _answers(browser, "applications/", looked).keys() == {"", *ODD[:3]}
    assert _answers(browser, "people/sign-in/", looked).keys() == {""}


@pytest.mark.parametrize("role", [role.code for role in roles.ROLES])
def test_it_answers_odd_questions_without_an_error(
    make_person: Callable[..., Any],
    signed_in: Callable[[Any], Client],
    looked: set[str],
    role: str,
) -> None:
    cache.clear()
    browser = signed_in(make_person("Someone", role))
    browser.raise_request_exception = False

    failed = {
        (address, odd): status
        for address in PLAIN
        if _asked_by(address) == role
        for odd, status in _answers(browser, address, looked).items()
        if status >= 500
    }

    assert failed == {}
