"""Policies over the API: the same life and the same refusals as on the pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.decisions.models import PolicyVersion
from apps.decisions.tests import factories
from apps.products.tests import factories as products

SignedIn = Callable[[User], Client]
BASE = "/api/v1/policies"


@pytest.fixture
def in_force(pune: Branch) -> PolicyVersion:
    """The policy that came with the installation, of a lender with one product."""
    products.personal_loan(pune.entity)
    return factories.policy(pune.entity)


def _soon() -> str:
    return (timezone.now().date() + timedelta(days=7)).isoformat()


def _send(client: Client, path: str, body: dict[str, Any], *, method: str = "post") -> Any:
    return getattr(client, method)(f"{BASE}{path}", body, content_type="application/json")


def test_a_policy_lives_its_whole_life(
    rita: User, mark: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    analyst, approver = signed_in(rita), signed_in(mark)

    drafted = _send(analyst, "", {"lender": "sahyadri", "base": str(in_force.pk)})
    assert (drafted.status_code, drafted.json()["state"]) == (201, "draft")
    path = f"/{drafted.json()['id']}"
    written = _send(
        analyst,
        path,
        {
            "document": factories.document(bands=("0.5", "0.8")),
            "version": drafted.json()["version"],
        },
        method="put",
    )
    assert (written.status_code, written.json()["faults"]) == (200, [])
    proposed = _send(analyst, f"{path}/propose", {"effective_from": _soon(), "note": "Narrower."})
    back = _send(approver, f"{path}/send-back", {"note": "Why?"})
    again = _send(analyst, f"{path}/propose", {"effective_from": _soon(), "note": "Losses."})
    approved = _send(approver, f"{path}/approve", {"version": again.json()["version"]})

    assert [one.json()["state"] for one in (proposed, back, again, approved)] == [
        "proposed",
        "draft",
        "proposed",
        "approved",
    ]
    assert approved.json()["approved_by"] == mark.email
    differs = analyst.get(f"{BASE}{path}/difference", {"against": str(in_force.pk)}).json()
    assert [one.replace("\u202f", " ") for one in differs["sentences"]] == [
        "Band A now ends at 50 % instead of 60 %."
    ]
    listed = analyst.get(BASE).json()["results"]
    assert [(one["number"], one["state"]) for one in listed] == [(2, "approved"), (1, "approved")]


def test_nobody_approves_their_own_over_the_api_either(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    rita.user_permissions.set(factories.Permission.objects.filter(codename="approve_policy"))
    client = signed_in(User.objects.get(pk=rita.pk))
    document = factories.document(bands=("0.5", "0.8"))
    made = _send(client, "", {"lender": "sahyadri", "document": document}).json()
    _send(client, f"/{made['id']}/propose", {"effective_from": _soon(), "note": "Mine."})

    answer = _send(client, f"/{made['id']}/approve", {})

    assert (answer.status_code, answer.json()["code"]) == (403, "own_policy")
    assert PolicyVersion.objects.get(pk=made["id"]).status == "proposed"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("propose", {"effective_from": "2020-01-01", "note": "x"}, 400, "day_refused"),
        ("propose", {"effective_from": "soon", "note": "x"}, 400, "invalid_input"),
        ("propose", {"note": "x"}, 400, "invalid_input"),
        (
            "propose",
            {"effective_from": "9999-12-31", "note": "x", "now": "1"},
            400,
            "invalid_input",
        ),
        ("withdraw", {"note": ""}, 400, "note_required"),
        ("withdraw", {"note": "x", "version": "2020"}, 409, "stale_record"),
    ],
)
def test_a_refusal_changes_nothing(
    rita: User,
    in_force: PolicyVersion,
    signed_in: SignedIn,
    path: str,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    client = signed_in(rita)
    made = _send(client, "", {"lender": "sahyadri", "base": str(in_force.pk)}).json()

    answer = _send(client, f"/{made['id']}/{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert PolicyVersion.objects.get(pk=made["id"]).status == "draft"


def test_an_unsound_draft_says_what_is_wrong(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    client = signed_in(rita)

    made = _send(client, "", {"lender": "sahyadri", "document": {"name": "x", "rules": 1}}).json()
    answer = _send(client, f"/{made['id']}/propose", {"effective_from": _soon(), "note": "Now."})

    assert made["faults"] == [
        {"place": "The policy", "sentence": "There are no rules.", "is_warning": False},
        {"place": "The policy", "sentence": "There are no ladders of bands.", "is_warning": False},
    ]
    assert (answer.status_code, answer.json()["code"]) == (400, "policy_not_sound")


def test_the_wrong_person_and_the_unknown_are_refused(
    bob: User, alice: User, mark: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    one = f"/{in_force.pk}"

    assert signed_in(alice).get(f"{BASE}{one}").status_code == 403
    assert signed_in(bob).get(f"{BASE}{one}").status_code == 200
    for person in (bob, mark):
        client = signed_in(person)
        assert _send(client, "", {"lender": "sahyadri"}).status_code == 403
        assert _send(client, one, {"document": {}}, method="put").status_code == 403
    assert _send(signed_in(bob), f"{one}/approve", {}).status_code == 403
    gone = signed_in(bob).get(f"{BASE}{one}/difference", {"against": "no-id"})
    assert gone.status_code == 400
    assert list(gone.json()["fields"]) == ["against"]
    assert PolicyVersion.objects.count() == 1


def test_a_draft_for_nobody_is_refused(
    rita: User, in_force: PolicyVersion, signed_in: SignedIn
) -> None:
    answer = _send(signed_in(rita), "", {"lender": "moonbank"})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_lender")
    assert PolicyVersion.objects.count() == 1
