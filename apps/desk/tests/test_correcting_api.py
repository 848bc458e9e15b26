"""A wrong step is put right over the API: a verdict taken back, a decision taken up anew."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.decisions import services as cases
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories as decisions

SignedIn = Callable[[User], Client]
LACKING = cases.Verdict(outcome="decline", codes=("documents_incomplete",), note="Lacking.")


@pytest.fixture
def waiting(alice: User, bob: User, pune: Branch, rita: User, mark: User) -> ReviewCase:
    """Bob's approval of 850,000, above his limit, that waits for a second signature."""
    decisions.stage(pune, rita, mark)
    case, now = decisions.referred(alice, amount=850_000, term_months=60), timezone.now()
    cases.claim(actor=bob, case=case, now=now)
    verdict = cases.Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")
    found = cases.decide(actor=bob, case=case, verdict=verdict, now=now)
    assert found.status == "awaiting_second"
    return found


@pytest.fixture
def declined(bob: User, case: ReviewCase) -> ReviewCase:
    """A case that Bob has declined."""
    now = timezone.now()
    cases.claim(actor=bob, case=case, now=now)
    cases.decide(actor=bob, case=case, verdict=LACKING, now=now)
    case.application.refresh_from_db()
    return case


def _call(client: Client, address: str, data: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/{address}", data, content_type="application/json")


def test_one_takes_back_ones_own_verdict(
    bob: User, waiting: ReviewCase, signed_in: SignedIn
) -> None:
    given = {"version": waiting.version, "note": "Wrong case."}

    back = _call(signed_in(bob), f"review/cases/{waiting.pk}/take-back", given)

    assert (back.status_code, back.json()["state"]) == (200, "claimed")
    assert back.json()["holder"] == str(bob.pk)
    waiting.refresh_from_db()
    assert (waiting.verdict, waiting.verdict_by, waiting.version) == (
        "",
        None,
        back.json()["version"],
    )


def test_a_verdict_is_taken_back_only_by_who_gave_it_and_as_it_was_read(
    alice: User,
    bob: User,
    charlie: User,
    nashik: Branch,
    make_person: Callable[..., User],
    waiting: ReviewCase,
    signed_in: SignedIn,
) -> None:
    at, given = f"review/cases/{waiting.pk}/take-back", {"version": waiting.version, "note": "x"}
    elsewhere = make_person("Nina", "credit_reviewer", branch=nashik)

    other = _call(signed_in(charlie), at, given)
    stale = _call(signed_in(bob), at, {**given, "version": "2026"})
    unread = _call(signed_in(bob), at, {"note": "x"})
    unsaid = _call(signed_in(bob), at, {**given, "note": " "})

    assert (other.status_code, other.json()["code"]) == (403, "not_own_verdict")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_record")
    assert (unread.status_code, set(unread.json()["fields"])) == (400, {"version"})
    assert (unsaid.status_code, set(unsaid.json()["fields"])) == (400, {"note"})
    assert _call(signed_in(alice), at, given).status_code == 403
    assert _call(signed_in(elsewhere), at, given).status_code == 404
    waiting.refresh_from_db()
    assert (waiting.status, waiting.verdict_by) == ("awaiting_second", bob)


def test_a_manager_takes_a_mistaken_decision_up_anew(
    bob: User, charlie: User, declined: ReviewCase, signed_in: SignedIn
) -> None:
    application = declined.application
    at = f"applications/{application.pk}/reopen"
    given = {"note": "They were there.", "version": application.version}

    anew = _call(signed_in(charlie), at, given)
    again = _call(signed_in(charlie), at, {"note": "They were there."})

    assert (anew.status_code, anew.json()["state"]) == (201, "open")
    assert anew.json()["application"] == str(application.pk)
    assert anew.json()["id"] != str(declined.pk)
    application.refresh_from_db()
    assert application.status == "in_review"
    assert list(Decision.objects.order_by("number").values_list("outcome", flat=True)) == [
        "refer",
        "decline",
        "refer",
    ]
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_reopen")
    assert Decision.objects.count() == 3


def test_a_decision_is_taken_up_anew_only_by_a_manager_with_a_reason(
    alice: User, bob: User, charlie: User, declined: ReviewCase, signed_in: SignedIn
) -> None:
    at = f"applications/{declined.application_id}/reopen"

    unsaid = _call(signed_in(charlie), at, {"note": " "})
    long = _call(signed_in(charlie), at, {"note": "x" * 2_001})
    stale = _call(signed_in(charlie), at, {"note": "x", "version": "2026"})

    assert (unsaid.status_code, set(unsaid.json()["fields"])) == (400, {"note"})
    assert (long.status_code, set(long.json()["fields"])) == (400, {"note"})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_record")
    assert _call(signed_in(bob), at, {"note": "x"}).status_code == 403
    assert _call(signed_in(alice), at, {"note": "x"}).status_code == 403
    declined.application.refresh_from_db()
    assert declined.application.status == "declined"
    assert (Decision.objects.count(), ReviewCase.objects.count()) == (2, 1)


def test_a_manager_who_is_close_to_the_borrower_keeps_out(
    charlie: User, declined: ReviewCase, signed_in: SignedIn
) -> None:
    number = declined.application.customer.number
    entry = cases.InterestEntry(relation="relative", customer_number=number, reason="My cousin.")
    cases.declare_interest(actor=charlie, entry=entry, now=timezone.now())
    at = f"applications/{declined.application_id}/reopen"

    answer = _call(signed_in(charlie), at, {"note": "They were there."})

    assert (answer.status_code, answer.json()["code"]) == (403, "conflict_of_interest")
    declined.application.refresh_from_db()
    assert (declined.application.status, Decision.objects.count()) == ("declined", 2)


def test_what_is_nowhere_is_not_found(charlie: User, db: None, signed_in: SignedIn) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"

    for at in (f"applications/{nowhere}/reopen", f"review/cases/{nowhere}/take-back"):
        assert _call(signed_in(charlie), at, {"note": "x", "version": "x"}).status_code == 404
