"""Administrators keep people: details, roles, limits, access; nobody keeps their own."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from apps.accounts import selectors, services
from apps.accounts.models import ApprovalLimit, Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted

SignedIn = Callable[[User], Client]


def _entry(branch: Branch, **changes: str) -> services.PersonEntry:
    values = {"name": "Eve Adams", "email": "Eve@Lender.example", "language": "en", **changes}
    return services.PersonEntry(branch=branch, **values)


def _events(verb: str) -> list[dict[str, object]]:
    return list(Event.objects.filter(verb=verb).values_list("facts", flat=True))


def test_it_adds_a_person_who_has_no_password_yet(diana: User, pune: Branch) -> None:
    person = services.add_person(actor=diana, entry=_entry(pune), role_codes={"loan_officer"})

    person.refresh_from_db()
    assert person.email == "eve@lender.example"
    assert person.role_codes == {"loan_officer"}
    assert not person.has_usable_password()
    assert _events("accounts.person_added") == [{"branch": "pune", "roles": ["loan_officer"]}]


def test_it_shows_the_link_for_the_password_once(diana: User, signed_in: SignedIn) -> None:
    browser = signed_in(diana)

    response = browser.post(
        "/people/add/",
        {
            "name": "Eve",
            "email": "eve@lender.example",
            "branch": str(diana.branch_id),
            "language": "sw",
            "roles": ["credit_reviewer"],
        },
    )

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store, private"
    link = response.content.decode().split('data-copy="')[1].split('"')[0]
    opened = Client().get(link.removeprefix("http://testserver"), follow=True)
    assert "Set your password" in opened.content.decode()
    assert len(_events("accounts.password_link_issued")) == 1


def test_it_refuses_the_same_email_in_other_letter_case(
    diana: User, alice: User, signed_in: SignedIn
) -> None:
    response = signed_in(diana).post(
        "/people/add/",
        {
            "name": "Twin",
            "email": "ALICE@lender.example",
            "branch": str(diana.branch_id),
            "language": "en",
        },
    )

    assert response.status_code == 422
    page = response.content.decode()
    assert "Somebody signs in with this e-mail already." in page
    assert 'value="Twin"' in page
    assert User.objects.count() == 2
    assert Event.objects.count() == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("loan_officer", "credit_reviewer"),
        ("risk_analyst", "model_approver"),
        ("administrator", "credit_manager"),
    ],
)
def test_it_refuses_both_sides_of_one_control(
    diana: User, pune: Branch, first: str, second: str
) -> None:
    with pytest.raises(DomainError) as refused:
        services.add_person(actor=diana, entry=_entry(pune), role_codes={first, second})

    assert refused.value.code == "roles_clash"
    assert "two sides of one control" in str(refused.value)
    assert not User.objects.filter(email="eve@lender.example").exists()
    assert Event.objects.count() == 0


def test_it_changes_roles_and_says_from_what_to_what(diana: User, alice: User) -> None:
    services.set_roles(actor=diana, person=alice, role_codes={"collections_officer"})

    assert User.objects.get(pk=alice.pk).role_codes == {"collections_officer"}
    assert _events("accounts.roles_changed") == [
        {"before": ["loan_officer"], "after": ["collections_officer"]}
    ]


def test_it_lets_nobody_change_their_own_access(diana: User) -> None:
    rupees = {"currency": "INR", "product_code": "", "amount": Decimal(1)}
    with pytest.raises(NotPermitted):
        services.set_roles(actor=diana, person=diana, role_codes={"auditor"})
    with pytest.raises(NotPermitted):
        services.set_limit(actor=diana, holder=diana, **rupees)
    with pytest.raises(NotPermitted):
        services.set_limit(actor=diana, holder=Group.objects.get(name="administrator"), **rupees)
    with pytest.raises(NotPermitted):
        services.deactivate(actor=diana, person=diana, reason="leaving")
    with pytest.raises(NotPermitted):
        services.password_path(actor=diana, person=diana)

    assert User.objects.get(pk=diana.pk).role_codes == {"administrator"}
    assert ApprovalLimit.objects.count() == 0
    assert Event.objects.count() == 0


def test_it_lets_only_administrators_keep_people(alice: User, bob: User, amir: User) -> None:
    for actor in (alice, amir):
        with pytest.raises(NotPermitted):
            services.set_roles(actor=actor, person=bob, role_codes=set())

    assert User.objects.get(pk=bob.pk).role_codes == {"credit_reviewer"}
    assert Event.objects.count() == 0


def test_it_ends_open_sessions_and_tokens_at_once(
    diana: User, alice: User, signed_in: SignedIn
) -> None:
    browser = signed_in(alice)
    tokens = (
        Client()
        .post(
            "/api/v1/token",
            {"email": alice.email, "password": "correct-horse-battery"},
            content_type="application/json",
        )
        .json()
    )
    assert browser.get("/people/profile/").status_code == 200

    services.deactivate(actor=diana, person=alice, reason="left the company")

    page = browser.get("/people/profile/")
    assert page.status_code == 302
    assert page["Location"].startswith("/people/sign-in/")
    bearer = {"Authorization": f"Bearer {tokens['access']}"}
    assert Client().get("/api/v1/schema", headers=bearer).status_code == 401
    renewed = Client().post(
        "/api/v1/token/refresh", {"refresh": tokens["refresh"]}, content_type="application/json"
    )
    assert renewed.status_code == 401
    assert _events("accounts.person_deactivated") == [{"reason": "left the company"}]


def test_it_revives_nothing_old_when_access_is_given_again(
    diana: User, alice: User, signed_in: SignedIn
) -> None:
    browser = signed_in(alice)
    services.deactivate(actor=diana, person=alice, reason="on leave")

    services.reactivate(actor=diana, person=alice, reason="back")

    assert browser.get("/people/profile/").status_code == 302
    alice.refresh_from_db()
    assert alice.is_active
    assert not alice.has_usable_password()


def test_it_refuses_to_withdraw_access_twice(diana: User, alice: User) -> None:
    services.deactivate(actor=diana, person=alice, reason="left")

    with pytest.raises(Conflict):
        services.deactivate(actor=diana, person=alice, reason="left")

    assert len(_events("accounts.person_deactivated")) == 1


def test_it_sets_changes_and_takes_away_a_limit(diana: User, alice: User) -> None:
    for amount in ("100000.005", "250000", None):
        services.set_limit(
            actor=diana,
            holder=alice,
            currency="INR",
            product_code="",
            amount=None if amount is None else Decimal(amount),
        )

    assert selectors.approval_limit(alice, currency="INR", product_code="gold") == 0
    before_after = [
        (facts["before"], facts["after"]) for facts in _events("accounts.limit_changed")
    ]
    assert before_after == [
        (None, "100000.01"),
        ("100000.01", "250000.00"),
        ("250000.00", None),
    ]


def test_it_gives_a_role_a_limit_that_its_holders_have(diana: User, make_person: object) -> None:
    charlie = make_person("Charlie", "credit_manager")
    role = Group.objects.get(name="credit_manager")

    services.set_limit(
        actor=diana, holder=role, currency="KES", product_code="", amount=Decimal(900)
    )

    assert selectors.approval_limit(charlie, currency="KES", product_code="any") == 900
    assert selectors.approval_limit(charlie, currency="INR", product_code="any") == 0


@pytest.mark.parametrize("amount", ["-1", "1e30", "NaN", "abc", "1.234", "99999999999999999999"])
def test_it_refuses_absurd_limits_beside_the_field(
    diana: User, alice: User, signed_in: SignedIn, amount: str
) -> None:
    response = signed_in(diana).post(
        f"/people/{alice.pk}/limit/", {"currency": "INR", "product_code": "", "amount": amount}
    )

    assert response.status_code == 422
    assert ApprovalLimit.objects.count() == 0
    assert Event.objects.count() == 0


def test_it_refuses_unknown_currencies_and_products(
    diana: User, alice: User, signed_in: SignedIn
) -> None:
    browser, address = signed_in(diana), f"/people/{alice.pk}/limit/"

    currency = browser.post(address, {"currency": "XXX", "product_code": "", "amount": "1"})
    product = browser.post(address, {"currency": "INR", "product_code": "no", "amount": "1"})

    assert (currency.status_code, product.status_code) == (422, 422)
    assert ApprovalLimit.objects.count() == 0


def test_it_changes_details_without_keeping_them_in_the_trail(
    diana: User, alice: User, nashik: Branch
) -> None:
    services.change_person(
        actor=diana,
        person=alice,
        entry=_entry(nashik, name="Alice B", email="AliceB@lender.example"),
    )

    alice.refresh_from_db()
    assert (alice.name, alice.email, alice.branch) == ("Alice B", "aliceb@lender.example", nashik)
    assert _events("accounts.person_changed") == [{"changed": ["name", "email", "branch"]}]


def test_it_shows_people_to_auditors_who_change_nothing(
    amir: User, alice: User, signed_in: SignedIn
) -> None:
    browser = signed_in(amir)

    assert "alice@lender.example" in browser.get("/people/").content.decode()
    page = browser.get(f"/people/{alice.pk}/")
    assert page.status_code == 200
    assert "Withdraw access" not in page.content.decode()
    refused = browser.post(f"/people/{alice.pk}/deactivate/", {"access-reason": "x"})
    assert refused.status_code == 403
    assert User.objects.get(pk=alice.pk).is_active


def test_it_filters_the_list_by_the_url(
    diana: User, alice: User, bob: User, signed_in: SignedIn
) -> None:
    browser = signed_in(diana)

    page = browser.get("/people/?q=ALI&role=loan_officer&active=yes").content.decode()
    nobody = browser.get("/people/?q=%00&role=zzz&branch=1&active=9&page=x").status_code

    assert "alice@lender.example" in page
    assert "bob@lender.example" not in page
    assert nobody == 200


def test_it_lists_people_with_few_queries(
    diana: User, make_person: object, signed_in: SignedIn, django_assert_num_queries: object
) -> None:
    for number in range(20):
        make_person(f"Person{number}", "loan_officer")
    browser = signed_in(diana)
    browser.get("/people/")

    # session, person, permissions (2: own, by role), branches to filter by, count, page,
    # roles of the page, and what the frame asks: the viewer's own roles and branch
    with django_assert_num_queries(10):
        response = browser.get("/people/")

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["", "change/"])
def test_it_answers_unknown_people_with_404(diana: User, signed_in: SignedIn, path: str) -> None:
    address = f"/people/00000000-0000-4000-8000-000000000000/{path}"

    assert signed_in(diana).get(address).status_code == 404


@pytest.mark.parametrize("page", ["/people/", "/people/roles/", "/people/add/", "/people/profile/"])
def test_it_shows_its_pages(diana: User, signed_in: SignedIn, page: str) -> None:
    assert signed_in(diana).get(page).status_code == 200


def test_it_sets_a_role_limit_on_the_page(diana: User, signed_in: SignedIn) -> None:
    browser, address = signed_in(diana), "/people/roles/credit_reviewer/limit/"

    done = browser.post(address, {"currency": "INR", "product_code": "", "amount": "5000"})
    refused = browser.post(address, {"currency": "INR", "product_code": "", "amount": "-5"})
    unknown = browser.post("/people/roles/emperor/limit/", {"currency": "INR", "amount": "1"})

    assert (done.status_code, refused.status_code, unknown.status_code) == (302, 422, 404)
    assert ApprovalLimit.objects.get().amount == Decimal(5000)
    assert "5,000.00" in browser.get("/people/roles/").content.decode()
