"""The pages on which terms are shown, changed and decided in spite of a decline."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.decisions import services
from apps.decisions.models import Decision, Override, ReviewCase
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion
from tests.kept import kept

SignedIn = Callable[[User], Client]
NOW = factories.NOW
ASK = {
    "override-amount": "6,00,000",
    "override-term_months": "24",
    "override-reason": "security_offered",
    "override-note": "Gold worth twice the loan is pledged.",
}


@pytest.fixture
@kept
def declined(alice: User, stage: ModelVersion) -> Application:
    """A declined application of 790,000 over 24 months: too much for the income."""
    decision = factories.assessed(
        alice,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )
    return decision.application


@pytest.fixture
@kept
def approved(alice: User, stage: ModelVersion) -> Application:
    """An approved application of 200,000 over 24 months."""
    return factories.assessed(alice).application


def _get(client: Client, name: str, application: Application) -> str:
    answer = client.get(reverse(f"decisions:{name}", args=[application.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def _post(client: Client, name: str, thing: Any, **data: Any) -> Any:
    return client.post(reverse(f"decisions:{name}", args=[thing.pk]), data)


def test_the_working_shows_price_burden_and_what_would_be_approved(
    declined: Application, alice: User, signed_in: SignedIn
) -> None:
    text = _get(signed_in(alice), "working_panel", declined)

    assert "16.00\u202f% p.a." in text
    assert "₹6,12,000.00" in text
    assert "What would be approved" in text
    assert "as asked" in text
    # 612,000 over 24 months at 16 % takes 29,965 of 50,000 a month.
    assert "59.9\u202f%" in text


def test_a_knock_out_says_that_no_amount_helps(
    alice: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    decision = factories.assessed(alice, borrower={"date_of_birth": date(2007, 1, 1)})

    text = _get(signed_in(alice), "working_panel", decision.application)

    assert "No amount or term alone would be approved" in text


def test_the_price_names_the_band_only_where_the_band_sets_it(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User, signed_in: SignedIn
) -> None:
    written = factories.document(bands=("0.0000001", "0.0000002"))
    for band, addon in zip(written["ladders"][0]["bands"], ("0.01", "0.03", "0"), strict=True):
        band["rate_addon"] = addon
    factories.stage(pune, rita, mark, document=written)
    declined = factories.assessed(alice).application
    before = _get(signed_in(alice), "working_panel", declined)
    asked = services.ask_override(
        actor=alice,
        application=declined,
        entry=services.OverrideEntry(
            terms=services.Terms(Decimal(150_000), 24), reason="programme", note="The board's."
        ),
        now=NOW,
    )
    services.authorise_override(actor=charlie, override=asked, now=NOW)

    after = _get(signed_in(alice), "working_panel", declined)

    assert "Add-on of band C" in before
    assert "Add-on of band C" not in after
    assert "Add-on for risk" in after
    assert "19.00\u202f% p.a." in after


def test_an_officer_changes_a_decided_request(
    approved: Application, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    assert "Less money, no longer" in _get(client, "application_panel", approved)

    answer = _post(client, "change_request", approved, amount="1,50,000", term_months="24")

    approved.refresh_from_db()
    assert answer.status_code == 302
    assert (approved.status, approved.amount) == ("approved", 150_000)


@pytest.mark.parametrize(
    ("amount", "term"),
    [("", "24"), ("NaN", "24"), ("-1", "24"), ("99999999", "24"), ("100000", "x")],
)
def test_a_change_that_makes_no_sense_comes_back(
    approved: Application, alice: User, signed_in: SignedIn, amount: str, term: str
) -> None:
    answer = _post(signed_in(alice), "change_request", approved, amount=amount, term_months=term)

    approved.refresh_from_db()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert (approved.status, approved.amount) == ("approved", 200_000)


def test_others_change_no_request(
    approved: Application,
    bob: User,
    amir: User,
    make_person: Callable[..., User],
    nashik: Branch,
    signed_in: SignedIn,
) -> None:
    olga = make_person("Olga", "loan_officer", branch=nashik)

    for person, status in ((bob, 403), (amir, 403), (olga, 404)):
        client = signed_in(person)
        answer = _post(client, "change_request", approved, amount="100000", term_months="24")
        assert answer.status_code == status

    assert "change-request" not in _get(signed_in(amir), "application_panel", approved)
    approved.refresh_from_db()
    assert approved.amount == 200_000


def test_an_exception_is_asked_for_and_authorised(
    declined: Application, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    assert "Ask for an exception" in _get(client, "application_panel", declined)
    assert _post(client, "ask_override", declined, **ASK).status_code == 302
    asked = Override.objects.get()

    text = _get(signed_in(charlie), "application_panel", declined)
    assert "Gold worth twice the loan is pledged." in text
    assert reverse("decisions:authorise_override", args=[asked.pk]) in text
    assert _post(signed_in(charlie), "authorise_override", asked).status_code == 302

    declined.refresh_from_db()
    assert declined.status == "approved"
    text = _get(signed_in(alice), "application_panel", declined)
    assert "Security or guarantor makes up for it; asked for by Alice" in text
    assert "Binds until" in text


def test_a_refusal_needs_a_note(
    declined: Application, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    _post(signed_in(alice), "ask_override", declined, **ASK)
    asked = Override.objects.get()
    client = signed_in(charlie)

    assert _post(client, "refuse_override", asked).status_code == 422
    asked.refresh_from_db()
    assert asked.status == "asked"
    answer = _post(client, "refuse_override", asked, **{"refusal-note": "Not enough security."})

    asked.refresh_from_db()
    assert (answer.status_code, asked.status) == (302, "refused")
    assert "Not enough security." in _get(signed_in(alice), "application_panel", declined)


def test_an_incomplete_request_comes_back_with_what_was_typed(
    declined: Application, alice: User, signed_in: SignedIn
) -> None:
    for gap in ("override-note", "override-reason", "override-amount"):
        answer = _post(signed_in(alice), "ask_override", declined, **{**ASK, gap: ""})
        assert answer.status_code == 422
    too_much = _post(
        signed_in(alice), "ask_override", declined, **{**ASK, "override-amount": "800000"}
    )

    assert too_much.status_code == 422
    assert "Between ₹25,000.00 and the ₹7,90,000.00 that were asked for." in (
        too_much.content.decode()
    )
    assert not Override.objects.exists()


def test_the_wrong_person_neither_asks_nor_answers(
    declined: Application, alice: User, bob: User, amir: User, charlie: User, signed_in: SignedIn
) -> None:
    assert _post(signed_in(amir), "ask_override", declined, **ASK).status_code == 403
    assert _post(signed_in(charlie), "ask_override", declined, **ASK).status_code == 403
    _post(signed_in(alice), "ask_override", declined, **ASK)
    asked = Override.objects.get()

    for person in (alice, bob, amir):
        for name in ("authorise_override", "refuse_override"):
            assert _post(signed_in(person), name, asked).status_code == 403
        page = _get(signed_in(person), "application_panel", declined)
        assert "authorise" not in page

    asked.refresh_from_db()
    assert asked.status == "asked"
    assert Decision.objects.count() == 1


def test_a_reviewer_counter_offers_on_the_page(
    alice: User, bob: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    case = factories.referred(alice, amount=900_000, term_months=60)
    client = signed_in(bob)
    _post(client, "claim", case)
    assert 'name="approve-amount"' in _get(client, "application_panel", case.application)

    answer = _post(
        client,
        "decide",
        case,
        **{
            "outcome": "approve",
            "approve-codes": ["burden_confirmed_bearable"],
            "approve-amount": "250000",
            "approve-term_months": "36",
        },
    )

    case.refresh_from_db()
    made = Decision.objects.get(number=2)
    assert (answer.status_code, case.status) == (302, "closed")
    assert (made.amount, made.term_months, made.countersigned_by) == (250_000, 36, None)
    # Whoever then changes the request starts from what binds: typing less keeps it binding.
    panel = signed_in(alice).get(reverse("decisions:application_panel", args=[case.application_id]))
    begins = panel.context["change_form"].initial
    assert (begins["amount"], begins["term_months"]) == (250_000, 36)


def test_a_counter_offer_above_what_was_asked_comes_back(
    alice: User, bob: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    case = factories.referred(alice, amount=900_000, term_months=60)
    client = signed_in(bob)
    _post(client, "claim", case)

    answer = _post(
        client,
        "decide",
        case,
        **{
            "outcome": "approve",
            "approve-codes": ["burden_confirmed_bearable"],
            "approve-amount": "900001",
            "approve-term_months": "61",
        },
    )

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Between ₹25,000.00 and the ₹9,00,000.00 that were asked for." in text
    assert "Between 6 and 60 months for this product." in text
    assert ReviewCase.objects.get().status == "claimed"


def test_a_lapsed_approval_says_so(
    approved: Application, alice: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lapsed(application: Application, *, now: object) -> None:
        raise services.binding.NotBinding("decision_expired", "The approval has lapsed.")

    monkeypatch.setattr("apps.decisions.services.binding_decision", lapsed)

    text = _get(signed_in(alice), "application_panel", approved)

    assert "Binds no more" in text
    assert "The approval has lapsed." in text
