from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.letters.tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def openings() -> list[tuple[str, str]]:
    events = Event.objects.filter(verb="letters.opened").order_by("id")
    return [(event.actor, event.facts["form"]) for event in events]


def test_the_page_shows_the_frozen_letter_and_its_proof(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    letter = factories.frozen(alice, pune)

    response = signed_in(alice).get(reverse("letters:detail", args=[letter.pk]))

    page = response.content.decode()
    assert response.status_code == 200
    assert bytes(letter.html or b"").decode() in page
    assert "Verified" in page
    assert "byte for byte" in page
    assert letter.html_sha256 in page
    assert letter.pdf_sha256 in page
    assert "2027-02" in page
    assert "data-print" in page
    assert openings() == [(f"accounts.user:{alice.pk}", "page")]


def test_a_hostile_name_stays_text_on_the_page(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    facts = factories.refusal(applicant_name="<script>alert(1)</script>")
    letter = factories.frozen(alice, pune, facts)

    page = signed_in(alice).get(reverse("letters:detail", args=[letter.pk])).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_pdf_comes_as_a_file_and_never_inside_a_page(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    letter = factories.frozen(alice, pune)

    response = signed_in(alice).get(reverse("letters:pdf", args=[letter.pk]))

    assert response.status_code == 200
    assert response.content == letter.pdf
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'attachment; filename="letter-{letter.pk}.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store, private"
    assert openings() == [(f"accounts.user:{alice.pk}", "pdf")]


def test_staff_do_not_read_the_applicants_own_address(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    link = "https://credit.example.org/my/c2VjcmV0~a&b/"
    letter = factories.frozen(alice, pune, factories.refusal(review_link=link))
    assert b"c2VjcmV0" in bytes(letter.html or b"")

    page = signed_in(alice).get(reverse("letters:detail", args=[letter.pk])).content.decode()

    assert "c2VjcmV0" not in page
    assert "(a link for the applicant alone: it stands in their copy)" in page
    assert "Verified" in page


def test_a_damaged_letter_is_not_shown_and_not_handed_over(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    letter = factories.frozen(alice, pune)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE letters_letter SET html = 'forged'::bytea")

    page = signed_in(alice).get(reverse("letters:detail", args=[letter.pk]))
    pdf = signed_in(alice).get(reverse("letters:pdf", args=[letter.pk]))

    assert "This letter cannot be shown" in page.content.decode()
    assert "Does not hold" in page.content.decode()
    assert pdf.status_code == 409
    assert "The stored letter does not match its hash." in pdf.content.decode()
    assert openings() == []


def test_a_letter_that_waits_says_so(alice: User, pune: Branch, signed_in: SignedIn) -> None:
    letter = factories.issue(alice, pune)

    page = signed_in(alice).get(reverse("letters:detail", args=[letter.pk]))
    pdf = signed_in(alice).get(reverse("letters:pdf", args=[letter.pk]))

    assert page.status_code == 200
    assert "The letter is still being prepared." in page.content.decode()
    assert pdf.status_code == 409
    assert openings() == []


@pytest.mark.parametrize("name", ["letters:detail", "letters:pdf"])
def test_a_letter_of_another_branch_is_not_there(
    alice: User,
    pune: Branch,
    nashik: Branch,
    make_person: Callable[..., User],
    signed_in: SignedIn,
    name: str,
) -> None:
    letter = factories.frozen(alice, pune)
    stranger = make_person("Nina", "loan_officer", branch=nashik)

    response = signed_in(stranger).get(reverse(name, args=[letter.pk]))

    assert response.status_code == 404
    assert b"Asha" not in response.content
    assert openings() == []


@pytest.mark.parametrize("name", ["letters:detail", "letters:pdf"])
def test_a_role_without_letters_is_told_so(
    alice: User, rita: User, pune: Branch, signed_in: SignedIn, name: str
) -> None:
    letter = factories.frozen(alice, pune)

    response = signed_in(rita).get(reverse(name, args=[letter.pk]))

    assert response.status_code == 403
    assert openings() == []


def test_a_stranger_goes_to_sign_in(alice: User, pune: Branch, client: Client) -> None:
    letter = factories.frozen(alice, pune)

    response = client.get(reverse("letters:detail", args=[letter.pk]))

    assert response.status_code == 302
    assert openings() == []


def test_the_auditor_may_open_letters_of_every_branch(
    alice: User, amir: User, nashik: Branch, signed_in: SignedIn
) -> None:
    letter = factories.frozen(alice, nashik)

    response = signed_in(amir).get(reverse("letters:detail", args=[letter.pk]))

    assert response.status_code == 200


def test_only_get_is_answered(alice: User, pune: Branch, signed_in: SignedIn) -> None:
    letter = factories.frozen(alice, pune)

    assert signed_in(alice).post(reverse("letters:detail", args=[letter.pk])).status_code == 405


def test_the_case_lists_its_letters_and_looks_again_while_one_waits(
    alice: User,
    pune: Branch,
    nashik: Branch,
    signed_in: SignedIn,
) -> None:
    case = "applications.application:33333333-3333-4333-8333-333333333333"
    frozen = factories.frozen(alice, pune, case=case, subject="decisions.decision:1")
    waiting = factories.issue(alice, pune, case=case, subject="decisions.decision:2")
    factories.issue(alice, pune, subject="decisions.decision:3")
    factories.issue(alice, nashik, case=case, subject="decisions.decision:4")

    response = signed_in(alice).get(
        reverse("letters:of_case"), {"case": case}, headers={"HX-Request": "true"}
    )

    page = response.content.decode()
    assert reverse("letters:detail", args=[frozen.pk]) in page
    assert reverse("letters:pdf", args=[frozen.pk]) in page
    assert str(waiting.pk) not in page
    assert page.count("<li") == 2
    assert 'hx-trigger="every 3s"' in page


def test_the_list_of_a_case_is_no_page_of_its_own(alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).get(reverse("letters:of_case"))

    assert response.status_code == 302
    assert response["Location"] == reverse("applications:list")


@pytest.mark.parametrize("case", ["", "nothing", "'; DROP TABLE letters_letter; --", "\x00"])
def test_a_case_without_letters_says_so(alice: User, signed_in: SignedIn, case: str) -> None:
    response = signed_in(alice).get(
        reverse("letters:of_case"), {"case": case}, headers={"HX-Request": "true"}
    )

    assert response.status_code == 200
    assert "No letter has been issued yet." in response.content.decode()
    assert "hx-trigger" not in response.content.decode()
