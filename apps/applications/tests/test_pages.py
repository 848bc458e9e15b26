"""The pages: worklist, form with what-if, case page, and what they say when something is wrong."""

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.applications import services
from apps.applications.models import Application, Collateral, Guarantor
from apps.applications.tests import factories
from apps.products.tests import factories as products

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def terms(**changes: str) -> dict[str, str]:
    return {
        "product": "sahyadri-personal",
        "amount": "2,00,000.00",
        "term_months": "24",
        "purpose": "medical",
        "purpose_note": "Operation of the mother",
        "token": "form-1",
        **changes,
    }


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    """Alice's browser; her lender offers the personal loan."""
    products.personal_loan(alice.branch.entity)
    return signed_in(alice)


def test_it_takes_an_application_from_the_form(browser: Client, alice: User, pune: Branch) -> None:
    customer = factories.borrower(pune)

    answer = browser.post(reverse("applications:create", args=[customer.pk]), terms())

    taken = Application.objects.get()
    assert answer.url == reverse("applications:detail", args=[taken.pk])
    assert taken.amount == Decimal(200_000)
    assert taken.taken_by == alice
    assert taken.status == "draft"


def test_it_makes_one_application_of_a_form_sent_twice(browser: Client, pune: Branch) -> None:
    url = reverse("applications:create", args=[factories.borrower(pune).pk])
    first = browser.post(url, terms())

    second = browser.post(url, terms())

    assert second.url == first.url
    assert Application.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("amount", "24999", "Between ₹25,000.00 and ₹15,00,000.00 for this product."),
        *(
            ("amount", typed, "an amount from 0.01 to 9,999,999,999,999,999.99 in digits, with")
            for typed in ("NaN", "1e400", "-5", "100000.001", "1" * 17)
        ),
        ("term_months", "61", "Between 6 and 60 months for this product."),
        ("term_months", "9" * 40, "Write a whole number from 1 to 480."),
        ("purpose", "gambling", "is not one of the available choices"),
        ("product", "no-such", "Select a valid choice."),
        ("purpose_note", "x" * 301, "Ensure this value has at most 300 characters"),
        ("purpose_note", "nul\x00", "Null characters are not allowed."),
    ],
)
def test_it_keeps_the_form_and_says_what_is_wrong(
    browser: Client, pune: Branch, field: str, value: str, sentence: str
) -> None:
    customer = factories.borrower(pune)

    answer = browser.post(
        reverse("applications:create", args=[customer.pk]), terms(**{field: value})
    )

    assert answer.status_code in {400, 422}
    assert sentence in answer.content.decode()
    assert "Operation of the mother" in answer.content.decode() or field == "purpose_note"
    assert not Application.objects.exists()


def test_it_picks_no_product_and_no_purpose_beforehand(browser: Client, pune: Branch) -> None:
    url = reverse("applications:create", args=[factories.borrower(pune).pk])

    form = browser.get(url).context["form"]
    answer = browser.post(url, terms(product="", purpose=""))

    assert form["product"].value() is None
    assert next(iter(form.fields["product"].choices)) == ("", "Choose …")
    assert form.fields["purpose"].choices[0] == ("", "Choose …")
    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        name: ["This field is required."] for name in ("product", "purpose")
    }
    assert not Application.objects.exists()


def test_it_shows_the_bounds_of_another_product_without_losing_anything(
    browser: Client, pune: Branch
) -> None:
    products.vehicle_loan(pune.entity)
    customer = factories.borrower(pune)
    given = terms(product="sahyadri-vehicle", recalculate="1")

    answer = browser.post(reverse("applications:create", args=[customer.pk]), given)

    form = answer.context["form"]
    assert answer.status_code == 200
    assert form.chosen.code == "sahyadri-vehicle"
    assert form["purpose_note"].value() == "Operation of the mother"
    assert [value for value, _label in form.fields["purpose"].choices] == ["", "car"]
    assert not Application.objects.exists()


def test_it_answers_the_slider_with_the_working(browser: Client, pune: Branch) -> None:
    customer = factories.borrower(pune)

    answer = browser.get(
        reverse("applications:what_if", args=[customer.pk]),
        {
            "product": "sahyadri-personal",
            "amount": "200000",
            "term_months": "24",
            "slider_amount": "300000",
        },
        headers={"HX-Request": "true", "HX-Trigger-Name": "slider_amount"},
    )

    page = answer.content.decode()
    # 300,000 at 16 % over 24 months is 14,688.93 a month; net income is 60,000.
    assert "₹14,688.93" in page
    assert answer.context["tried"].foir.value == Decimal("14688.93") / 60_000
    assert 'value="300000"' in page
    assert 'hx-swap-oob="true"' in page


@pytest.mark.parametrize("amount", ["", "abc", "NaN", "1e999", "-1", "9" * 60])
def test_it_answers_nonsense_with_a_sentence(browser: Client, pune: Branch, amount: str) -> None:
    customer = factories.borrower(pune)

    answer = browser.get(
        reverse("applications:what_if", args=[customer.pk]),
        {"product": "sahyadri-personal", "amount": amount, "term_months": "24"},
    )

    assert answer.status_code == 200
    assert "Enter an amount and a term" in answer.content.decode()


def test_it_refuses_a_change_made_on_an_old_page(
    browser: Client, alice: User, pune: Branch
) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    seen = taken.version
    url = reverse("applications:change", args=[taken.pk])
    browser.post(url, terms(amount="250000", version=seen))

    answer = browser.post(url, terms(amount="300000", version=seen))

    assert answer.status_code == 409
    assert "Somebody else has changed this application" in answer.content.decode()
    assert "300000" in answer.content.decode()
    assert Application.objects.get().amount == Decimal(250_000)


@pytest.mark.parametrize("state", ["approved", "declined", "in_review"])
def test_it_does_not_say_that_a_decided_application_is_being_assessed(
    browser: Client, alice: User, pune: Branch, state: str
) -> None:
    decided = factories.in_state(alice, factories.borrower(pune), state)

    answer = browser.post(reverse("applications:submit", args=[decided.pk]), follow=True)

    page = answer.content.decode()
    assert "This application was submitted before; its outcome stands below." in page
    assert "is being assessed" not in page
    assert Application.objects.get().status == state


@pytest.mark.parametrize(
    ("state", "waits"), [("submitted", True), ("scored", True), ("approved", False)]
)
def test_it_reloads_the_page_for_an_outcome_that_came_before_the_panel(
    browser: Client, alice: User, pune: Branch, state: str, waits: bool
) -> None:
    shown = factories.in_state(alice, factories.borrower(pune), state)

    page = browser.get(reverse("applications:detail", args=[shown.pk])).content.decode()

    panel = reverse("decisions:application_panel", args=[shown.pk])
    assert (f'hx-get="{panel}?waiting=1"' in page) is waits
    assert (f'hx-get="{panel}"' in page) is not waits


def test_it_submits_from_the_case_page(browser: Client, alice: User, pune: Branch) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    page = browser.get(reverse("applications:detail", args=[taken.pk]))

    answer = browser.post(
        reverse("applications:submit", args=[taken.pk]),
        {"version": page.context["application"].version},
        follow=True,
    )

    assert "The application is submitted and is being assessed." in answer.content.decode()
    assert Application.objects.get().status == "submitted"


def test_it_lists_what_is_missing_on_the_case_page(
    browser: Client, alice: User, pune: Branch
) -> None:
    taken = factories.application(alice, factories.borrower_without_facts(pune))

    page = browser.get(reverse("applications:detail", args=[taken.pk])).content.decode()

    assert "Record the customer&#x27;s work and income first." in page
    assert reverse("applications:submit", args=[taken.pk]) not in page


def test_it_records_collateral_and_a_guarantor(browser: Client, alice: User, pune: Branch) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    friend = factories.borrower(pune)

    browser.post(
        reverse("applications:add_collateral", args=[taken.pk]),
        {
            "kind": "vehicle",
            "description": "Hatchback",
            "price": "320000",
            "valuation": "3,00,000",
            "valued_date": "2026-11-01",
        },
    )
    browser.post(
        reverse("applications:add_guarantor", args=[taken.pk]),
        {"customer": friend.number, "amount": "100000", "relationship": "Brother"},
    )

    assert Collateral.objects.get().value == Decimal(300_000)
    assert Guarantor.objects.get().customer == friend
    page = browser.get(reverse("applications:detail", args=[taken.pk])).content.decode()
    assert "₹3,00,000.00" in page
    assert "Brother" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"valuation": "0"}, "Write an amount from 0.01 to"),
        ({"kind": "promise"}, "is not one of the available choices"),
        ({"valued_date": "2099-01-01"}, "A valuation cannot lie in the future."),
        ({"valued_date": "2999-01-01"}, "Check the year."),
        ({"valued_date": "1900-01-01"}, "more than 50 years old"),
        ({"description": "x" * 201}, "at most 200 characters"),
    ],
)
def test_it_keeps_a_wrong_collateral_out(
    browser: Client, alice: User, pune: Branch, changes: dict[str, str], sentence: str
) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    given = {
        "kind": "vehicle",
        "description": "Hatchback",
        "valuation": "300000",
        "valued_date": "2026-11-01",
    }

    answer = browser.post(
        reverse("applications:add_collateral", args=[taken.pk]), {**given, **changes}
    )

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Collateral.objects.exists()


def test_it_keeps_the_borrower_from_guaranteeing_the_own_loan(
    browser: Client, alice: User, pune: Branch
) -> None:
    customer = factories.borrower(pune)
    taken = factories.application(alice, customer)

    answer = browser.post(
        reverse("applications:add_guarantor", args=[taken.pk]),
        {"customer": customer.number, "amount": "100000"},
    )

    assert "Nobody can guarantee their own loan." in answer.content.decode()
    assert not Guarantor.objects.exists()


def test_it_hides_the_case_of_another_branch(
    make_person: Callable[..., User], alice: User, nashik: Branch, pune: Branch, signed_in: SignedIn
) -> None:
    nina = make_person("Nina", "loan_officer", branch=nashik)
    taken = factories.application(alice, factories.borrower(pune))
    stranger = signed_in(nina)

    seen = stranger.get(reverse("applications:detail", args=[taken.pk]))
    done = stranger.post(reverse("applications:submit", args=[taken.pk]))

    assert (seen.status_code, done.status_code) == (404, 404)
    assert Application.objects.get().status == "draft"


def test_it_gives_the_reviewer_the_page_without_the_officers_buttons(
    alice: User, bob: User, pune: Branch, signed_in: SignedIn
) -> None:
    taken = factories.submitted(alice, factories.borrower(pune))
    reviewer = signed_in(bob)

    page = reviewer.get(reverse("applications:detail", args=[taken.pk]))
    refused = reviewer.post(reverse("applications:withdraw", args=[taken.pk]))

    assert reverse("applications:withdraw", args=[taken.pk]) not in page.content.decode()
    assert refused.status_code == 403
    assert Application.objects.get().status == "submitted"


def test_it_hides_names_from_who_may_not_see_customers(
    alice: User, rita: User, pune: Branch, signed_in: SignedIn
) -> None:
    taken = factories.application(alice, factories.borrower(pune, full_name="Ravi Kulkarni"))
    analyst = signed_in(rita)

    case = analyst.get(reverse("applications:detail", args=[taken.pk])).content.decode()
    listed = analyst.get(reverse("applications:list")).content.decode()

    assert taken.number in case
    assert taken.number in listed
    assert "Kulkarni" not in case + listed


def test_it_lists_with_the_same_number_of_queries_however_many_there_are(
    browser: Client, alice: User, pune: Branch
) -> None:
    url = reverse("applications:list")
    for _ in range(2):
        factories.application(alice, factories.borrower(pune))
    browser.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get(url)
    for _ in range(6):
        factories.application(alice, factories.borrower(pune))

    with CaptureQueriesContext(connection) as many:
        browser.get(url)

    assert len(many) == len(few)


def test_it_filters_by_what_the_address_says(
    browser: Client, alice: User, pune: Branch, make_person: Callable[..., User]
) -> None:
    eve = make_person("Eve", "loan_officer")
    mine = factories.application(alice, factories.borrower(pune))
    hers = factories.submitted(eve, factories.borrower(pune))
    url = reverse("applications:list")

    def listed(**query: str) -> set[str]:
        page = browser.get(url, query).context["page"]
        return {application.number for application in page.rows}

    assert listed() == {mine.number, hers.number}
    assert listed(status="draft") == {mine.number}
    assert listed(own="on") == {mine.number}
    assert listed(text=hers.number.lower()) == {hers.number}
    assert listed(text=mine.customer.number) == {mine.number}
    assert listed(branch=str(uuid4())) == {mine.number, hers.number}
    assert listed(status="no-such-state") == {mine.number, hers.number}
    assert listed(text="nobody") == set()


def test_it_says_that_a_damaged_page_address_is_damaged(browser: Client) -> None:
    answer = browser.get(reverse("applications:list"), {"after": "no cursor"})

    assert answer.status_code == 400
    assert "This page of the list is not there." in answer.content.decode()


def test_it_withdraws_with_a_reason_only(browser: Client, alice: User, pune: Branch) -> None:
    taken = factories.submitted(alice, factories.borrower(pune))
    url = reverse("applications:withdraw", args=[taken.pk])

    refused = browser.post(url, {"reason": "because"}, follow=True)
    assert "Choose why the application is withdrawn." in refused.content.decode()
    assert Application.objects.get().status == "submitted"

    browser.post(url, {"reason": services.WithdrawalReason.CUSTOMER_ASKED})
    assert Application.objects.get().status == "withdrawn"


def test_it_leads_to_a_quote_of_the_loan_asked_for(
    browser: Client, alice: User, pune: Branch
) -> None:
    customer = factories.borrower(pune)
    browser.post(reverse("applications:create", args=[customer.pk]), terms())
    page = browser.get(reverse("applications:detail", args=[Application.objects.get().pk]))
    link = reverse("offers:quote", args=[Application.objects.get().pk])

    quote = browser.get(link, follow=True)

    assert link in page.content.decode()
    (offer,) = quote.context["offers"]
    assert offer.quote is not None
    asked = offer.quote.schedule.terms
    assert (asked.principal, asked.instalments, asked.currency) == (200_000, 24, "INR")
    assert asked.annual_rate == Application.objects.get().annual_rate
