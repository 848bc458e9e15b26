"""The switch on its page, at the top of every page, in the queue and over the API."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.decisions import services
from apps.decisions.models import AutomationStop, ReviewCase
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

SignedIn = Callable[[User], Client]
NOW = factories.NOW
WHY = "The bureau feed sends zeros."
PAGE = "/review/automation/"
STOP = {"scope": "all", "reason": WHY}


@pytest.fixture
def stopped(charlie: User) -> AutomationStop:
    """A stop of all lenders by Charlie."""
    return services.stop_automation(actor=charlie, entity=None, reason=WHY, now=NOW)


def _text(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def _asked(stop: AutomationStop, actor: User) -> AutomationStop:
    return services.ask_restart(actor=actor, stop=stop, note="The feed is mended.", now=NOW)


def test_it_says_that_machines_decide(charlie: User, signed_in: SignedIn) -> None:
    text = _text(signed_in(charlie))

    assert "Machines decide for Sahyadri Finance Ltd." in text
    assert "Automated decisions have run all the time." in text


def test_a_manager_stops_and_another_starts_again(
    charlie: User, mark: User, signed_in: SignedIn
) -> None:
    manager, approver = signed_in(charlie), signed_in(mark)

    answer = manager.post(reverse("decisions:automation_stop"), STOP)

    stop = AutomationStop.objects.get()
    assert (answer.status_code, answer.url) == (302, PAGE)
    assert (stop.entity, stop.reason, stop.stopped_by) == (None, WHY, charlie)
    text = _text(manager)
    assert "Stopped: All lenders" in text
    assert "Machines decide for" not in text
    note = {f"{stop.pk}-note": "The feed is mended.", "version": stop.version}
    manager.post(reverse("decisions:automation_ask", args=[stop.pk]), note)
    assert "You asked for the restart" in _text(manager)
    assert "Confirm the restart" not in _text(manager)
    stop.refresh_from_db()
    assert "Confirm the restart" in _text(approver)
    confirm = {"version": stop.version}
    approver.post(reverse("decisions:automation_restart", args=[stop.pk]), confirm)
    stop.refresh_from_db()
    assert (stop.status, stop.asked_by, stop.restarted_by) == ("ended", charlie, mark)
    text = _text(manager)
    assert "Machines decide for Sahyadri Finance Ltd." in text
    # The history keeps it.
    assert WHY in text


def test_one_lender_is_chosen(charlie: User, pune: Branch, signed_in: SignedIn) -> None:
    signed_in(charlie).post(
        reverse("decisions:automation_stop"), {"scope": "sahyadri", "reason": WHY}
    )

    assert AutomationStop.objects.get().entity == pune.entity


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"scope": "all", "reason": " "}, "Say why automated decisions are stopped."),
        ({"scope": "", "reason": WHY}, "Choose a lender, or all of them."),
        ({"scope": "nobody", "reason": WHY}, "Choose a lender, or all of them."),
        ({"scope": "all", "reason": "x" * 2_001}, "at most 2000 characters"),
    ],
)
def test_an_incomplete_form_comes_back_and_stops_nothing(
    charlie: User, signed_in: SignedIn, given: dict[str, str], sentence: str
) -> None:
    answer = signed_in(charlie).post(reverse("decisions:automation_stop"), given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not AutomationStop.objects.exists()


def test_a_request_without_a_note_comes_back(
    charlie: User, stopped: AutomationStop, signed_in: SignedIn
) -> None:
    address = reverse("decisions:automation_ask", args=[stopped.pk])

    answer = signed_in(charlie).post(address, {f"{stopped.pk}-note": ""})

    assert answer.status_code == 422
    assert "Say what was found and done." in answer.content.decode()
    stopped.refresh_from_db()
    assert stopped.status == "stopped"


def test_an_old_page_confirms_nothing(
    charlie: User, mark: User, stopped: AutomationStop, signed_in: SignedIn
) -> None:
    old = stopped.version
    _asked(stopped, charlie)
    AutomationStop.objects.filter(pk=stopped.pk).update(updated_at=NOW)

    answer = signed_in(mark).post(
        reverse("decisions:automation_restart", args=[stopped.pk]), {"version": old}, follow=True
    )

    assert "Somebody else has changed this" in answer.content.decode()
    stopped.refresh_from_db()
    assert stopped.status == "restart_asked"


def test_a_second_person_keeps_it_stopped(
    charlie: User, mark: User, stopped: AutomationStop, signed_in: SignedIn
) -> None:
    _asked(stopped, charlie)

    signed_in(mark).post(reverse("decisions:automation_keep", args=[stopped.pk]))

    stopped.refresh_from_db()
    assert (stopped.status, stopped.asked_by) == ("stopped", None)


@pytest.mark.parametrize(
    ("name", "sees", "stops", "restarts"),
    [
        ("alice", False, False, False),
        ("bob", True, False, False),
        ("charlie", True, True, True),
        ("mark", True, True, True),
        ("rita", True, True, False),
        ("diana", True, True, False),
        ("amir", True, False, False),
    ],
)
def test_each_role_sees_and_does_what_is_its_own(
    request: pytest.FixtureRequest,
    make_person: Callable[..., User],
    signed_in: SignedIn,
    name: str,
    sees: bool,
    stops: bool,
    restarts: bool,
) -> None:
    other = make_person("Olga", "credit_manager")
    stop = services.stop_automation(actor=other, entity=None, reason=WHY, now=NOW)
    _asked(stop, other)
    client = signed_in(request.getfixturevalue(name))

    answer = client.get(PAGE)

    assert (answer.status_code == 200) is sees
    text = answer.content.decode()
    assert ("Stop now" in text) is stops
    assert ("Keep them stopped" in text) is stops
    assert ("Confirm the restart" in text) is restarts
    if not restarts:
        confirm = reverse("decisions:automation_restart", args=[stop.pk])
        assert client.post(confirm).status_code == 403
        stop.refresh_from_db()
        assert stop.status == "restart_asked"
    if not stops:
        assert client.post(reverse("decisions:automation_stop"), STOP).status_code == 403
        assert AutomationStop.objects.count() == 1


def test_every_page_says_it_while_stopped(
    alice: User, charlie: User, stopped: AutomationStop, signed_in: SignedIn
) -> None:
    for person, address in (
        (alice, "/"),
        (alice, reverse("applications:list")),
        (charlie, reverse("desk:queue")),
        (charlie, PAGE),
    ):
        text = _text(signed_in(person), address)
        assert "Automated decisions are stopped: All lenders" in text
        assert WHY in text
        assert ("Open the switch" in text) is (person == charlie)


def test_no_page_says_it_else(
    alice: User, charlie: User, mark: User, stopped: AutomationStop, signed_in: SignedIn
) -> None:
    services.restart_automation(actor=mark, stop=_asked(stopped, charlie), now=NOW)

    assert 'id="notices"' not in _text(signed_in(alice), "/")


def test_strangers_are_told_nothing(client: Client, stopped: AutomationStop) -> None:
    text = client.get("/people/sign-in/").content.decode()

    assert WHY not in text


def test_the_queue_and_the_case_show_why_and_what_the_policy_says(
    alice: User, bob: User, stage: ModelVersion, stopped: AutomationStop, signed_in: SignedIn
) -> None:
    case = factories.referred(alice)
    client = signed_in(bob)

    queue = client.get(reverse("desk:queue"), {"cause": "automation_stopped"})
    panel = client.get(
        reverse("decisions:application_panel", args=[case.application_id]),
        headers={"HX-Request": "true"},
    )

    row = queue.content.decode().partition("<tbody>")[2]
    assert case.application.number in row
    assert "Automated decisions were stopped." in row
    assert WHY in row
    text = panel.content.decode()
    assert WHY in text
    said = text.partition("The policy by itself says:")[2]
    assert "Approve" in said.partition("</p>")[0]
    assert ReviewCase.objects.count() == 1


def test_the_api_reads_and_stops(charlie: User, pune: Branch, signed_in: SignedIn) -> None:
    client, address = signed_in(charlie), reverse("api:automation")
    assert client.get(address).json() == {"running": True, "stops": []}

    answer = client.post(address, {"lender": "sahyadri", "reason": WHY}, "application/json")

    stop = AutomationStop.objects.get()
    assert answer.status_code == 200
    assert (stop.entity, stop.stopped_by) == (pune.entity, charlie)
    found = client.get(address).json()
    assert found["running"] is False
    assert found["stops"] == [answer.json()]
    assert answer.json() == {
        "id": str(stop.pk),
        "lender": "sahyadri",
        "state": "stopped",
        "reason": WHY,
        "stopped_at": found["stops"][0]["stopped_at"],
        "further_reasons": [],
    }


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"lender": "all"},
        {"lender": "all", "reason": ""},
        {"lender": "nobody", "reason": WHY},
        {"lender": None, "reason": WHY},
        {"lender": "all", "reason": WHY, "when": "tomorrow"},
        {"lender": "all", "reason": "x" * 2_001},
    ],
)
def test_the_api_refuses_what_is_not_complete(
    charlie: User, pune: Branch, signed_in: SignedIn, given: dict[str, object]
) -> None:
    answer = signed_in(charlie).post(reverse("api:automation"), given, "application/json")

    assert answer.status_code == 400
    assert answer.json()["fields"]
    assert not AutomationStop.objects.exists()
    assert not Event.objects.filter(verb="decisions.automation_stopped").exists()


def test_the_api_is_for_who_may(
    alice: User, amir: User, stopped: AutomationStop, signed_in: SignedIn
) -> None:
    address, given = reverse("api:automation"), {"lender": "all", "reason": WHY}

    assert signed_in(alice).get(address).status_code == 403
    assert signed_in(amir).get(address).status_code == 200
    assert signed_in(amir).post(address, given, "application/json").status_code == 403
    assert AutomationStop.objects.count() == 1
