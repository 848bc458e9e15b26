"""The loan pages show a person what is theirs, page by page, in a constant number of queries."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from apps.accounts.models import Branch, User
from apps.loans.models import Loan
from apps.loans.tests.factories import us_platform
from apps.loans.tests.test_import_tape import run, write
from apps.loans.tests.test_mapping import line

Browser = Callable[[User], Client]


@pytest.fixture
def online(tmp_path: Path, db: None) -> Branch:
    """A branch with 30 loans, every third in default."""
    branch = us_platform()
    lines = [
        line(
            loan_no=str(number),
            issue_d=f"2010-{number % 12 + 1:02}-01",
            loan_status="Charged Off" if number % 3 == 0 else "Fully Paid",
        )
        for number in range(1, 31)
    ]
    run(write(tmp_path, *lines), tmp_path / "rejects.csv")
    return branch


@pytest.fixture
def olive(make_person: Callable[..., User], online: Branch) -> User:
    return make_person("Olive", "loan_officer", branch=online)


def numbers(page: str) -> list[str]:
    """Return the loan numbers of a list, in order."""
    return [part[:11] for part in page.split('">')[1:] if part.startswith("LC-L-")]


def test_it_pages_through_all_loans_once(signed_in: Browser, olive: User) -> None:
    browser = signed_in(olive)

    first = browser.get("/loans/")
    after = first.context["page"].after
    second = browser.get("/loans/", {"after": after})
    back = browser.get("/loans/", {"before": second.context["page"].before})

    shown = numbers(first.text) + numbers(second.text)
    expected = Loan.objects.order_by("-opened_date", "-id").values_list("number", flat=True)
    assert shown == list(expected)
    assert second.context["page"].after == ""
    assert numbers(back.text) == numbers(first.text)
    assert back.context["page"].before == ""


def test_it_narrows_the_list_by_outcome(signed_in: Browser, olive: User) -> None:
    page = signed_in(olive).get("/loans/", {"outcome": "defaulted"})

    assert len(numbers(page.text)) == 10


@pytest.mark.parametrize("position", ["%%%", "WzFd", "bnVsbA", "WyJhIiwiYiJd", "x" * 5000])
def test_it_answers_an_unknown_position_with_a_sentence(
    signed_in: Browser, olive: User, position: str
) -> None:
    answer = signed_in(olive).get("/loans/", {"after": position})

    assert answer.status_code == 400
    assert "Go back to its beginning" in answer.text


def test_it_needs_no_more_queries_for_more_loans(
    signed_in: Browser,
    olive: User,
    django_assert_max_num_queries: Callable[[int], object],
) -> None:
    browser = signed_in(olive)
    browser.get("/loans/")

    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        browser.get("/loans/")


def test_it_hides_a_loan_of_another_branch(signed_in: Browser, alice: User, online: Branch) -> None:
    loan = Loan.objects.earliest("number")

    assert signed_in(alice).get(f"/loans/{loan.pk}/").status_code == 404
    assert numbers(signed_in(alice).get("/loans/").text) == []


def test_it_refuses_a_role_that_has_no_business_with_loans(
    signed_in: Browser, diana: User, online: Branch
) -> None:
    answer = signed_in(diana).get("/loans/")

    assert answer.status_code == 403
    assert "Your role does not allow this" in answer.text


def test_it_shows_a_loan_and_its_outcome(signed_in: Browser, olive: User) -> None:
    loan = Loan.objects.get(number="LC-L-000003")

    page = signed_in(olive).get(f"/loans/{loan.pk}/").text

    assert "Charged Off" in page
    assert "$9,195.26" in page
