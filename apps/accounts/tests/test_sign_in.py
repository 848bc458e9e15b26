"""Signing in and out, lock-out, passwords, and what the audit trail keeps of it."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts import services, throttle
from apps.accounts.models import User
from apps.audit.models import Event

PASSWORD = "correct-horse-battery"
SIGN_IN = "/people/sign-in/"
SignedIn = Callable[[User], Client]
MakePerson = Callable[..., User]


@pytest.fixture(autouse=True)
def _no_failures_before() -> None:
    cache.clear()


@pytest.fixture
def lock_out(settings: LazySettings) -> None:
    settings.AXES_ENABLED = True


def _try(client: Client, email: str, password: str = PASSWORD, **extra: str) -> object:
    return client.post(SIGN_IN, {"username": email, "password": password, **extra})


def test_it_signs_in_whatever_the_case_of_the_email(client: Client, alice: User) -> None:
    response = _try(client, "  ALICE@Lender.Example ")

    assert response.status_code == 302
    assert response["Location"] == "/"
    event = Event.objects.get()
    assert (event.verb, event.actor) == ("accounts.signed_in", f"accounts.user:{alice.pk}")
    assert event.facts == {"channel": "page"}


def test_it_renews_the_session_key_at_sign_in(client: Client, alice: User) -> None:
    session = client.session
    session["before"] = "yes"
    session.save()
    old_key = session.session_key

    _try(client, alice.email)

    assert client.session.session_key != old_key


def test_it_follows_next_only_within_the_site(client: Client, alice: User) -> None:
    inside = _try(Client(), alice.email, next="/people/profile/")
    outside = _try(Client(), alice.email, next="https://evil.example/")

    assert inside["Location"] == "/people/profile/"
    assert outside["Location"] == "/"


def test_it_refuses_a_wrong_password_and_keeps_the_email_typed(client: Client, alice: User) -> None:
    response = _try(client, alice.email, "wrong-password-here")

    assert response.status_code == 422
    page = response.content.decode()
    assert "E-mail and password do not match" in page
    assert 'value="alice@lender.example"' in page
    assert "_auth_user_id" not in client.session
    event = Event.objects.get()
    assert event.verb == "accounts.sign_in_refused"
    assert event.subject == f"accounts.user:{alice.pk}"
    assert event.facts == {"cause": "password", "channel": "page"}


def test_it_says_the_same_of_an_unknown_person_and_keeps_no_email(
    client: Client, alice: User
) -> None:
    response = _try(client, "nobody@lender.example")

    assert "E-mail and password do not match" in response.content.decode()
    event = Event.objects.get()
    assert event.subject == "accounts.user:unknown"
    assert "nobody" not in f"{event.facts} {event.actor}"


@pytest.mark.parametrize(
    "email", ["", "no-address", "a\0b@lender.example", "a" * 400 + "@b.example"]
)
def test_it_answers_absurd_emails_with_a_sentence(client: Client, db: None, email: str) -> None:
    response = _try(client, email)

    assert response.status_code == 422
    assert Event.objects.count() == 0


def test_it_locks_out_after_five_failures_even_with_the_right_password(
    client: Client, alice: User, lock_out: None
) -> None:
    spellings = [alice.email, alice.email.upper(), "Alice@lender.example", alice.email, alice.email]
    for spelling in spellings:
        _try(client, spelling, "wrong-password-here")

    response = _try(client, alice.email)

    assert response.status_code == 429
    assert response["Retry-After"] == "900"
    assert "Too many failed sign-ins. Wait 15 minutes" in response.content.decode()
    assert "_auth_user_id" not in client.session
    causes = Event.objects.order_by("pk").values_list("facts__cause", flat=True)
    assert list(causes)[-1] == "locked_out"
    assert not Event.objects.filter(verb="accounts.signed_in").exists()


@pytest.mark.parametrize(
    "spelling", ["je\u017fie@lender.example", "je\u017f\u017fie@lender.example"]
)
def test_it_knows_nobody_by_letters_that_only_look_alike_in_capitals(
    client: Client, make_person: MakePerson, spelling: str
) -> None:
    for name in ("Jesie", "Jessie"):
        make_person(name, "loan_officer")

    response = _try(client, spelling)

    assert response.status_code == 422
    assert Event.objects.get().facts["cause"] == "unknown_person"


def test_it_lets_others_in_while_one_person_is_locked_out(
    client: Client, alice: User, bob: User, lock_out: None
) -> None:
    for _ in range(6):
        _try(client, alice.email, "wrong-password-here")

    response = _try(client, bob.email)

    assert response.status_code == 302


def test_it_stops_one_address_that_tries_many_emails(client: Client, alice: User) -> None:
    for number in range(throttle.FAILURES):
        _try(client, f"guess{number}@lender.example")

    response = _try(client, alice.email)

    assert response.status_code == 429
    assert not Event.objects.filter(verb="accounts.signed_in").exists()


def test_it_lets_people_in_when_the_cache_is_down(
    client: Client, alice: User, settings: LazySettings
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    refused = _try(client, alice.email, "wrong-password-here")
    let_in = _try(client, alice.email)

    assert (refused.status_code, let_in.status_code) == (422, 302)


def test_it_signs_out_by_post_only(alice: User, signed_in: SignedIn) -> None:
    browser = signed_in(alice)

    by_get = browser.get("/people/sign-out/")
    by_post = browser.post("/people/sign-out/")

    assert (by_get.status_code, by_post.status_code) == (405, 302)
    assert by_post["Location"] == SIGN_IN
    assert browser.get("/people/profile/").status_code == 302
    assert Event.objects.filter(verb="accounts.signed_out").count() == 1


def test_it_changes_the_password_and_ends_other_sessions(alice: User, signed_in: SignedIn) -> None:
    here, elsewhere = signed_in(alice), signed_in(alice)
    new = "a-new-passphrase-of-mine"

    response = here.post(
        "/people/password/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert response.status_code == 302
    assert here.get("/people/profile/").status_code == 200
    assert elsewhere.get("/people/profile/").status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert Event.objects.get(verb="accounts.password_changed").facts == {"by": "old_password"}


@pytest.mark.parametrize(
    "new", ["short", "password1234", "345678901234567", "alice@lender.example"]
)
def test_it_refuses_weak_passwords(alice: User, signed_in: SignedIn, new: str) -> None:
    response = signed_in(alice).post(
        "/people/password/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert response.status_code == 422
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert Event.objects.count() == 0


def test_it_sets_a_first_password_once(client: Client, diana: User, bob: User) -> None:
    link = services.password_path(actor=diana, person=bob)
    form_page = client.get(link)["Location"]
    new = "my-very-first-passphrase"

    response = client.post(form_page, {"new_password1": new, "new_password2": new})

    assert response["Location"] == SIGN_IN
    bob.refresh_from_db()
    assert bob.check_password(new)
    again = Client().get(link)
    assert again.status_code == 200
    assert "This link does not work any more" in again.content.decode()
    assert Event.objects.filter(verb="accounts.password_changed", facts__by="link").count() == 1


def test_it_opens_at_once_for_who_was_locked_out_and_got_a_link(
    client: Client, diana: User, bob: User, lock_out: None
) -> None:
    for _ in range(5):
        _try(client, bob.email, "wrong-password-here")
    link = services.password_path(actor=diana, person=bob)
    new = "my-very-first-passphrase"
    client.post(client.get(link)["Location"], {"new_password1": new, "new_password2": new})

    response = _try(client, bob.email, new)

    assert response.status_code == 302
    assert response["Location"] == "/"


def test_it_stops_who_guesses_the_old_password_in_an_open_browser(
    alice: User, signed_in: SignedIn
) -> None:
    browser, new = signed_in(alice), "a-new-passphrase-of-mine"
    form = {"old_password": "wrong-password-here", "new_password1": new, "new_password2": new}
    for _ in range(throttle.FAILURES):
        browser.post("/people/password/", form)

    response = browser.post("/people/password/", {**form, "old_password": PASSWORD})

    assert response.status_code == 429
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize("uid", ["xyz", "AAAA", "%00", "MQ"])
def test_it_answers_a_broken_link_with_a_sentence(client: Client, db: None, uid: str) -> None:
    response = client.get(f"/people/password/{uid}/some-token/")

    assert response.status_code == 200
    assert "This link does not work any more" in response.content.decode()


def test_it_keeps_the_language_of_a_person(alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).post(reverse("set_language"), {"language": "hi", "next": "/"})

    assert response["Location"] == "/"
    alice.refresh_from_db()
    assert alice.language == "hi"


def test_it_leaves_the_language_alone_for_one_it_does_not_speak(
    alice: User, signed_in: SignedIn
) -> None:
    signed_in(alice).post(reverse("set_language"), {"language": "xx", "next": "/"})

    alice.refresh_from_db()
    assert alice.language == "en"
