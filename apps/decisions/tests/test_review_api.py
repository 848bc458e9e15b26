from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.decisions import services
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

SignedIn = Callable[[User], Client]
APPROVE = {"outcome": "approve", "codes": ["income_confirmed"], "note": "Payslips seen."}


@pytest.fixture
def case(alice: User, bob: User, stage: ModelVersion) -> ReviewCase:
    """A scored case of 850,000, above Bob's limit, that nobody holds."""
    return factories.referred(alice, amount=850_000, term_months=60)


@pytest.fixture
def call(signed_in: SignedIn) -> Callable[..., Any]:
    def post(person: User, case: ReviewCase, step: str, data: dict[str, Any]) -> Any:
        address = f"/api/v1/review/cases/{case.pk}/{step}"
        return signed_in(person).post(address, data, content_type="application/json")

    return post


def _claimed_now(bob: User, case: ReviewCase) -> None:
    from django.utils import timezone  # noqa: PLC0415 - the view reads the clock, too

    services.claim(actor=bob, case=case, now=timezone.now())


def test_two_people_decide(
    case: ReviewCase, bob: User, charlie: User, call: Callable[..., Any]
) -> None:
    _claimed_now(bob, case)

    given = call(bob, case, "decide", APPROVE)
    own = call(bob, case, "countersign", {"version": given.json()["version"]})
    signed = call(charlie, case, "countersign", {"version": given.json()["version"]})

    assert (given.status_code, given.json()["state"]) == (200, "awaiting_second")
    assert own.status_code == 403
    assert (signed.status_code, signed.json()["state"]) == (200, "closed")
    made = Decision.objects.get(kind="human")
    assert (made.decided_by, made.countersigned_by) == (bob, charlie)


def test_a_second_person_sends_back(
    case: ReviewCase, bob: User, charlie: User, call: Callable[..., Any]
) -> None:
    _claimed_now(bob, case)
    version = call(bob, case, "decide", APPROVE).json()["version"]

    stale = call(charlie, case, "send-back", {"version": "x", "note": "Why?"})
    back = call(charlie, case, "send-back", {"version": version, "note": "Why?"})

    assert stale.status_code == 409
    assert (back.status_code, back.json()["state"]) == (200, "open")
    assert not Decision.objects.filter(kind="human").exists()


def test_a_departure_without_a_reason_that_allows_it_is_refused_by_field(
    case: ReviewCase, bob: User, call: Callable[..., Any]
) -> None:
    _claimed_now(bob, case)
    decline = {"outcome": "decline", "codes": ["documents_incomplete"], "note": "Two missing."}

    answer = call(bob, case, "decide", decline)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"override_codes"}
    assert not Decision.objects.filter(kind="human").exists()


def test_who_submitted_or_holds_nothing_decides_nothing(
    case: ReviewCase, alice: User, bob: User, call: Callable[..., Any]
) -> None:
    assert call(alice, case, "decide", APPROVE).status_code == 403
    assert call(bob, case, "decide", APPROVE).status_code in {403, 409}
    assert not Decision.objects.filter(kind="human").exists()


def test_the_list_is_read_and_changed_by_two(
    rita: User, charlie: User, bob: User, signed_in: SignedIn
) -> None:
    words = {"en": "The roof leaks.", "hi": "छत टपकती है।", "sw": "Paa linavuja."}
    proposal = {
        "code": "roof_leaks",
        "kind": "decline",
        "verdict": "decline",
        "words": words,
        "owner": "Valuation",
        "active_from": "2026-11-01",
        "note": "Seen often.",
    }
    address = "/api/v1/reasons"

    made = signed_in(rita).post(address, proposal, content_type="application/json")
    listing = f"{address}/{made.json()['id']}/list"
    own = signed_in(rita).post(listing, content_type="application/json")
    done = signed_in(charlie).post(listing, content_type="application/json")
    again = signed_in(charlie).post(listing, content_type="application/json")

    assert made.status_code == 201
    assert (own.status_code, done.status_code, again.status_code) == (403, 200, 409)
    read = {one["code"]: one for one in signed_in(bob).get(address).json()["results"]}
    assert (read["roof_leaks"]["state"], read["roof_leaks"]["sentence"]) == (
        "listed",
        "The roof leaks.",
    )
    assert read["bankruptcy"]["sentence"] == "Bankruptcy on file"
