"""One branch or one application more than the roles give."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.accounts import selectors, services
from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted

SignedIn = Callable[[User], Client]


def test_it_lets_a_person_work_in_one_branch_more(
    diana: User, alice: User, pune: Branch, nashik: Branch
) -> None:
    services.grant_branch(actor=diana, person=alice, branch=nashik, reason="covers a colleague")

    assert selectors.branch_ids(User.objects.get(pk=alice.pk)) == {pune.pk, nashik.pk}
    event = Event.objects.get(verb="accounts.access_granted")
    assert event.subject == f"accounts.user:{alice.pk}"
    assert event.facts == {
        "thing": f"accounts.branch:{nashik.pk}",
        "reason": "covers a colleague",
    }


def test_it_takes_a_branch_back(diana: User, alice: User, pune: Branch, nashik: Branch) -> None:
    services.grant_branch(actor=diana, person=alice, branch=nashik, reason="cover")
    (grant,) = selectors.grants_of(alice)

    services.withdraw_grant(actor=diana, person=alice, grant_id=grant.pk, reason="is back")

    assert selectors.branch_ids(User.objects.get(pk=alice.pk)) == {pune.pk}
    assert selectors.grants_of(alice) == []
    facts = Event.objects.get(verb="accounts.access_withdrawn").facts
    assert facts == {"thing": f"accounts.branch:{nashik.pk}", "reason": "is back"}


def test_it_refuses_what_is_there_already(
    diana: User, alice: User, pune: Branch, nashik: Branch
) -> None:
    services.grant_branch(actor=diana, person=alice, branch=nashik, reason="cover")

    for branch in (pune, nashik):
        with pytest.raises(Conflict):
            services.grant_branch(actor=diana, person=alice, branch=branch, reason="again")

    assert Event.objects.filter(verb="accounts.access_granted").count() == 1


def test_it_refuses_grants_to_oneself_and_by_others(
    diana: User, alice: User, bob: User, nashik: Branch
) -> None:
    for actor, person in ((diana, diana), (alice, bob)):
        with pytest.raises(NotPermitted):
            services.grant_branch(actor=actor, person=person, branch=nashik, reason="x")

    assert Event.objects.count() == 0


def test_it_refuses_an_application_nobody_took(diana: User, alice: User) -> None:
    with pytest.raises(DomainError) as refused:
        services.grant_application(actor=diana, person=alice, number="A-NONE", reason="asked")

    assert str(refused.value.fields["number"]) == "There is no application with this number."
    assert Event.objects.count() == 0


def test_it_refuses_an_application_where_no_role_opens_any(diana: User, mark: User) -> None:
    with pytest.raises(Conflict) as refused:
        services.grant_application(actor=diana, person=mark, number="A-1", reason="asked")

    assert refused.value.code == "role_needed"


def test_it_grants_and_takes_back_on_the_page(
    diana: User, alice: User, nashik: Branch, signed_in: SignedIn
) -> None:
    browser = signed_in(diana)

    granted = browser.post(
        f"/people/{alice.pk}/branch/", {"branch-branch": nashik.pk, "branch-reason": "cover"}
    )
    page = browser.get(f"/people/{alice.pk}/").content.decode()
    (grant,) = selectors.grants_of(alice)
    without_reason = browser.post(f"/people/{alice.pk}/grants/{grant.pk}/", {"grant-reason": ""})
    taken = browser.post(f"/people/{alice.pk}/grants/{grant.pk}/", {"grant-reason": "back"})
    again = browser.post(f"/people/{alice.pk}/grants/{grant.pk}/", {"grant-reason": "back"})

    assert granted.status_code == 302
    assert "Nashik" in page
    assert (without_reason.status_code, taken.status_code, again.status_code) == (422, 302, 422)


def test_it_refuses_an_unknown_application_beside_the_field(
    diana: User, alice: User, signed_in: SignedIn
) -> None:
    response = signed_in(diana).post(
        f"/people/{alice.pk}/application/",
        {"application-number": "A-NONE", "application-reason": "complaint"},
    )

    assert response.status_code == 422
    page = response.content.decode()
    assert "There is no application with this number." in page
    assert 'value="A-NONE"' in page
