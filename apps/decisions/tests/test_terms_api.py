"""Over the API: a changed request, an exception to a decline, and a replay."""

import json
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.decisions.models import Decision, Override
from apps.decisions.tests import factories, replays
from apps.scoring.models import ModelVersion
from tests.kept import kept

pytestmark = pytest.mark.usefixtures("stage")
SignedIn = Callable[[User], Client]
ASK = {
    "amount": "600000.00",
    "term_months": 24,
    "reason": "security_offered",
    "note": "Gold worth twice the loan is pledged.",
}


@pytest.fixture
@kept
def declined(alice: User, stage: ModelVersion) -> Application:
    """An application whose instalment takes more than the policy allows."""
    made = factories.assessed(alice, amount=Decimal(790_000), term_months=12)
    assert made.outcome == "decline"
    return made.application


def _post(client: Client, name: str, pk: object, **body: Any) -> Any:
    return client.post(
        reverse(f"api:{name}", args=[pk]), json.dumps(body), content_type="application/json"
    )


def test_two_people_except_from_a_decline(
    declined: Application, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    asked = _post(signed_in(alice), "application_exceptions", declined.pk, **ASK)
    assert (asked.status_code, asked.json()["status"]) == (200, "asked")
    assert asked.json()["application"] == str(declined.pk)

    own = _post(signed_in(alice), "authorise", asked.json()["id"])
    granted = _post(signed_in(charlie), "authorise", asked.json()["id"])

    declined.refresh_from_db()
    assert own.status_code == 403
    assert (granted.status_code, granted.json()["status"]) == (200, "authorised")
    assert (granted.json()["amount"], granted.json()["term_months"]) == ("600000.00", 24)
    assert granted.json()["expires_at"] is not None
    assert declined.status == "approved"
    listed = signed_in(alice).get(reverse("api:application_exceptions", args=[declined.pk]))
    assert listed.json() == [granted.json()]


def test_an_exception_is_refused_with_a_reason(
    declined: Application, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    asked = _post(signed_in(alice), "application_exceptions", declined.pk, **ASK).json()["id"]
    client = signed_in(charlie)

    silent = _post(client, "refuse", asked, note="  ")
    refused = _post(client, "refuse", asked, note="Not enough security.")
    late = _post(client, "authorise", asked)

    declined.refresh_from_db()
    assert (silent.status_code, list(silent.json()["fields"])) == (400, ["note"])
    assert (refused.status_code, refused.json()["answer_note"]) == (200, "Not enough security.")
    assert (late.status_code, late.json()["code"]) == (409, "override_answered")
    assert declined.status == "declined"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "800000"}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"term_months": 0}, "term_months"),
        ({"reason": "because"}, "reason"),
        ({"note": ""}, "note"),
        ({"rate": "0.01"}, "rate"),
    ],
    ids=["above", "no amount", "no term", "no reason", "no note", "unknown"],
)
def test_what_is_wrong_is_said_by_field(
    declined: Application, alice: User, signed_in: SignedIn, changes: dict[str, Any], field: str
) -> None:
    answer = _post(signed_in(alice), "application_exceptions", declined.pk, **{**ASK, **changes})

    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert not Override.objects.exists()


def test_a_change_within_the_decision_is_recorded_and_beyond_it_decided_anew(
    alice: User, signed_in: SignedIn
) -> None:
    approved = factories.assessed(alice).application
    client = signed_in(alice)

    less = _post(client, "application_change", approved.pk, amount="150000", term_months=24)
    stale = _post(
        client, "application_change", approved.pk, amount="1", term_months=24, version="old"
    )
    more = _post(
        client,
        "application_change",
        approved.pk,
        amount="300000",
        term_months=24,
        version=less.json()["version"],
    )

    assert (less.status_code, less.json()["status"]) == (200, "approved")
    assert less.json()["amount"] == "150000.00"
    assert stale.status_code == 409
    assert (more.status_code, more.json()["status"]) == (200, "submitted")


def test_a_replay_answers_what_the_command_prints(
    alice: User, amir: User, signed_in: SignedIn
) -> None:
    decision = factories.assessed(alice)
    out = StringIO()

    answer = _post(signed_in(amir), "decision_replay", decision.pk)
    call_command("replay_decision", decision.application.number.lower(), "--json", stdout=out)

    assert answer.status_code == 200
    assert answer.json() == json.loads(out.getvalue())
    assert answer.json() == {
        "decision": str(decision.pk),
        "application": decision.application.number,
        "identical": True,
        "differences": [],
    }
    assert Event.objects.filter(verb="decisions.replayed").count() == 2


def test_a_replay_by_number_takes_the_latest_decision(
    declined: Application, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    asked = _post(signed_in(alice), "application_exceptions", declined.pk, **ASK).json()["id"]
    _post(signed_in(charlie), "authorise", asked)
    out = StringIO()

    call_command("replay_decision", declined.number, "--json", stdout=out)

    latest = Decision.objects.get(application=declined, number=2)
    assert json.loads(out.getvalue())["decision"] == str(latest.pk)


def test_a_difference_is_named_and_ends_the_command_with_an_error(
    alice: User, amir: User, signed_in: SignedIn
) -> None:
    decision = factories.assessed(alice)
    replays.tamper("UPDATE decisions_decision SET outcome = 'refer', is_counter_offer = NULL")
    out = StringIO()

    answer = _post(signed_in(amir), "decision_replay", decision.pk)
    with pytest.raises(CommandError, match="1 of 1 decisions differ"):
        call_command("replay_decision", str(decision.pk), "--json", stdout=out)

    assert not answer.json()["identical"]
    assert answer.json()["differences"] == json.loads(out.getvalue())["differences"]
    assert {one["source"] for one in answer.json()["differences"]} == {"data"}


def test_others_are_refused_and_what_is_not_visible_is_not_there(
    declined: Application, alice: User, signed_in: SignedIn
) -> None:
    decision = Decision.objects.get(application=declined)
    asked = _post(signed_in(alice), "application_exceptions", declined.pk, **ASK).json()["id"]

    assert _post(signed_in(alice), "decision_replay", decision.pk).status_code == 403
    assert _post(signed_in(alice), "refuse", asked, note="No.").status_code == 403
    lost = _post(signed_in(alice), "application_change", uuid4(), amount="1", term_months=1)
    assert lost.status_code == 404
    assert _post(signed_in(alice), "application_exceptions", uuid4(), **ASK).status_code == 404
    assert Override.objects.get().status == "asked"
