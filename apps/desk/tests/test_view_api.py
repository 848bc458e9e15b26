"""Over the API: hold a case longer, keep ways of looking at the queue, the limits of stamping."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.decisions import services as cases
from apps.decisions.models import ReviewCase
from apps.desk.models import SavedView, StampLimit

SignedIn = Callable[[User], Client]
VIEWS, LIMITS = "/api/v1/review/views", "/api/v1/review/analytics/limits"


def _post(client: Client, address: str, data: dict[str, Any]) -> Any:
    return client.post(address, data, content_type="application/json")


def _limits(pune: Branch, **changes: Any) -> dict[str, Any]:
    values = {"least_verdicts": 40, "same_share": "0.9500", "median_seconds": 90}
    return {"entity": pune.entity.code, **values, "why": "After the review of May.", **changes}


def test_who_holds_a_case_holds_it_longer(bob: User, case: ReviewCase, signed_in: SignedIn) -> None:
    cases.claim(actor=bob, case=case, now=timezone.now() - timedelta(minutes=20))
    case.refresh_from_db()
    before, version = case.claim_until, case.version

    kept = _post(signed_in(bob), f"/api/v1/review/cases/{case.pk}/keep", {})

    case.refresh_from_db()
    assert before is not None
    assert case.claim_until is not None
    assert (kept.status_code, kept.json()["holder"]) == (200, str(bob.pk))
    assert case.claim_until > before + timedelta(minutes=19)
    assert kept.json()["version"] == version


def test_nobody_else_and_nobody_too_late_holds_it_longer(
    bob: User, charlie: User, alice: User, case: ReviewCase, signed_in: SignedIn
) -> None:
    address = f"/api/v1/review/cases/{case.pk}/keep"
    cases.claim(actor=bob, case=case, now=timezone.now() - timedelta(minutes=31))

    late = _post(signed_in(bob), address, {})
    other = _post(signed_in(charlie), address, {})
    officer = _post(signed_in(alice), address, {})

    assert (late.status_code, late.json()["code"]) == (409, "not_claimed_by_you")
    assert (other.status_code, other.json()["code"]) == (409, "not_claimed_by_you")
    assert officer.status_code == 403
    until = ReviewCase.objects.get(pk=case.pk).claim_until
    assert until is not None
    assert until < timezone.now()


def test_a_view_is_kept_listed_and_thrown_away(bob: User, beth: User, signed_in: SignedIn) -> None:
    asked = {"name": " Late  ones ", "query": "show=overdue&sort=-due&after=x&colour=red"}

    kept = _post(signed_in(bob), VIEWS, {**asked, "role": "credit_reviewer", "is_default": True})
    again = _post(signed_in(bob), VIEWS, {"name": "Late ones", "query": "show=mine"})
    shared = _post(signed_in(bob), VIEWS, {**asked, "name": "All", "role": "credit_reviewer"})
    listed = signed_in(bob).get(VIEWS).json()
    seen = signed_in(beth).get(VIEWS).json()
    gone = signed_in(bob).delete(f"{VIEWS}/{again.json()['id']}")

    assert (kept.status_code, kept.json()["name"]) == (200, "Late ones")
    assert kept.json()["query"] == "show=overdue&sort=-due"
    assert (again.json()["id"], again.json()["query"]) == (kept.json()["id"], "show=mine")
    assert (again.json()["is_default"], again.json()["role"]) == (False, "")
    assert [row["name"] for row in listed] == ["All", "Late ones"]
    assert [(row["id"], row["owner"]) for row in seen] == [(shared.json()["id"], str(bob.pk))]
    assert gone.status_code == 204
    assert SavedView.objects.get().name == "All"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"query": "x" * 1001}, "query"),
        ({"role": "credit_manager"}, "role"),
        ({"role": "moon"}, "role"),
        ({"is_default": "perhaps"}, "is_default"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else None,
)
def test_a_view_told_wrongly_is_not_kept(
    bob: User, signed_in: SignedIn, changes: dict[str, Any], field: str
) -> None:
    refused = _post(signed_in(bob), VIEWS, {"name": "Mine", "query": "", **changes})

    assert refused.status_code == 400
    assert field in refused.json()["fields"]
    assert not SavedView.objects.exists()


def test_a_view_of_somebody_else_is_not_thrown_away(
    bob: User, beth: User, alice: User, signed_in: SignedIn
) -> None:
    own = _post(signed_in(bob), VIEWS, {"name": "Own", "query": ""}).json()["id"]
    shared = {"name": "Shared", "query": "", "role": "credit_reviewer"}
    told = _post(signed_in(bob), VIEWS, shared).json()["id"]

    unseen = signed_in(beth).delete(f"{VIEWS}/{own}")
    foreign = signed_in(beth).delete(f"{VIEWS}/{told}")
    officer = signed_in(alice).get(VIEWS)

    assert unseen.status_code == 404
    assert (foreign.status_code, foreign.json()["code"]) == (403, "not_own_view")
    assert officer.status_code == 403
    assert SavedView.objects.count() == 2


def test_a_manager_sets_the_limits_of_stamping(
    charlie: User, pune: Branch, signed_in: SignedIn
) -> None:
    first = _post(signed_in(charlie), LIMITS, _limits(pune))
    second = _post(signed_in(charlie), LIMITS, _limits(pune, least_verdicts=60))
    listed = signed_in(charlie).get(LIMITS).json()

    assert (first.status_code, second.status_code) == (201, 201)
    assert [row["id"] for row in listed] == [second.json()["id"]]
    assert (listed[0]["least_verdicts"], listed[0]["same_share"]) == (60, "0.9500")
    assert StampLimit.objects.get(pk=first.json()["id"]).ended_by == charlie
    assert Event.objects.filter(verb="desk.stamp_set").count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"least_verdicts": 9}, "least_verdicts"),
        ({"same_share": "0.49"}, "same_share"),
        ({"same_share": "1.01"}, "same_share"),
        ({"median_seconds": 0}, "median_seconds"),
        ({"why": " "}, "why"),
        ({"colour": "red"}, "colour"),
    ],
    ids=["verdicts", "share-low", "share-high", "median", "why", "unknown"],
)
def test_limits_out_of_range_are_refused(
    charlie: User, pune: Branch, signed_in: SignedIn, changes: dict[str, Any], field: str
) -> None:
    refused = _post(signed_in(charlie), LIMITS, _limits(pune, **changes))

    assert refused.status_code == 400
    assert field in refused.json()["fields"]
    assert not StampLimit.objects.filter(entered_by=charlie).exists()


def test_who_may_not_set_limits_sets_none(
    bob: User, charlie: User, pune: Branch, signed_in: SignedIn
) -> None:
    reviewer = _post(signed_in(bob), LIMITS, _limits(pune))
    unknown = _post(signed_in(charlie), LIMITS, _limits(pune, entity="moon"))

    assert reviewer.status_code == 403
    assert signed_in(bob).get(LIMITS).status_code == 403
    assert unknown.status_code == 404
    assert not StampLimit.objects.filter(entered_by__in=[bob, charlie]).exists()
