"""The registers of the desk over the API: service levels, and conflicts of interest."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.customers import fingerprints
from apps.decisions import services as cases
from apps.decisions.models import DeclaredInterest, ReviewCase
from apps.desk.models import ServiceLevel
from apps.desk.tests import factories

SignedIn = Callable[[User], Client]
LEVELS, INTERESTS = "/api/v1/review/service-levels", "/api/v1/review/interests"


def _post(client: Client, address: str, data: dict[str, Any]) -> Any:
    return client.post(address, data, content_type="application/json")


def _row(pune: Branch, **changes: Any) -> dict[str, Any]:
    return {"entity": pune.entity.code, "hours": 12, "owner": "Head of review", **changes}


def test_a_manager_enters_and_ends_a_service_level(
    bob: User, charlie: User, case: ReviewCase, pune: Branch, signed_in: SignedIn
) -> None:
    before = factories.level(pune.entity)
    product = case.application.product.code

    whole = _post(signed_in(charlie), LEVELS, _row(pune))
    narrow = _post(
        signed_in(charlie),
        LEVELS,
        _row(pune, cause="reopened", product=product, from_amount="100000.00", hours=4),
    )
    listed = signed_in(bob).get(LEVELS).json()
    ended = _post(signed_in(charlie), f"{LEVELS}/{narrow.json()['id']}/end", {})
    again = _post(signed_in(charlie), f"{LEVELS}/{narrow.json()['id']}/end", {})
    past = signed_in(bob).get(f"{LEVELS}/ended?limit=1").json()
    rest = signed_in(bob).get(f"{LEVELS}/ended", {"after": past["after"]}).json()

    assert (whole.status_code, whole.json()["from_amount"]) == (201, "0.00")
    assert (narrow.json()["product"], narrow.json()["cause"]) == (product, "reopened")
    assert [row["id"] for row in listed] == [narrow.json()["id"], whole.json()["id"]]
    assert (ended.status_code, ended.json()["ended_by"]) == (200, str(charlie.pk))
    assert (again.status_code, again.json()["code"]) == (409, "level_ended")
    assert [row["id"] for row in past["results"]] == [narrow.json()["id"]]
    assert [row["id"] for row in rest["results"]] == [str(before.pk)]
    assert str(ServiceLevel.objects.standing().get().pk) == whole.json()["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"entity": "moon"}, "entity"),
        ({"product": "moon-loan"}, "product"),
        ({"cause": "gossip"}, "cause"),
        ({"hours": 0}, "hours"),
        ({"hours": 2_161}, "hours"),
        ({"from_amount": "-1.00"}, "from_amount"),
        ({"from_amount": "NaN"}, "from_amount"),
        ({"owner": " "}, "owner"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda given: str(given) if isinstance(given, str) else "-".join(map(str, given.values())),
)
def test_a_row_that_is_wrong_is_refused_by_its_field(
    charlie: User,
    pune: Branch,
    signed_in: SignedIn,
    changes: dict[str, Any],
    field: str,
) -> None:
    level = factories.level(pune.entity)

    answer = _post(signed_in(charlie), LEVELS, _row(pune, **changes))

    assert (answer.status_code, set(answer.json()["fields"])) == (400, {field})
    assert ServiceLevel.objects.standing().get() == level


def test_only_who_may_changes_service_levels(
    alice: User, bob: User, pune: Branch, signed_in: SignedIn
) -> None:
    level = factories.level(pune.entity)

    assert _post(signed_in(bob), LEVELS, _row(pune)).status_code == 403
    assert _post(signed_in(bob), f"{LEVELS}/{level.pk}/end", {}).status_code == 403
    assert signed_in(alice).get(LEVELS).status_code == 403
    assert signed_in(alice).get(f"{LEVELS}/ended").status_code == 403
    level.refresh_from_db()
    assert (ServiceLevel.objects.get(), level.ended_at) == (level, None)


def test_a_place_of_the_list_that_is_none_is_refused(bob: User, signed_in: SignedIn) -> None:
    for address in (f"{LEVELS}/ended", INTERESTS):
        assert signed_in(bob).get(address, {"after": "nowhere"}).status_code == 400
        assert signed_in(bob).get(address, {"limit": "0"}).status_code == 400


def test_a_conflict_is_declared_once_and_puts_back_what_one_holds(
    alice: User, bob: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    number = case.application.customer.number
    entry = {"relation": "relative", "customer_number": number, "reason": "My cousin."}
    cases.claim(actor=bob, case=case, now=timezone.now())

    made = _post(signed_in(bob), INTERESTS, entry)
    again = _post(signed_in(bob), INTERESTS, {**entry, "customer_number": number.lower()})
    claim = _post(signed_in(bob), f"/api/v1/review/cases/{case.pk}/claim", {})

    assert (made.status_code, again.status_code) == (201, 200)
    assert (made.json()["customer_number"], made.json()["kind"]) == (number, "")
    assert again.json() == made.json()
    assert (claim.status_code, claim.json()["code"]) == (403, "conflict_of_interest")
    case.refresh_from_db()
    assert (case.status, case.claimed_by) == ("open", None)
    assert signed_in(bob).get(INTERESTS).json() == {"results": [made.json()], "after": ""}
    assert signed_in(alice).get(INTERESTS).json()["results"] == []


def test_a_number_is_declared_and_never_given_back(bob: User, signed_in: SignedIn) -> None:
    entry = {"relation": "self", "kind": "phone", "number": "+91 98230 12345", "reason": "Mine."}

    made = _post(signed_in(bob), INTERESTS, entry)

    assert (made.status_code, made.json()["kind"]) == (201, "phone")
    assert made.json()["customer_number"] == ""
    assert "98230" not in made.content.decode()
    assert DeclaredInterest.objects.get().index == fingerprints.phone("+919823012345")


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({}, "customer_number"),
        ({"customer_number": "C-NOBODY"}, "customer_number"),
        ({"kind": "pan", "number": "nonsense"}, "number"),
        ({"kind": "star_sign", "number": "Leo"}, "kind"),
        ({"customer_number": "C-1", "relation": "rival"}, "relation"),
        ({"customer_number": "C-1", "reason": " "}, "reason"),
        ({"customer_number": "C-1", "person": "somebody else"}, "person"),
    ],
    ids=[
        "nothing named",
        "no such customer",
        "no such number",
        "no such kind",
        "no such relation",
        "no reason",
        "for somebody else",
    ],
)
def test_a_declaration_that_is_wrong_is_refused_by_its_field(
    bob: User, signed_in: SignedIn, entry: dict[str, str], field: str
) -> None:
    given = {"relation": "relative", "reason": "My cousin.", **entry}

    answer = _post(signed_in(bob), INTERESTS, given)

    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not DeclaredInterest.objects.exists()


def test_another_person_who_may_ends_a_declaration_and_says_why(
    alice: User, bob: User, charlie: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    number = case.application.customer.number
    entry = {"relation": "relative", "customer_number": number, "reason": "My cousin."}
    of_bob = _post(signed_in(bob), INTERESTS, entry).json()["id"]
    own = _post(signed_in(charlie), INTERESTS, entry).json()["id"]
    why = {"reason": "It was another person of that name."}

    unsaid = _post(signed_in(charlie), f"{INTERESTS}/{of_bob}/end", {"reason": " "})
    himself = _post(signed_in(charlie), f"{INTERESTS}/{own}/end", why)
    reviewer = _post(signed_in(bob), f"{INTERESTS}/{of_bob}/end", why)
    stranger = _post(signed_in(alice), f"{INTERESTS}/{of_bob}/end", why)
    assert (unsaid.status_code, set(unsaid.json()["fields"])) == (400, {"reason"})
    assert (himself.status_code, himself.json()["code"]) == (403, "own_interest")
    assert (reviewer.status_code, stranger.status_code) == (403, 403)
    assert DeclaredInterest.objects.standing().count() == 2
    assert not Event.objects.filter(verb="decisions.interest_ended").exists()

    done = _post(signed_in(charlie), f"{INTERESTS}/{of_bob}/end", why)
    again = _post(signed_in(charlie), f"{INTERESTS}/{of_bob}/end", why)
    listed = signed_in(charlie).get(INTERESTS).json()["results"]

    assert (done.status_code, done.json()["end_reason"]) == (200, why["reason"])
    assert (again.status_code, again.json()["code"]) == (409, "interest_ended")
    assert {row["id"]: row["ended_by"] for row in listed} == {of_bob: str(charlie.pk), own: None}
