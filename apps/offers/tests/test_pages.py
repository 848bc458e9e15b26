"""The pages of offers and the API: who sees and does what, and how much a list asks."""

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.letters.models import Letter
from apps.offers import services
from apps.offers.models import Offer
from apps.offers.tests import factories
from apps.products.models import Conditions
from apps.schedules import cost

SignedIn = Callable[[User], Client]
NOW = factories.LATER
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def _url(name: str, *args: object) -> str:
    return reverse(f"offers:{name}", args=args)


def _text(client: Client, url: str, **options: Any) -> str:
    answer = client.get(url, **options)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def _part(client: Client, url: str) -> str:
    return _text(client, url, headers={"HX-Request": "true"})


def test_staff_do_not_read_the_address_at_which_the_applicant_answers(
    approved: Application, alice: User, signed_in: SignedIn, settings: Any
) -> None:
    settings.PUBLIC_ADDRESS = "https://loans.example"
    offer = factories.made(alice, approved)
    assert b"https://loans.example/my/" in bytes(offer.letter.html or b"")
    client = signed_in(alice)

    pages = [
        _text(client, _url("statement", offer.pk)),
        _part(client, _url("statement", offer.pk)),
        _text(client, reverse("letters:detail", args=[offer.letter_id])),
    ]

    for page in pages:
        assert "https://loans.example/my/" not in page
        assert "(a link for the applicant alone: it stands in their copy)" in page


def test_an_officer_offers_by_one_button_and_records_the_answer(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    panel = _part(client, _url("application_panel", approved.pk))
    assert "Make the offer" in panel

    made = client.post(_url("make", approved.pk), {"as_decided": "1"})
    offer = Offer.objects.get()
    assert made.url == _url("detail", offer.pk)
    page = _text(client, made.url)
    for said in (
        *("7 days left", "₹9,793.00", offer.statement_hash, "The applicant accepts"),
        "Not handed over yet",
    ):
        assert said in page, said
    given = {"channel": "signed", "reference": " ", "acknowledged": "on"}
    refused = client.post(_url("accept", offer.pk), given)
    assert (refused.status_code, Offer.objects.get().status) == (422, "offered")
    given["reference"] = "Folder 7"
    client.post(_url("accept", offer.pk), given)

    offer.refresh_from_db()
    assert (offer.status, offer.accepted_by) == ("accepted", alice)
    page = _text(client, _url("detail", offer.pk))
    assert "Folder 7" in page
    assert "The applicant accepts" not in page
    assert "The borrower steps back" in page


def test_the_form_is_filled_in_and_changes_are_checked(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    form = _text(client, _url("make", approved.pk))
    assert 'value="200000.00"' in form
    given = {
        "principal": "2,50,000",
        "term_months": "24",
        "disbursal_on": "2026-11-20",
        "language": "hi",
    }

    more = client.post(_url("make", approved.pk), given)
    empty = client.post(_url("make", approved.pk), {"principal": "x"})

    assert (more.status_code, empty.status_code) == (422, 422)
    assert "more than was decided" in more.content.decode()
    assert not Offer.objects.exists()
    client.post(_url("make", approved.pk), {**given, "principal": "1,50,000"})
    assert Offer.objects.get().language == "hi"


def test_a_product_without_conditions_says_what_is_missing(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    Conditions.objects.all().delete()
    client = signed_in(alice)

    panel = _part(client, _url("application_panel", approved.pk))
    client.post(_url("make", approved.pk), {"as_decided": "1"})

    assert "no conditions of the contract" in panel
    assert "Make the offer" not in panel
    assert not Offer.objects.exists()


def test_the_statement_is_shown_and_handed_over_as_it_was_frozen(
    offer: Offer, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)

    whole = _text(client, _url("statement", offer.pk))
    part = _part(client, _url("statement", offer.pk))
    pdf = client.get(_url("pdf", offer.pk))

    assert "Key Facts Statement" in whole
    assert "<html" not in part
    assert pdf.content == bytes(Letter.objects.get(pk=offer.letter_id).pdf or b"")
    assert "attachment" in pdf["Content-Disposition"]
    assert Event.objects.filter(verb="letters.opened").count() == 3


def test_who_only_reads_sees_no_buttons_and_does_nothing(
    offer: Offer,
    bob: User,
    make_person: Callable[..., User],
    nashik: Branch,
    signed_in: SignedIn,
) -> None:
    olga = make_person("Olga", "loan_officer", branch=nashik)
    page = _text(signed_in(bob), _url("detail", offer.pk))
    assert "Record the acceptance" not in page
    assert "Take it back" not in page

    for name in ("accept", "decline", "withdraw", "step_back"):
        assert signed_in(bob).post(_url(name, offer.pk)).status_code == 403
        assert signed_in(olga).post(_url(name, offer.pk)).status_code == 404
    assert signed_in(olga).get(_url("detail", offer.pk)).status_code == 404
    assert signed_in(olga).get(_url("pdf", offer.pk)).status_code == 404
    assert Client().get(_url("detail", offer.pk)).status_code == 302
    offer.refresh_from_db()
    assert offer.status == "offered"


def test_it_is_withdrawn_with_a_reason_or_declined(
    alice: User, approved: Application, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    first = factories.made(alice, approved)
    assert client.post(_url("withdraw", first.pk), {"reason": ""}).status_code == 422
    client.post(_url("withdraw", first.pk), {"reason": "A wrong day."})
    second = factories.made(alice, approved)
    client.post(_url("decline", second.pk))

    states = list(Offer.objects.order_by("sequence").values_list("status", flat=True))
    assert states == ["withdrawn", "declined"]
    assert "A wrong day." in _text(client, _url("detail", first.pk))


def test_the_list_shows_what_waits_and_what_expires_soon(
    offer: Offer, alice: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(alice)
    assert offer.number in _text(client, _url("list"))
    assert offer.number not in _text(client, _url("list") + "?show=soon")
    assert client.get(_url("count")).content == b"1"

    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=7))
    client = signed_in(alice)
    soon = _text(client, _url("list") + "?show=soon")

    assert offer.number in soon
    assert "Last day" in soon
    assert "status--warning" in soon


def test_an_offer_past_its_day_is_shown_as_expired_before_the_clock_ends_it(
    offer: Offer, alice: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=8))

    page = _text(signed_in(alice), _url("detail", offer.pk))

    assert "Expired" in page
    assert "The applicant accepts" not in page


def test_the_list_asks_as_much_for_many_as_for_one(
    alice: User, approved: Application, signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(alice)
    factories.made(alice, approved)
    for _one in range(3):
        factories.made(alice, factories.approved(alice))
    client.get(_url("list"))

    with django_assert_max_num_queries(16):
        text = _text(client, _url("list"))

    assert text.count("data-row") == 4


def test_what_stepping_back_costs_is_shown_after_the_payment(
    alice: User, approved: Application, signed_in: SignedIn
) -> None:
    offer = factories.accepted(alice, approved)
    services.take_up(offer=offer, actor=alice, now=NOW)
    services.paid_out(offer=offer, actor=alice, day=factories.TODAY, now=NOW)

    page = _text(signed_in(alice), _url("detail", offer.pk))

    # On the day of the payment: 199,500 and the 400 that are kept.
    assert "₹1,99,900.00" in page
    assert "23 Nov 2026, 23:59 (Asia/Kolkata)" in page


def _post(client: Client, name: str, *args: object, **body: Any) -> Any:
    return client.post(
        reverse(f"api:{name}", args=args), json.dumps(body), content_type="application/json"
    )


def test_the_api_makes_reads_lists_and_records(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)

    made = _post(client, "offers", application=str(approved.pk))
    key = made.json()["id"]
    more = _post(client, "offers", application=str(approved.pk), principal="250000")
    listed = client.get(reverse("api:offers")).json()
    nothing = _post(client, "offer_accept", key, channel="link", reference="x", acknowledged=True)
    done = _post(
        client, "offer_accept", key, channel="phone", reference="Call 9", acknowledged=True
    )

    assert made.status_code == 201
    told = made.json()
    assert (told["instalment"], told["valid_until"]) == ("9793.00", "2026-11-27")
    assert told["key_facts"]["kept_on_exit"] == ["processing", "stamping"]
    assert (more.status_code, more.json()["code"]) == (409, "beyond_decision")
    assert [one["id"] for one in listed["results"]] == [key]
    assert (nothing.status_code, list(nothing.json()["fields"])) == (400, ["channel"])
    assert (done.status_code, done.json()["state"]) == (200, "accepted")
    assert client.get(reverse("api:offer", args=[key])).json()["accepted_via"] == "phone"


def test_the_api_refuses_and_changes_nothing(
    offer: Offer, bob: User, alice: User, signed_in: SignedIn
) -> None:
    reader, officer = signed_in(bob), signed_in(alice)

    forbidden = _post(reader, "offer_decline", offer.pk)
    unknown = _post(officer, "offer_decline", uuid4())
    unpaid = officer.get(reverse("api:offer_exit", args=[offer.pk]))
    no_reason = _post(officer, "offer_withdraw", offer.pk, reason=" ")
    no_view = officer.get(reverse("api:offers"), {"show": "\x00"})

    assert [one.status_code for one in (forbidden, unknown, unpaid, no_reason, no_view)] == [
        *(403, 404),
        *(409, 400, 400),
    ]
    offer.refresh_from_db()
    assert offer.status == "offered"
    assert _post(officer, "offer_withdraw", offer.pk, reason="Why not.").status_code == 200
    assert _post(officer, "offer_exit", offer.pk).json()["code"] == "offer_ended"


def test_a_quote_of_the_loan_says_what_its_offer_says(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    asked = client.get(_url("quote", approved.pk), follow=True)
    offer = factories.made(alice, approved, principal=Decimal(150_000))
    offered = client.get(_url("quote", approved.pk), follow=True)

    ((before,), (after,)) = asked.context["offers"], offered.context["offers"]
    assert before.quote.schedule.terms.principal == Decimal(200_000)
    assert before.quote.schedule.net_disbursed == Decimal(199_500)
    assert before.quote.schedule.rows[0].instalment == Decimal(9_793)
    schedule = after.quote.schedule
    assert (schedule.net_disbursed, schedule.total_payable) == (
        offer.net_disbursed,
        offer.total_payable,
    )
    assert [row.instalment for row in schedule.rows] == [
        Decimal(row["instalment"]) for row in offer.key_facts["schedule"]
    ]
    assert round(cost.apr(schedule), 8) == offer.apr
