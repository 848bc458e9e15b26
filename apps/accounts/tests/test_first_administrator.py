"""The first administrator comes from the command line, the others from the page."""

import io
import re

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import Branch, User
from apps.audit.models import Event

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _roles(pune: Branch) -> None:
    call_command("sync_roles", stdout=io.StringIO())


def _add(
    *options: str, email: str = "Grace@Lender.example", branch: str = "pune", name: str = "Grace"
) -> str:
    said = io.StringIO()
    given = ("--email", email, "--name", name, "--branch", branch)
    call_command("add_administrator", *given, *options, stdout=said)
    return said.getvalue()


def test_it_makes_an_administrator_who_sets_a_password_by_the_link(client: Client) -> None:
    said = _add()

    person = User.objects.get()
    assert (person.email, person.name, person.branch.code) == (
        "grace@lender.example",
        "Grace",
        "pune",
    )
    assert person.role_codes == {"administrator"}
    assert not person.has_usable_password()
    path = re.search(r"http://localhost(/people/password/\S+)", said)[1]
    form = client.get(path)["Location"]
    client.post(form, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    signed_in = client.post("/people/sign-in/", {"username": person.email, "password": PASSWORD})
    assert signed_in["Location"] == "/"
    assert client.get("/people/add/").status_code == 200


def test_it_is_on_the_audit_trail_without_the_e_mail() -> None:
    _add()

    added, issued = Event.objects.order_by("pk")
    reference = f"accounts.user:{User.objects.get().pk}"
    assert (added.verb, added.subject) == ("accounts.person_added", reference)
    assert added.facts == {"branch": "pune", "roles": ["administrator"]}
    assert (issued.verb, issued.subject) == ("accounts.password_link_issued", reference)
    assert {added.actor, issued.actor} == {"system:add_administrator"}
    assert {added.origin, issued.origin} == {"command:add_administrator"}


def test_it_names_the_host_that_people_use(settings: LazySettings) -> None:
    settings.HTTPS, settings.ALLOWED_HOSTS = True, [".credit.example.org", "localhost"]

    assert "https://credit.example.org/people/password/" in _add()


def test_it_refuses_a_second_one_unless_another_is_meant() -> None:
    _add()

    with pytest.raises(CommandError, match=r"an administrator already.*--another"):
        _add(email="heidi@lender.example")
    assert User.objects.count() == 1
    assert Event.objects.count() == 2

    _add("--another", email="heidi@lender.example")

    assert User.objects.filter(groups__name="administrator").count() == 2


def test_it_makes_one_where_the_only_one_lost_access(diana: User) -> None:
    User.objects.filter(pk=diana.pk).update(is_active=False)

    _add()

    assert User.objects.get(email="grace@lender.example").role_codes == {"administrator"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"branch": "atlantis"}, "no branch 'atlantis': there are pune"),
        ({"email": "no-address"}, "--email: Enter a valid email address."),
        ({"email": "a\0@lender.example"}, "--email: "),
        ({"name": " "}, "--name: This field is required."),
        ({"name": "x" * 151}, "--name: "),
    ],
)
def test_it_refuses_what_the_page_would_refuse(changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        _add(**changed)

    assert not User.objects.exists()
    assert not Event.objects.exists()


def test_it_does_not_turn_a_person_into_an_administrator(alice: User) -> None:
    with pytest.raises(CommandError, match="Somebody signs in with this e-mail already"):
        _add(email="ALICE@lender.example")

    alice.refresh_from_db()
    assert alice.role_codes == {"loan_officer"}
    assert not Event.objects.exists()


def test_it_says_when_the_roles_are_not_set_up() -> None:
    Group.objects.all().delete()

    with pytest.raises(CommandError, match="sync_roles"):
        _add()

    assert not User.objects.exists()
