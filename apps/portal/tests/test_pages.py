"""The applicant's own pages: what a link opens, and what it does not."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.appeals import services as asking
from apps.appeals.errors import TookPart
from apps.appeals.models import Appeal
from apps.appeals.tests import factories
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import NotPermitted, NotVisible
from apps.core.keyring import keyring
from apps.decisions.tests import factories as decided
from apps.letters import services as letters
from apps.letters.models import Letter
from apps.portal import services, throttle, tokens
from apps.portal.models import Revocation

NOW = factories.LATER
SignedIn = Callable[[User], Client]
FORM = {
    "grounds": ["data_wrong"],
    "statement": "My salary is higher.",
    "net_monthly_income": "60,000",
}


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    yield
    cache.clear()


def _path(application: Application, purpose: str = "appeal", **changes: Any) -> str:
    expires: datetime = changes.get("expires_at", NOW + timedelta(days=30))
    return services.path(tokens.Link(purpose, application.pk, expires, changes.get("series", 0)))


def _form(**changes: Any) -> dict[str, Any]:
    return {**FORM, "key": str(uuid.uuid4()), **changes}


def test_an_applicant_reads_status_reasons_and_what_to_do(declined: Application) -> None:
    answer = Client().get(_path(declined))

    text = answer.content.decode()
    assert answer.status_code == 200
    assert declined.number in text
    assert "Declined" in text
    assert "60 %" in text or "60" in text
    assert "Ask for a review" in text
    assert declined.customer.full_name not in text
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "sessionid" not in answer.cookies
    assert Event.objects.filter(verb="portal.opened", actor="portal:applicant").count() == 1


def test_a_link_opens_no_more_than_it_is_for(declined: Application) -> None:
    Client().get(_path(declined))
    letter = Letter.objects.get()
    letters.render(letter_id=letter.pk, now=NOW)
    by_status, by_letter = _path(declined, "status"), _path(declined, "letter")

    text = Client().get(by_status).content.decode()
    assert "Why it was declined" not in text
    assert "Your letters" not in text
    for wrong in (f"{by_status}letters/{letter.pk}/", f"{by_status}appeal/", f"{by_letter}appeal/"):
        assert Client().get(wrong).status_code == 404
    assert Client().post(f"{by_letter}appeal/", _form()).status_code == 404
    assert not Appeal.objects.exists()
    assert Client().get(f"{by_letter}letters/{letter.pk}/").status_code == 200
    pdf = Client().get(f"{by_letter}letters/{letter.pk}/pdf/")
    assert (pdf.status_code, pdf.content[:4]) == (200, b"%PDF")
    assert Event.objects.filter(verb="portal.letter_opened").count() == 2


def test_no_link_opens_a_letter_of_another_application(declined: Application, alice: User) -> None:
    other = decided.assessed(alice)
    assert other.letter is not None
    letters.render(letter_id=other.letter.pk, now=NOW)

    answer = Client().get(f"{_path(declined)}letters/{other.letter.pk}/")

    assert answer.status_code == 404
    assert not Event.objects.filter(verb="portal.letter_opened").exists()


def test_forged_expired_revoked_and_unknown_links_get_one_and_the_same_page(
    declined: Application, alice: User
) -> None:
    good = _path(declined)
    expired = _path(declined, expires_at=NOW)
    unknown = services.path(tokens.Link("appeal", uuid.uuid4(), NOW + timedelta(days=1), 0))
    revoked = _path(declined)
    forged = good[:-3] + ("AA/" if good[-3:] != "AA/" else "BB/")
    services.revoke_links(actor=alice, application=declined, now=NOW)

    wrong = (expired, unknown, revoked, forged, "/my/x/")
    # Each visitor has a form token of their own; nothing else tells them apart.
    pages = {re.sub(rb'csrf-token" content="\w+"', b"", Client().get(one).content) for one in wrong}
    posted = [Client().post(f"{one}appeal/", _form()) for one in wrong]

    assert len(pages) == 1
    assert b"This link does not work" in pages.pop()
    assert {one.status_code for one in posted} == {404}
    assert not Appeal.objects.exists()
    assert Client().get(_path(declined, series=1)).status_code == 200


def test_whoever_guesses_is_slowed_down(declined: Application) -> None:
    client = Client()
    for _guess in range(throttle.WRONG_LINKS):
        client.get("/my/guess/")

    assert client.get("/my/guess/").status_code == 429
    assert client.get(_path(declined)).status_code == 429
    assert Client(REMOTE_ADDR="198.51.100.7").get(_path(declined)).status_code == 200


def test_an_applicant_asks_for_a_review_without_signing_in(declined: Application) -> None:
    slip = SimpleUploadedFile("slip.pdf", factories.PDF, "application/pdf")
    path = _path(declined)

    answer = Client().post(f"{path}appeal/", _form(file_1=slip))

    assert (answer.status_code, answer["Location"]) == (302, f"{path}appeal/")
    appeal = Appeal.objects.get()
    assert (appeal.channel, appeal.registered_by, appeal.status) == ("link", None, "acknowledged")
    assert appeal.statement == "My salary is higher."
    assert appeal.corrections.get().claimed == "60000.00"
    assert appeal.evidence.get().filename == "slip.pdf"
    text = Client().get(f"{path}appeal/").content.decode()
    assert "20 December 2026" in text
    assert Event.objects.get(verb="appeals.received").actor == "portal:applicant"


def test_a_link_used_again_shows_the_appeal_and_asks_nothing_twice(declined: Application) -> None:
    path, form = _path(declined), _form()
    Client().post(f"{path}appeal/", form)

    again = Client().post(f"{path}appeal/", form)
    another = Client().post(f"{path}appeal/", _form(statement="Once more."))

    assert (again.status_code, another.status_code) == (200, 200)
    assert "Waits for a person" in another.content.decode()
    assert Appeal.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"grounds": []}, "Choose at least one."),
        ({"statement": " "}, "Say in a few words"),
        ({"net_monthly_income": "a lot"}, "Enter a number."),
        ({"net_monthly_income": "-5"}, "This cannot be less than zero."),
        ({"net_monthly_income": ""}, "Say which data are wrong"),
        ({"home": "castle"}, "castle"),
    ],
    ids=["no-ground", "no-words", "no-number", "negative", "nothing-wrong", "no-choice"],
)
def test_an_incomplete_appeal_is_shown_again(
    declined: Application, changes: dict[str, Any], sentence: str
) -> None:
    answer = Client().post(f"{_path(declined)}appeal/", _form(**changes))

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Appeal.objects.exists()


def test_a_file_that_is_no_paper_is_refused(declined: Application) -> None:
    script = SimpleUploadedFile("slip.pdf", b"<script>alert(1)</script>", "application/pdf")

    answer = Client().post(f"{_path(declined)}appeal/", _form(file_1=script))

    assert answer.status_code == 422
    assert not Appeal.objects.exists()


def test_a_huge_body_is_not_read(declined: Application) -> None:
    answer = Client().post(
        f"{_path(declined)}appeal/", _form(), headers={"Content-Length": str(200 * 1_048_576)}
    )

    assert answer.status_code == 413
    assert not Appeal.objects.exists()


def test_a_form_without_its_token_is_refused(declined: Application) -> None:
    answer = Client(enforce_csrf_checks=True).post(f"{_path(declined)}appeal/", _form())

    assert answer.status_code == 403
    assert not Appeal.objects.exists()


def test_after_the_last_day_nobody_can_ask(
    declined: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _path(declined, expires_at=NOW + timedelta(days=60))
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=31))

    answer = Client().get(f"{path}appeal/")
    posted = Client().post(f"{path}appeal/", _form())

    assert "The last day to ask for a review was 20 December 2026." in answer.content.decode()
    assert posted.status_code == 200
    assert not Appeal.objects.exists()


def test_it_speaks_the_applicants_language_and_another_on_request(declined: Application) -> None:
    declined.customer.language = "hi"
    declined.customer.save()

    assert '<html lang="hi">' in Client().get(_path(declined)).content.decode()
    assert '<html lang="sw">' in Client().get(f"{_path(declined)}?language=sw").content.decode()
    assert '<html lang="hi">' in Client().get(f"{_path(declined)}?language=xx").content.decode()


def test_its_days_are_those_of_the_lender(declined: Application, bob: User) -> None:
    appeal = factories.held(declined, bob)
    # Half past one of the next day in India.
    evening = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    asking.answer(actor=bob, appeal=appeal, given=factories.uphold(), now=evening)

    text = Client().get(_path(declined)).content.decode()

    assert "<dt>Answered on</dt><dd>21 November 2026</dd>" in text


def test_an_officer_makes_and_revokes_links(
    declined: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    made = client.post(
        reverse("portal:issue", args=[declined.pk]),
        {"purpose": "letter"},
        headers={"HX-Request": "true"},
    ).content.decode()
    path = made.split("http://testserver")[1].split('"')[0].split("<")[0]

    assert Client().get(path).status_code == 200
    client.post(reverse("portal:revoke", args=[declined.pk]))
    assert Client().get(path).status_code == 404
    assert Revocation.objects.get().revoked_by == alice
    event = Event.objects.get(verb="portal.link_issued")
    assert path.split("/")[2] not in str(event.facts)


def test_who_made_a_link_does_not_answer_the_appeal_that_came_by_it(
    declined: Application, bob: User, dora: User
) -> None:
    services.issue_link(actor=bob, application=declined, purpose="appeal", now=NOW)
    asked = factories.asked(grounds=("unfair",), claims=(), files=())
    later = NOW + timedelta(minutes=1)
    appeal = asking.ask(actor=None, application=declined, asked=asked, now=later)

    with pytest.raises(TookPart):
        asking.assign(actor=bob, appeal=appeal, person=bob, now=NOW)
    with pytest.raises(IntegrityError, match="independent"), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(status="assigned", reviewer=bob, assigned_at=NOW)

    appeal.refresh_from_db()
    assert appeal.reviewer is None
    assert asking.assign(actor=dora, appeal=appeal, person=dora, now=NOW).reviewer == dora


def test_nobody_else_makes_links(
    declined: Application, amir: User, make_person: Callable[..., User], nashik: Branch
) -> None:
    elsewhere = make_person("Olga", "loan_officer", branch=nashik)

    for person, refusal in ((amir, NotPermitted), (elsewhere, NotVisible)):
        with pytest.raises(refusal):
            services.issue_link(actor=person, application=declined, purpose="status", now=NOW)
        with pytest.raises(refusal):
            services.revoke_links(actor=person, application=declined, now=NOW)

    assert not Revocation.objects.exists()


def test_letters_carry_a_link_where_the_public_address_is_known(
    alice: User, stage: object, settings: Any
) -> None:
    settings.PUBLIC_ADDRESS = "https://credit.example.org/"
    made = decided.assessed(alice, borrower={"employment": {"net_monthly_income": Decimal(12_000)}})

    assert made.letter is not None
    address = made.letter.facts["review_link"]
    token = address.removeprefix("https://credit.example.org/my/").strip("/")
    link = tokens.read(token, keyring())
    assert (link.purpose, link.application, link.series) == ("appeal", made.application_id, 0)
    assert link.expires_at.isoformat() == "2026-12-20T18:29:59+00:00"
    granted = decided.assessed(alice).letter
    assert granted is not None
    # What was granted as asked cannot be appealed against.
    assert (granted.kind, granted.facts["review_link"]) == ("approved", "")
