"""Token sign-in: right credentials, wrong ones, too many of them, renewal, and what is kept."""

from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from django.conf import LazySettings, settings
from django.core.cache import cache
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.accounts import services
from apps.accounts.models import User
from apps.audit.models import Event
from apps.core import api_guards
from apps.core.api_guards import Throttle

PASSWORD = "correct-horse-battery"
JSON = "application/json"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(Throttle, "THROTTLE_RATES", {"sign_in": "100/min"})


def _ask(client: Client, email: str, password: str = PASSWORD) -> object:
    body = {"email": email, "password": password}
    return client.post("/api/v1/token", body, content_type=JSON)


def _renew(client: Client, token: str) -> object:
    return client.post("/api/v1/token/refresh", {"refresh": token}, content_type=JSON)


def _reads(client: Client, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return client.get("/api/v1/schema", headers=headers).status_code


def test_it_gives_tokens_that_open_the_api(client: Client, alice: User) -> None:
    response = _ask(client, alice.email.upper())

    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    assert _reads(Client(), response.json()["access"]) == 200
    event = Event.objects.get(verb="accounts.signed_in")
    assert (event.subject, event.facts) == (f"accounts.user:{alice.pk}", {"channel": "api"})
    assert event.origin.startswith("api:")


def test_it_refuses_wrong_credentials_alike(client: Client, alice: User) -> None:
    wrong = _ask(client, alice.email, "wrong-password-here")
    unknown = _ask(client, "nobody@lender.example")

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "sign_in_refused"
    causes = Event.objects.order_by("pk").values_list("facts__cause", flat=True)
    assert list(causes) == ["password", "unknown_person"]


def test_it_refuses_who_has_no_access_any_more(client: Client, diana: User, alice: User) -> None:
    services.deactivate(actor=diana, person=alice, reason="left")

    assert _ask(client, alice.email).status_code == 401
    assert not Event.objects.filter(verb="accounts.signed_in").exists()


def test_it_locks_out_in_the_one_error_shape(
    client: Client, alice: User, settings: LazySettings
) -> None:
    settings.AXES_ENABLED = True
    for _ in range(5):
        _ask(client, alice.email, "wrong-password-here")

    response = _ask(client, alice.email)

    assert response.status_code == 429
    assert response.json()["code"] == "too_many_attempts"
    assert response["Retry-After"] == "900"
    page = client.post("/people/sign-in/", {"username": alice.email, "password": PASSWORD})
    assert page.status_code == 429


def test_it_forgets_failures_after_a_right_sign_in(
    client: Client, alice: User, settings: LazySettings
) -> None:
    settings.AXES_ENABLED = True
    for _ in range(2):
        for _ in range(4):
            _ask(client, alice.email, "wrong-password-here")
        assert _ask(client, alice.email).status_code == 200


def test_it_limits_the_rate(client: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Throttle, "THROTTLE_RATES", {"sign_in": "3/min"})

    statuses = [_ask(client, alice.email).status_code for _ in range(4)]
    last = _ask(client, alice.email)

    assert statuses == [200, 200, 200, 429]
    assert last.json()["code"] == "throttled"
    assert 0 < int(last["Retry-After"]) <= 61


def test_it_goes_on_without_the_cache(
    client: Client, alice: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.allow_request", fail)

    assert _ask(client, alice.email).status_code == 200


def test_it_renews_an_access_token(client: Client, alice: User) -> None:
    refresh = _ask(client, alice.email).json()["refresh"]

    response = _renew(client, refresh)

    assert response.status_code == 200
    assert set(response.json()) == {"access"}
    assert _reads(Client(), response.json()["access"]) == 200


def test_it_renews_nothing_after_a_change_of_password(client: Client, alice: User) -> None:
    tokens = _ask(client, alice.email).json()
    services.change_password(person=alice, password="another-long-passphrase")

    assert _renew(client, tokens["refresh"]).status_code == 401
    assert _reads(Client(), tokens["access"]) == 401


def test_it_renews_nothing_for_tokens_that_are_not_for_that(client: Client, alice: User) -> None:
    old = RefreshToken.for_user(alice)
    old.set_exp(lifetime=timedelta(seconds=-1))
    nobody = RefreshToken.for_user(User(name="Nobody", password="!"))
    tokens = [str(AccessToken.for_user(alice)), str(old), str(nobody), "abc", "a.b.c", "\u0000"]

    statuses = [_renew(client, token).status_code for token in tokens]

    assert statuses == [401, 401, 401, 401, 401, 400]


def test_it_does_not_open_with_a_refresh_token(client: Client, alice: User) -> None:
    assert _reads(Client(), _ask(client, alice.email).json()["refresh"]) == 401


def test_it_forgets_nobody_else_under_a_token(client: Client, alice: User, bob: User) -> None:
    token = _ask(client, alice.email).json()["access"]
    browser = Client()
    browser.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")

    # The token says who calls, not the cookie that came along.
    assert _reads(browser, token) == 200
    assert _reads(browser, "broken") == 401


class _Later(datetime):
    """The clock a quarter of an hour and more from now, when an access token is over."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]


def test_a_token_that_was_good_before_ends_with_its_time(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = str(AccessToken.for_user(alice))
    assert [_reads(Client(), token) for _ in range(2)] == [200, 200]

    # What verifies a token that comes for the first time, and what looks at one that is known.
    monkeypatch.setattr("jwt.api_jwt.datetime", _Later)
    monkeypatch.setattr(api_guards, "aware_utcnow", lambda: _Later.now(UTC))

    assert _reads(Client(), token) == 401


def test_a_token_that_was_good_before_ends_with_the_access_of_its_person(
    client: Client, alice: User
) -> None:
    token = _ask(client, alice.email).json()["access"]
    assert _reads(Client(), token) == 200

    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert _reads(Client(), token) == 401


def test_a_token_that_was_good_before_allows_what_the_roles_allow_now(
    client: Client, alice: User
) -> None:
    token = _ask(client, alice.email).json()["access"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/applications", headers=headers).status_code == 200

    alice.groups.clear()

    assert client.get("/api/v1/applications", headers=headers).status_code == 403


def test_one_character_of_a_good_token_spoils_it(client: Client, alice: User) -> None:
    token = _ask(client, alice.email).json()["access"]
    assert _reads(Client(), token) == 200
    head, body, signature = token.split(".")
    other = "A" if signature[0] != "A" else "B"

    assert _reads(Client(), f"{head}.{body}.{other}{signature[1:]}") == 401
    assert _reads(Client(), f"{head}.{body}.") == 401


def test_it_keeps_only_so_many_tokens_in_mind(
    client: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_guards, "_MOST_KEPT", 1)
    monkeypatch.setattr(api_guards, "_verified", {})
    tokens = [_ask(client, one.email).json()["access"] for one in (alice, bob)]

    statuses = [_reads(Client(), token) for token in (*tokens, *tokens)]

    assert statuses == [200] * 4
    assert len(api_guards._verified) == 1
