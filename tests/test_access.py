"""Deny unless declared: every address says what it needs, and gives nobody more."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.accounts import roles
from apps.core.access import PUBLIC, SIGNED_IN

SignedIn = Callable[[Any], Client]
# Everything a stranger may reach; a new line here is a decision.
OPEN = {
    "people/sign-in/",
    "people/sign-out/",
    "people/password/<uidb64>/<token>/",
    "language/",
    # By a signed link only.
    "my/reminders/<str:token>/",
    "my/<str:token>/",
    "my/<str:token>/appeal/",
    "my/<str:token>/offer/",
    "my/<str:token>/offer/decline/",
    "my/<str:token>/offer/pdf/",
    "my/<str:token>/offer/step-back/",
    "my/<str:token>/loan/",
    "my/<str:token>/loan/receipts/<uuid:pk>/",
    "my/<str:token>/letters/<uuid:pk>/",
    "my/<str:token>/letters/<uuid:pk>/pdf/",
    "api/v1/token",
    "api/v1/token/refresh",
    "api/v1/health",
    "api/v1/ready",
}
VALUES = {
    "uuid:pk": "00000000-0000-4000-8000-000000000000",
    "int:grant_id": "1",
    "slug:code": "auditor",
    "slug:kind": "scenario",
}
NOWHERE = "00000000-0000-4000-8000-000000000000"


def _walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address, pattern.callback


ADDRESSES = dict(_walk(get_resolver().url_patterns))


def declared_by(view: Any) -> Any:
    """Return the permission a page or an API view declares: text, or one for each method."""
    owner = view if hasattr(view, "required_permission") else getattr(view, "cls", None)
    return getattr(owner, "required_permission", None)


def _permissions(view: Any) -> set[str]:
    declared = declared_by(view)
    return set(declared.values()) if isinstance(declared, dict) else {declared}


def _filled(address: str) -> str:
    """Return the address with something that is nowhere in place of every parameter."""
    for part in address.split("<")[1:]:
        name = part.partition(">")[0]
        value = VALUES.get(name)
        if value is None:
            value = NOWHERE if name.startswith("uuid") else "1" if name.startswith("int") else "x"
        address = address.replace(f"<{name}>", value)
    return f"/{address}"


def _known_permissions() -> set[str]:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


def test_it_found_the_addresses() -> None:
    assert len(ADDRESSES) > 60
    assert {address.partition("/")[0] for address in ADDRESSES} >= {
        "api",
        "applications",
        "audit",
        "customers",
        "people",
    }


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_declares_a_permission(address: str) -> None:
    declared = _permissions(ADDRESSES[address])

    assert declared
    assert None not in declared


@pytest.mark.django_db
def test_it_declares_only_permissions_that_exist() -> None:
    known = {*_known_permissions(), PUBLIC, SIGNED_IN}
    unknown = {
        address: _permissions(view) - known
        for address, view in ADDRESSES.items()
        if not _permissions(view) <= known
    }

    assert unknown == {}


@pytest.mark.django_db
def test_it_gives_roles_only_permissions_that_exist() -> None:
    given = {name for role in roles.ROLES for name in role.permissions}

    assert given <= _known_permissions()


def test_it_is_open_to_strangers_only_where_listed() -> None:
    found = {address for address, view in ADDRESSES.items() if PUBLIC in _permissions(view)}

    assert found == OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("address", sorted(set(ADDRESSES) - OPEN))
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_lets_no_stranger_in(client: Client, address: str, method: str) -> None:
    response = getattr(client, method)(_filled(address))

    if response.status_code == 302:
        assert response["Location"].startswith("/people/sign-in/?next=")
    else:
        assert response.status_code == 401
        assert address.startswith("api/")
    assert not get_user_model().objects.exists()


@pytest.mark.parametrize("role", [role.code for role in roles.ROLES])
def test_it_answers_each_role_as_the_table_says(
    make_person: Callable[..., Any], signed_in: SignedIn, role: str
) -> None:
    # Whoever tries many links that are none is slowed down.
    cache.clear()
    browser, held = signed_in(make_person("Someone", role)), set(roles.BY_CODE[role].permissions)

    for address, view in sorted(ADDRESSES.items()):
        declared = declared_by(view)
        needed = declared.get("GET") if isinstance(declared, dict) else declared
        status = browser.get(_filled(address)).status_code
        allowed = needed in {PUBLIC, SIGNED_IN} or needed in held
        expected = {200, 204, 302, 304, 400, 404, 405, 503} if allowed else {403, 405}
        assert status in expected, (role, address, status)
        if "<" not in address and allowed and address not in OPEN | QUERIES:
            assert status in {200, 204, 302, 405}, (role, address, status)


# Pages that need a query to answer; without one they say so (400) or find nothing (404).
QUERIES = {
    "audit/timeline/",
    "api/v1/impairment/losses",
    "api/v1/npa/provisions",
    "npa/findings/report/",
    "npa/overrides/report/",
    "npa/provisions.csv",
}


@pytest.mark.parametrize("role", [role.code for role in roles.ROLES])
def test_it_shows_in_the_navigation_only_what_opens(
    make_person: Callable[..., Any], signed_in: SignedIn, role: str
) -> None:
    browser = signed_in(make_person("Someone", role))

    entries = browser.get(reverse("dashboards:home")).context["navigation"]

    urls = [item["url"] for group in entries for item in group["items"]]
    assert urls[0] == "/"
    for url in urls:
        assert browser.get(url).status_code == 200, url
