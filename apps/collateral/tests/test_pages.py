"""The pages of collateral: who sees and does what, and how many questions a list asks."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications import services as application_services
from apps.applications.entries import GuarantorEntry
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.collateral import hooks, services
from apps.collateral.models import CoBorrower, Item, Lien, Release, Valuation
from apps.collateral.tests import factories
from apps.core import withheld

SignedIn = Callable[[User], Client]
NOW, TODAY = factories.NOW, factories.TODAY
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: factories.LATER)


@pytest.fixture
def application(alice: User) -> Application:
    return factories.secured(alice)


def _url(name: str, *args: object) -> str:
    return reverse(f"collateral:{name}", args=args)


def _text(client: Client, url: str, **options: Any) -> str:
    answer = client.get(url, **options)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def _valuation(**changes: Any) -> dict[str, Any]:
    return {
        "key": "7a4a3f9e-1111-4111-8111-111111111111",
        "valuer": "Deccan Valuers",
        "method": "market",
        "valued_date": TODAY.isoformat(),
        "amount": "3,00,000",
        **changes,
    }


def test_an_officer_takes_up_what_was_declared_and_pledges_it(
    alice: User, application: Application, signed_in: SignedIn
) -> None:
    client, declared = signed_in(alice), application.collaterals.get()
    panel = _text(client, _url("application_panel", application.pk), **HTMX)
    assert "Nothing in the collateral register" in panel
    address = f"{_url('enter')}?application={application.pk}&declared={declared.pk}"
    assert "Hatchback, first registered 2024" in _text(client, address)

    answer = client.post(
        address,
        _valuation(
            kind="vehicle",
            description="Hatchback",
            owner=application.customer.number,
            registration="MH 12 AB 1234",
            secured_amount="200000",
        ),
    )
    item = Item.objects.get()
    assert answer["Location"] == _url("detail", item.pk)
    client.post(
        _url("insure", item.pk),
        {
            "key": "7a4a3f9e-2222-4111-8111-111111111111",
            "insurer": "Sahyadri General",
            "policy_number": "P-1",
            "sum_insured": "300000",
            "from_date": "2026-11-01",
            "valid_until": "2027-10-31",
        },
    )
    client.post(
        _url("pledge", item.pk),
        {
            "key": "7a4a3f9e-3333-4111-8111-111111111111",
            "day": TODAY.isoformat(),
            "reference": "Deed 17/2026",
        },
    )

    item.refresh_from_db()
    assert (item.status, item.owner) == ("pledged", application.customer)
    assert Lien.objects.get().declared == declared
    panel = _text(client, _url("application_panel", application.pk), **HTMX)
    assert "The security is as it must be" in panel
    assert item.number in panel
    assert "Take up" not in panel


def test_a_form_that_is_wrong_is_shown_again_and_writes_nothing(
    alice: User, application: Application, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    item = factories.item(alice)

    for name, sent in (
        ("value", _valuation(amount="-1")),
        ("value", _valuation(valued_date=(TODAY + timedelta(days=1)).isoformat())),
        ("charge", {"application": application.number, "secured_amount": "300001"}),
        ("charge", {"application": "A-0", "secured_amount": "1"}),
        ("pledge", {"day": "soon", "reference": ""}),
        ("withdraw", {"reason": ""}),
    ):
        key = {"key": "7a4a3f9e-4444-4111-8111-111111111111"}
        assert client.post(_url(name, item.pk), {**key, **sent}).status_code == 422, name

    item.refresh_from_db()
    assert item.status == "proposed"
    assert Valuation.objects.count() == 1
    assert not Lien.objects.exists()


def test_a_refusal_says_which_item_the_thing_is(alice: User, signed_in: SignedIn) -> None:
    there = factories.item(alice, registration="MH 12 AB 1234")

    answer = signed_in(alice).post(
        _url("enter"),
        _valuation(
            kind="vehicle",
            description="Hatchback",
            owner_name="Somebody",
            registration="mh12ab1234",
            currency="INR",
        ),
    )

    assert answer.status_code == 422
    assert there.number in answer.content.decode()
    assert Item.objects.count() == 1


def test_two_people_release(
    alice: User, charlie: User, application: Application, signed_in: SignedIn
) -> None:
    item = factories.ready(alice, application)
    officer, manager = signed_in(alice), signed_in(charlie)
    key = {"key": "7a4a3f9e-5555-4111-8111-111111111111"}
    officer.post(_url("ask_release", item.pk), {**key, "reason": "Repaid in full"})
    asked = Release.objects.get()

    assert "another person must answer it" in _text(officer, _url("detail", item.pk))
    assert officer.post(_url("grant", item.pk, asked.pk)).status_code == 403
    assert "Repaid in full" in _text(manager, _url("detail", item.pk))
    manager.post(_url("grant", item.pk, asked.pk))

    item.refresh_from_db()
    assert item.status == "released"
    assert "Ended" in _text(manager, _url("detail", item.pk))


def test_no_release_is_offered_while_money_is_owed(
    alice: User, application: Application, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = factories.ready(alice, application)
    officer, address = signed_in(alice), _url("detail", item.pk)
    assert _url("ask_release", item.pk) in _text(officer, address)

    monkeypatch.setattr(hooks, "_live", [set])

    assert _url("ask_release", item.pk) not in _text(officer, address)


def test_the_page_shows_ranks_shortfall_and_history(
    alice: User, application: Application, signed_in: SignedIn
) -> None:
    item = factories.pledged(alice, application)
    factories.others(alice, item, 50_000)
    factories.valued(alice, item, amount=Decimal(180_000))

    text = _text(signed_in(alice), _url("detail", item.pk))

    assert "The liens secure more than the value" in text
    assert "₹70,000.00 of what they secure is not covered" in text
    assert "Other Bank Ltd" in text
    assert "Not insured" in text
    assert "</time> (Asia/Kolkata)" in text
    assert "Time zone" not in text


def test_the_page_of_a_past_day_shows_that_days_value(alice: User, signed_in: SignedIn) -> None:
    item = factories.item(alice, worth=None)
    factories.valued(alice, item, valued_date=TODAY - timedelta(days=100), amount=Decimal(444_000))
    factories.valued(alice, item)
    day = TODAY - timedelta(days=50)

    client = signed_in(alice)

    assert "As of 1 Oct 2026" in _text(client, f"{_url('detail', item.pk)}?on={day}")
    assert client.get(f"{_url('detail', item.pk)}?on=2001-01-01").status_code == 400
    assert client.get(f"{_url('detail', item.pk)}?on=soon").status_code == 200


def test_a_number_is_masked_until_somebody_who_may_asks_for_it(
    alice: User, amir: User, signed_in: SignedIn
) -> None:
    item = factories.item(alice, registration="MH 12 AB 1234")
    client = signed_in(alice)

    assert "MH12AB1234" not in _text(client, _url("detail", item.pk))
    assert "MH12AB1234" in client.post(_url("reveal", item.pk)).content.decode()
    assert signed_in(amir).post(_url("reveal", item.pk)).status_code == 403


def test_who_only_reads_sees_no_action(
    alice: User, amir: User, application: Application, signed_in: SignedIn
) -> None:
    item = factories.ready(alice, application)

    text = _text(signed_in(amir), _url("detail", item.pk))

    assert "Nothing for you to do here" in text
    for name in ("value", "insure", "charge", "pledge", "ask_release", "invoke"):
        assert _url(name, item.pk) not in text
        assert signed_in(amir).get(_url(name, item.pk)).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"fresh", "stale", "uninsured"}),
        ("?show=valuation", {"stale"}),
        ("?show=insurance", {"fresh"}),
        ("?kind=gold", {"stale"}),
        ("?status=pledged", set()),
        ("?show=ended", {"ended"}),
        ("?show=all", {"fresh", "stale", "uninsured", "ended"}),
        ("?q=mh12%20zz%209999", {"uninsured"}),
        ("?show=release", set()),
        ("?kind=nonsense", {"fresh", "stale", "uninsured"}),
    ],
)
def test_the_register_is_filtered(
    alice: User, signed_in: SignedIn, query: str, found: set[str]
) -> None:
    items = {
        "fresh": factories.item(alice),
        "stale": factories.item(alice, worth=None, kind="gold"),
        "uninsured": factories.item(alice, registration="MH 12 ZZ 9999"),
        "ended": factories.item(alice),
    }
    soon = TODAY + timedelta(days=10)
    policy = factories.insurance(valid_until=soon)
    services.insure(actor=alice, item=items["fresh"], entry=policy, now=NOW)
    services.withdraw(actor=alice, item=items["ended"], reason="Another", now=NOW)
    factories.valued(alice, items["stale"], valid_until=TODAY)

    text = _text(signed_in(alice), _url("list") + query)

    assert {name for name, item in items.items() if item.number in text} == found


def test_an_items_own_number_finds_it(alice: User, signed_in: SignedIn) -> None:
    wanted, other = factories.item(alice), factories.item(alice)

    text = _text(signed_in(alice), f"{_url('list')}?q={wanted.number.lower()}")

    assert wanted.number in text
    assert other.number not in text


def test_it_asks_as_much_for_a_page_as_for_one_row(
    alice: User, signed_in: SignedIn, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = signed_in(alice)
    factories.item(alice)
    with django_assert_max_num_queries(20) as first:
        client.get(_url("list"))
    for _number in range(4):
        factories.item(alice)

    with django_assert_max_num_queries(len(first)):
        client.get(_url("list"))


def test_an_item_of_another_branch_is_not_there(
    alice: User, make_person: Callable[..., User], nashik: Branch, signed_in: SignedIn
) -> None:
    item = factories.item(alice)
    client = signed_in(make_person("Nisha", "loan_officer", branch=nashik))

    assert item.number not in _text(client, _url("list"))
    assert client.get(_url("detail", item.pk)).status_code == 404
    assert client.post(_url("reveal", item.pk)).status_code == 404


def test_what_secures_a_withheld_application_is_not_there_for_now(
    alice: User,
    bob: User,
    application: Application,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secures, other = factories.pledged(alice, application), factories.item(alice)

    def from_bob(actor: User) -> list[Any]:
        return [Application.objects.filter(pk=application.pk).values("pk")] if actor == bob else []

    monkeypatch.setattr(withheld, "_sources", [from_bob])
    client = signed_in(bob)

    text = _text(client, _url("list"))
    assert other.number in text
    assert secures.number not in text
    assert client.get(_url("detail", secures.pk)).status_code == 404
    assert secures.number in _text(signed_in(alice), _url("list"))


def test_a_co_borrower_is_added_and_removed_on_a_draft(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    draft = applications.application(alice, applications.borrower(pune))
    meera = applications.borrower(pune)
    form = {"key": "7a4a3f9e-6666-4111-8111-111111111111", "liability": "share"}

    wrong = client.post(_url("add_co_borrower", draft.pk), {**form, "customer": meera.number})
    assert wrong.status_code == 422
    client.post(
        _url("add_co_borrower", draft.pk), {**form, "customer": meera.number, "share": "33.33"}
    )
    joined = CoBorrower.objects.get()
    assert joined.share == Decimal("0.3333")
    panel = _text(client, _url("answering_panel", draft.pk), **HTMX)
    assert "For 33.33 %" in panel
    client.post(_url("remove_co_borrower", draft.pk, joined.pk))

    assert not CoBorrower.objects.exists()


def test_a_guarantor_is_shown_once_with_what_can_be_done(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    client, draft = signed_in(alice), applications.application(alice, applications.borrower(pune))
    given = application_services.add_guarantor(
        actor=alice,
        application=draft,
        entry=GuarantorEntry(name="Meera Joshi", relationship="Aunt", amount=Decimal(50_000)),
    )
    address = _url("answering_panel", draft.pk)

    page = _text(client, reverse("applications:detail", args=[draft.pk]))
    panel = _text(client, address, **HTMX)

    # The application's own card is only there until the panel takes its place.
    _before, _address, loaded = page.partition(f'hx-get="{address}"')
    assert loaded.partition("hx-get=")[0].count('id="guarantors"') == 1
    assert page.count('id="guarantors"') == 1
    assert panel.count("Meera Joshi") == 1
    assert "Aunt" in panel
    assert reverse("applications:remove_guarantor", args=[draft.pk, given.pk]) in panel
    assert reverse("applications:add_guarantor", args=[draft.pk]) in panel


def test_the_customers_page_shows_all_exposure_with_totals(
    alice: User, application: Application, signed_in: SignedIn
) -> None:
    item = factories.item(alice, owner=application.customer, owner_name="")
    client = signed_in(alice)
    page = _text(client, reverse("customers:detail", args=[application.customer_id]))
    address = _url("customer_panel", application.customer_id)
    assert address in page

    text = _text(client, address, **HTMX)

    assert application.number in text
    assert "Together in INR" in text
    assert "₹2,00,000.00 as borrower" in text
    assert item.number in text
    assert client.get(address).status_code == 302


def test_a_lien_for_another_branch_does_not_name_its_application(
    alice: User, application: Application, nashik: Branch, signed_in: SignedIn
) -> None:
    item = factories.pledged(alice, application)
    release = services.ask_release(
        actor=alice, item=item, reason="Repaid", now=NOW, lien=item.liens.get()
    )
    client = signed_in(alice)
    named = _text(client, _url("detail", item.pk))
    told = client.get(f"/api/v1/collateral/{item.pk}").json()

    Application.objects.filter(pk=application.pk).update(branch=nashik)

    unnamed = _text(client, _url("detail", item.pk))
    assert named.count(application.number) > 1
    assert application.customer.number in named
    for hidden in (application.number, str(application.pk)):
        assert hidden not in unnamed
    assert "An application you may not see" in unnamed
    assert "Release of a lien was asked for." in unnamed
    assert told["liens"][0]["application"] == str(application.pk)
    [lien] = client.get(f"/api/v1/collateral/{item.pk}").json()["liens"]
    assert (lien["application"], lien["holder"], lien["gets"]) == (None, "", "200000.00")
    listed = client.get("/api/v1/collateral").json()["results"]
    assert [one["liens"][0]["application"] for one in listed] == [None]
    assert release.status == "asked"
