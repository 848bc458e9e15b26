"""Which letters wait, how late they are, and what people do about them: pages and API."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.letters import selectors, services, standing
from apps.letters.models import Letter
from apps.letters.tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
# The letters of these tests run from 18 November 2026: the last day is 18 December.
DUE, SOON, LATE, OVER = (date(2026, 12, day) for day in (8, 9, 14, 19))


def letters(alice: User, branch: Branch, count: int = 1) -> list[Letter]:
    return [
        factories.frozen(alice, branch, subject=f"decisions.decision:{number}")
        for number in range(count)
    ]


def ending(alice: User, pune: Branch, *, days: int) -> Letter:
    """Return a letter whose last day is so many days from today."""
    today = timezone.now().date()
    began = today - timedelta(days=30 - days)
    facts = factories.refusal(
        received_date=began,
        completed_date=began,
        decided_date=max(began, today - timedelta(days=1)),
        review_until=today + timedelta(days=40),
    )
    return factories.frozen(alice, pune, facts, subject=f"decisions.decision:{days}")


@pytest.mark.parametrize(
    ("today", "stage"),
    [(DUE, "due"), (SOON, "soon_late"), (LATE, "late"), (OVER, "overdue")],
)
def test_it_counts_and_shows_each_letter_at_its_stage(
    alice: User, pune: Branch, today: date, stage: str
) -> None:
    [letter] = letters(alice, pune)

    counts = selectors.counts(alice, today=today)

    assert {name: getattr(counts, name) for name in ("due", "soon_late", "late", "overdue")} == {
        **dict.fromkeys(("due", "soon_late", "late", "overdue"), 0),
        stage: 1,
    }
    assert counts.unsent == 1
    assert counts.alarming == (1 if stage in {"late", "overdue"} else 0)
    assert standing.of_letter(letter, today=today).stage == stage
    assert selectors.page(alice, view=stage, today=today).rows == [letter]


def test_a_letter_that_was_sent_is_not_late(alice: User, pune: Branch) -> None:
    [letter] = letters(alice, pune)
    services.record_delivery(actor=alice, letter=letter, channel="hand", now=factories.ISSUED_AT)

    assert selectors.counts(alice, today=OVER).unsent == 0
    assert selectors.page(alice, view="unsent", today=OVER).rows == []
    assert selectors.page(alice, view="sent", today=OVER).rows == [letter]
    assert standing.of_letter(letter, today=OVER).stage == "sent"


def test_the_list_takes_the_same_queries_however_long(
    alice: User, pune: Branch, signed_in: SignedIn, django_assert_num_queries: Any
) -> None:
    letters(alice, pune, 3)
    selectors.page(alice, view="unsent", today=DUE)

    with django_assert_num_queries(3):  # reach, letters, their deliveries
        rows = selectors.page(alice, view="unsent", today=DUE).rows
        assert [standing.of_letter(one, today=DUE).stage for one in rows] == ["due"] * 3


def test_the_list_shows_only_letters_of_the_own_branch(
    alice: User, pune: Branch, nashik: Branch, signed_in: SignedIn
) -> None:
    [own] = letters(alice, pune)
    other = factories.frozen(alice, nashik, subject="decisions.decision:9")

    page = signed_in(alice).get(reverse("letters:list")).content.decode()

    assert reverse("letters:detail", args=[own.pk]) in page
    assert str(other.pk) not in page
    assert "Asha" not in page


def test_it_says_plainly_that_no_mail_goes_out(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    with override_settings(LETTERS_BY_EMAIL=False):
        page = signed_in(alice).get(reverse("letters:list")).content.decode()

    assert "No e-mail is configured here" in page
    assert (
        "No e-mail is configured here"
        not in signed_in(alice).get(reverse("letters:list")).content.decode()
    )


@pytest.mark.parametrize("query", ["?after=x", "?before=%00", "?after=WzFd"])
def test_a_place_that_is_none_is_refused(alice: User, signed_in: SignedIn, query: str) -> None:
    assert signed_in(alice).get(reverse("letters:list") + query).status_code == 400


@pytest.mark.parametrize("view", ["", "sent", "all", "late", "nonsense"])
def test_every_view_answers(alice: User, pune: Branch, signed_in: SignedIn, view: str) -> None:
    letters(alice, pune)

    assert signed_in(alice).get(reverse("letters:list"), {"view": view}).status_code == 200


def test_the_navigation_and_the_start_page_tell_of_late_letters(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    ending(alice, pune, days=3)
    ending(alice, pune, days=-2)
    ending(alice, pune, days=25)
    browser = signed_in(alice)

    home = browser.get(reverse("dashboards:home")).content.decode()

    assert browser.get(reverse("letters:count")).content == b"2"
    assert 'data-count="waiting:letters.late">2<' in home


def test_a_person_records_the_way_on_the_page(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    [letter] = letters(alice, pune)
    browser = signed_in(alice)
    page = browser.get(reverse("letters:detail", args=[letter.pk])).content.decode()
    assert "It was handed over" in page
    assert "No e-mail address is on record." in page

    answer = browser.post(
        reverse("letters:hand_over", args=[letter.pk]), {"channel": "post"}, follow=True
    )

    page = answer.content.decode()
    assert "Recorded. The letter counts as sent." in page
    assert "Sent by post" in page
    assert "It was handed over" not in page


def test_the_case_shows_by_when_its_letter_must_go_out(
    alice: User, pune: Branch, signed_in: SignedIn
) -> None:
    letter = ending(alice, pune, days=3)

    page = (
        signed_in(alice)
        .get(reverse("letters:of_case"), {"case": letter.case}, headers={"HX-Request": "true"})
        .content.decode()
    )

    assert "Late" in page
    assert letter.due_date is not None
    assert f"by {letter.due_date:%-d %b %Y}" in page


@pytest.mark.parametrize("name", ["hand_over", "send_again", "bounced"])
def test_a_reviewer_may_look_but_not_deliver(
    alice: User, bob: User, pune: Branch, signed_in: SignedIn, name: str
) -> None:
    [letter] = letters(alice, pune)
    browser = signed_in(bob)

    answer = browser.post(reverse(f"letters:{name}", args=[letter.pk]), {"channel": "hand"})

    assert answer.status_code == 403
    assert letter.deliveries.filter(status="sent").count() == 0
    page = browser.get(reverse("letters:detail", args=[letter.pk])).content.decode()
    assert "It was handed over" not in page


def test_the_api_lists_reads_and_hands_over(
    alice: User, pune: Branch, nashik: Branch, signed_in: SignedIn
) -> None:
    [letter] = letters(alice, pune)
    elsewhere = factories.frozen(alice, nashik, subject="decisions.decision:9")
    browser = signed_in(alice)

    listed = browser.get("/api/v1/letters").json()
    read = browser.get(f"/api/v1/letters/{letter.pk}").json()
    pdf = browser.get(f"/api/v1/letters/{letter.pk}/pdf")
    done = browser.post(
        f"/api/v1/letters/{letter.pk}/delivered",
        json.dumps({"channel": "hand"}),
        content_type="application/json",
    )

    assert [one["id"] for one in listed["results"]] == [str(letter.pk)]
    assert (listed["before"], listed["after"]) == ("", "")
    assert (read["kind"], read["regime"], read["due_date"]) == ("declined", "india", "2026-12-18")
    assert read["deliveries"][0]["obstacle"] == "no_address"
    assert "facts" not in read
    assert pdf.content == letter.pdf
    assert pdf["Cache-Control"] == "no-store, private"
    assert done.json()["stage"] == "sent"
    assert browser.get(f"/api/v1/letters/{elsewhere.pk}").status_code == 404
    assert browser.get(f"/api/v1/letters/{elsewhere.pk}/pdf").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"channel": "email"}, {"channel": "hand", "when": "now"}, {"channel": None}]
)
def test_the_api_refuses_another_way(
    alice: User, pune: Branch, signed_in: SignedIn, body: dict[str, object]
) -> None:
    [letter] = letters(alice, pune)

    answer = signed_in(alice).post(
        f"/api/v1/letters/{letter.pk}/delivered",
        json.dumps(body),
        content_type="application/json",
    )

    assert answer.status_code == 400
    assert letter.deliveries.filter(status="sent").count() == 0
