"""The applicant's page of an offer: read first, answered once, by the right link only."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.keyring import keyring
from apps.customers.models import Document
from apps.letters import hooks
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.offers import services as offering
from apps.offers.models import Offer
from apps.offers.selectors import holders_named
from apps.offers.tests import factories
from apps.portal import services, throttle, tokens
from apps.scoring.models import ModelVersion
from tests.kept import kept

NOW = factories.LATER
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    yield
    cache.clear()


@pytest.fixture
@kept
def approved(alice: User, stage: ModelVersion) -> Application:
    """An approved application whose product says everything an offer tells."""
    return factories.approved(alice)


@pytest.fixture
@kept
def offer(alice: User, approved: Application) -> Offer:
    """An open offer."""
    return factories.made(alice, approved)


def _path(application: Application, purpose: str = "offer", **changes: Any) -> str:
    expires = changes.get("expires_at", NOW + timedelta(days=30))
    return services.path(tokens.Link(purpose, application.pk, expires, changes.get("series", 0)))


def _yes(offer: Offer, **changes: Any) -> dict[str, Any]:
    return {"acknowledged": "on", "statement_hash": offer.statement_hash, **changes}


def _sure(offer: Offer, prefix: str) -> dict[str, str]:
    return {f"{prefix}-sure": "on", f"{prefix}-statement_hash": offer.statement_hash}


def test_an_applicant_reads_the_statement_and_accepts(offer: Offer) -> None:
    client, path = Client(), _path(offer.application)
    status = client.get(path).content.decode()
    assert "Read and answer the offer" in status

    page = client.get(f"{path}offer/")
    text = page.content.decode()
    # The statement stands before the answer.
    assert text.index("Key Facts Statement") < text.index("Accept the offer")
    assert "You can answer until 27 November 2026" in text
    assert page["Cache-Control"] == "no-store, private"
    done = client.post(f"{path}offer/", _yes(offer))

    offer.refresh_from_db()
    assert (done.status_code, done.url) == (302, f"{path}offer/")
    assert (offer.status, offer.accepted_via) == ("accepted", "link")
    again = client.get(f"{path}offer/").content.decode()
    assert "You have accepted this offer" in again
    assert "Accept the offer" not in again
    assert "I want to step back" in again
    assert client.post(f"{path}offer/", _yes(offer)).status_code == 302
    assert Event.objects.filter(verb="offers.accepted").count() == 1


def test_who_held_a_link_is_kept_with_the_acceptance(
    alice: User, bob: User, approved: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PUBLIC_ADDRESS", "https://loans.example")
    offer = factories.made(alice, approved)
    services.issue_link(actor=alice, application=approved, purpose="letter", now=NOW)
    letters.record_opening(actor=alice, letter=offer.letter, form="page")
    services.issue_link(actor=bob, application=approved, purpose="offer", now=NOW)

    Client().post(f"{_path(approved)}offer/", _yes(offer))

    offer.refresh_from_db()
    assert (offer.accepted_via, offer.link_held_by) == ("link", [bob.pk])
    assert Event.objects.get(verb="offers.accepted").facts["link_held_by"] == [str(bob.pk)]
    assert holders_named(offer) == "Bob"


@pytest.mark.parametrize(("address", "held"), [("https://loans.example", True), ("", False)])
def test_who_took_a_statement_with_a_link_held_it(
    alice: User, approved: Application, monkeypatch: pytest.MonkeyPatch, address: str, held: bool
) -> None:
    monkeypatch.setattr(settings, "PUBLIC_ADDRESS", address)
    offer = factories.made(alice, approved)
    letters.record_opening(actor=alice, letter=offer.letter, form="pdf")

    Client().post(f"{_path(approved)}offer/", _yes(offer))

    offer.refresh_from_db()
    assert (offer.status, offer.link_held_by) == ("accepted", [alice.pk] if held else [])
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(link_held_by=[offer.pk])


def test_no_link_to_answer_is_shown_where_it_goes_to_the_applicant_by_mail(
    alice: User,
    approved: Application,
    signed_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "PUBLIC_ADDRESS", "https://loans.example")
    monkeypatch.setattr(settings, "LETTERS_BY_EMAIL", True)
    monkeypatch.setattr(hooks, "recipient", lambda _case: hooks.Recipient(email="a@b.example"))
    client, address = signed_in(alice), reverse("portal:issue", args=[approved.pk])
    offer = factories.made(alice, approved)

    refused = client.post(address, {"purpose": "offer"}, headers={"HX-Request": "true"})

    assert refused.status_code == 422
    assert "gets this link by e-mail" in refused.content.decode()
    assert "https://loans.example/my/" not in refused.content.decode()
    assert not Event.objects.filter(verb="portal.link_issued").exists()
    # To step back, one is needed for longer than the statement's holds.
    offering.accept_by_applicant(
        offer=offer, acknowledged=True, statement_hash=offer.statement_hash, now=NOW
    )
    assert services.issue_link(actor=alice, application=approved, purpose="offer", now=NOW)


def test_nothing_is_accepted_by_a_look_unread_or_with_another_statement(offer: Offer) -> None:
    client, path = Client(), _path(offer.application)

    client.get(f"{path}offer/?acknowledged=on")
    unread = client.post(f"{path}offer/", _yes(offer, acknowledged=""))
    other = client.post(f"{path}offer/", _yes(offer, statement_hash="0" * 64))
    nothing = client.post(f"{path}offer/", {})

    offer.refresh_from_db()
    assert [one.status_code for one in (unread, other, nothing)] == [422, 409, 422]
    assert "Confirm that you have received" in unread.content.decode()
    assert "Nothing was changed." in other.content.decode()
    assert offer.status == "offered"


@pytest.mark.parametrize("purpose", ["status", "letter", "appeal"])
def test_a_link_for_less_does_not_open_the_offer(offer: Offer, purpose: str) -> None:
    client, path = Client(), _path(offer.application, purpose)

    answers = [
        client.get(f"{path}offer/"),
        client.get(f"{path}offer/pdf/"),
        client.post(f"{path}offer/", _yes(offer)),
        client.post(f"{path}offer/decline/", _sure(offer, "decline")),
        client.post(f"{path}offer/step-back/", _sure(offer, "exit")),
    ]

    offer.refresh_from_db()
    assert {one.status_code for one in answers} == {404}
    assert offer.status == "offered"


def test_revoked_expired_and_forged_links_accept_nothing(alice: User, offer: Offer) -> None:
    good = _path(offer.application)
    expired = _path(offer.application, expires_at=NOW)
    services.revoke_links(actor=alice, application=offer.application, now=NOW)

    for wrong in (good, expired, "/my/x/"):
        assert Client().post(f"{wrong}offer/", _yes(offer)).status_code == 404
    offer.refresh_from_db()
    assert offer.status == "offered"


def test_a_form_without_its_token_is_refused(offer: Offer) -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post(f"{_path(offer.application)}offer/", _yes(offer))

    offer.refresh_from_db()
    assert (answer.status_code, offer.status) == (403, "offered")


def test_whoever_floods_is_slowed_down(offer: Offer) -> None:
    client, path = Client(), _path(offer.application)
    for _time in range(throttle.SENT_FORMS):
        client.post(f"{path}offer/", {})

    assert client.post(f"{path}offer/", _yes(offer)).status_code == 429
    offer.refresh_from_db()
    assert offer.status == "offered"


def test_declining_asks_twice(offer: Offer) -> None:
    client, path = Client(), _path(offer.application)

    unsure = client.post(f"{path}offer/decline/", {"decline-statement_hash": offer.statement_hash})
    offer.refresh_from_db()
    assert (unsure.status_code, offer.status) == (422, "offered")
    client.post(f"{path}offer/decline/", _sure(offer, "decline"))

    offer.refresh_from_db()
    assert offer.status == "declined"
    assert "You have declined this offer" in client.get(f"{path}offer/").content.decode()


def test_an_offer_that_took_the_place_of_the_one_shown_is_not_declined(
    alice: User, offer: Offer
) -> None:
    client, path = Client(), _path(offer.application)
    offering.withdraw(actor=alice, offer=offer, reason="Another day.", now=NOW)
    newer = offering.make(actor=alice, application=offer.application, now=NOW)

    answer = client.post(f"{path}offer/decline/", _sure(offer, "decline"))

    newer.refresh_from_db()
    assert (answer.status_code, newer.status) == (409, "offered")


def test_what_has_ended_says_so_and_changes_nothing(
    alice: User, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = Client(), _path(offer.application)
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=8))
    late = client.post(f"{path}offer/", _yes(offer))
    page = client.get(f"{path}offer/").content.decode()
    assert late.status_code == 409
    assert "valid until" in late.content.decode()
    assert "The time to answer this offer is over" in page
    assert "Accept the offer" not in page
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    offering.withdraw(actor=alice, offer=offer, reason="For our files only.", now=NOW)

    page = client.get(f"{path}offer/").content.decode()
    refused = client.post(f"{path}offer/", _yes(offer))

    offer.refresh_from_db()
    assert (refused.status_code, offer.status) == (409, "withdrawn")
    assert "We have taken this offer back" in page
    # Why is for the lender's own file.
    assert "For our files only." not in page


def test_a_borrower_steps_back_and_sees_what_it_costs(alice: User, offer: Offer) -> None:
    client, path = Client(), _path(offer.application)
    client.post(f"{path}offer/", _yes(offer))
    offering.take_up(offer=offer, actor=alice, now=NOW)
    offering.paid_out(offer=offer, actor=alice, day=factories.TODAY, now=NOW)

    page = client.get(f"{path}offer/").content.decode()
    unsure = client.post(f"{path}offer/step-back/", {})
    other = client.post(
        f"{path}offer/step-back/", {"exit-sure": "on", "exit-statement_hash": "0" * 64}
    )
    offer.refresh_from_db()
    assert (other.status_code, offer.status) == (409, "taken_up")
    client.post(f"{path}offer/step-back/", _sure(offer, "exit"))

    offer.refresh_from_db()
    assert "Today you would pay ₹1,99,900.00" in page
    assert "Until 23 Nov 2026, 23:59 (Asia/Kolkata) you can step back" in page
    assert unsure.status_code == 422
    assert (offer.status, offer.exit_quote["amount"]) == ("exited", "199900.00")
    assert "You have stepped back" in client.get(f"{path}offer/").content.decode()


def test_the_pdf_is_the_one_whose_hash_is_acknowledged(offer: Offer) -> None:
    answer = Client().get(f"{_path(offer.application)}offer/pdf/")

    letter = Letter.objects.get(pk=offer.letter_id)
    assert answer.content == bytes(letter.pdf or b"")
    assert answer["Content-Type"] == "application/pdf"
    assert Event.objects.filter(verb="portal.letter_opened").count() == 1


def test_without_an_offer_there_is_nothing_to_answer(approved: Application) -> None:
    client, path = Client(), _path(approved)

    page = client.get(f"{path}offer/")
    posted = client.post(f"{path}offer/decline/", {"decline-sure": "on"})

    assert "There is no offer yet." in page.content.decode()
    assert posted.status_code == 302
    assert client.get(f"{path}offer/pdf/").status_code == 404


def test_the_language_that_was_chosen_holds_for_answers_and_later_visits(offer: Offer) -> None:
    client, path = Client(), _path(offer.application)
    type(offer.application.customer).objects.update(language="hi")

    pages = [
        client.get(f"{path}offer/"),
        client.get(f"{path}offer/?language=sw"),
        client.post(f"{path}offer/", _yes(offer, acknowledged="")),
        client.post(f"{path}offer/", _yes(offer, statement_hash="0" * 64)),
        client.get(path),
        client.get(f"{path}?language=xx"),
        client.get(f"{path}?language=en"),
        client.get(f"{path}offer/"),
    ]

    spoken = [re.findall(r'<html lang="(..)"', page.content.decode()) for page in pages]
    assert spoken == [[one] for one in ("hi", "sw", "sw", "sw", "sw", "sw", "en", "en")]
    (cookie,) = (one for name, one in client.cookies.items() if name.startswith("language"))
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/my/", True, "Lax")
    assert cookie["max-age"] == timedelta(days=30).total_seconds()
    assert '<html lang="hi"' in Client().get(path).content.decode()


def test_the_statement_carries_the_address_to_answer(
    alice: User, approved: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PUBLIC_ADDRESS", "https://loans.example")

    offer = factories.made(alice, approved)

    html = bytes(Letter.objects.get(pk=offer.letter_id).html or b"").decode()
    found = re.search(r"https://loans\.example/my/([\w.-]+)/", html)
    assert found is not None
    link = tokens.read(found[1], keyring())
    assert (link.purpose, link.application) == ("offer", approved.pk)
    # To the end of the last day in Pune.
    assert link.expires_at.isoformat() == "2026-11-27T18:29:59+00:00"
    # The address opens the offer: no event may hold it.
    assert found[1] not in str(list(Event.objects.values_list("facts", flat=True)))


def test_an_applicant_is_told_which_papers_to_bring_before_accepting(offer: Offer) -> None:
    client, path = Client(), _path(offer.application)
    Document.objects.filter(customer=offer.application.customer, kind="address").delete()

    page = client.get(f"{path}offer/").content.decode()
    posted = client.post(f"{path}offer/", _yes(offer))

    assert "Your branch still needs from you:" in page
    assert "<li>Proof of address</li>" in page
    assert "Proof of identity" not in page
    assert "Accept the offer" not in page
    assert "I do not want this loan" in page
    assert posted.status_code == 409
    assert "your branch needs from you: Proof of address." in posted.content.decode()
    offer.refresh_from_db()
    assert offer.status == "offered"
