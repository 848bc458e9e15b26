"""Offers that nobody takes up end on their day, and the applicant is told."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pgtrigger
import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications import hooks
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict
from apps.decisions import services
from apps.decisions.errors import LetterImpossible, NotBinding
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import OverrideEntry, Terms, Verdict, lettering
from apps.decisions.tests import factories
from apps.letters import hooks as letter_hooks
from apps.letters.models import Letter
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.offers.tests import factories as offers
from apps.products.models import Product
from apps.scoring.models import ModelVersion
from tests.kept import kept

NOW = factories.NOW
LATER = NOW + timedelta(hours=1)
# The last moment of the offer in Pune, and one just after it.
LAST = datetime(2027, 2, 17, 23, 59, 59, 999_999, tzinfo=ZoneInfo("Asia/Kolkata"))
AFTER = datetime(2027, 2, 17, 18, 30, tzinfo=UTC)
# The last moment of an approval of what was asked for: thirty days.
LAST_OPEN = datetime(2026, 12, 20, 23, 59, 59, 999_999, tzinfo=ZoneInfo("Asia/Kolkata"))
OFFER = Verdict(
    outcome="approve",
    codes=("burden_confirmed_bearable",),
    amount=Decimal(300_000),
    term_months=36,
)


def _offered(alice: User, bob: User) -> Application:
    """Return an application of 900,000 over 60 months with a counter-offer of 300,000 over 36."""
    case: ReviewCase = factories.referred(alice, amount=900_000, term_months=60)
    services.claim(actor=bob, case=case, now=NOW)
    services.decide(actor=bob, case=case, verdict=OFFER, now=NOW)
    return Application.objects.get(pk=case.application_id)


@pytest.fixture
@kept
def offered(alice: User, bob: User, stage: ModelVersion) -> Application:
    """A counter-offer that nobody has taken up yet."""
    return _offered(alice, bob)


def _agreed(alice: User, application: Application) -> Application:
    """Have the applicant accept an offer of what was decided; return the application."""
    found = Application.objects.select_related("product").get(pk=application.pk)
    offers.complete(found.product)
    offers.accepted(alice, found)
    return found


def _excepted(alice: User, charlie: User, amount: int) -> Application:
    """Return a declined application of 790,000 over 24 months with an exception for an amount."""
    poor = {"employment": {"net_monthly_income": Decimal(50_000)}}
    declined = factories.assessed(alice, amount=Decimal(790_000), borrower=poor).application
    asked = services.ask_override(
        actor=alice,
        application=declined,
        entry=OverrideEntry(
            terms=Terms(Decimal(amount), 24), reason="security_offered", note="Gold is pledged."
        ),
        now=NOW,
    )
    services.authorise_override(actor=charlie, override=asked, now=NOW)
    return Application.objects.get(pk=declined.pk)


def _facts(application: Application) -> dict[str, Any]:
    """Return what the letter about the lapse states."""
    letter = Letter.objects.get(case=f"applications.application:{application.pk}", kind="lapsed")
    facts: Any = letter.facts
    return dict(facts)


def test_an_offer_ends_after_its_last_day_and_not_before(offered: Application) -> None:
    assert services.lapse_offers(now=LAST) == 0
    offered.refresh_from_db()
    assert offered.status == "approved"

    assert services.lapse_offers(now=AFTER) == 1

    offered.refresh_from_db()
    assert offered.status == "lapsed"
    with pytest.raises(NotBinding):
        services.binding_decision(offered, now=AFTER)
    event = Event.objects.get(verb="decisions.offer_lapsed")
    assert event.case == f"applications.application:{offered.pk}"
    assert event.subject == f"decisions.decision:{Decision.objects.get(number=2).pk}"


def test_the_applicant_is_told_on_the_ninetieth_day(offered: Application) -> None:
    services.lapse_offers(now=AFTER)

    facts = _facts(offered)
    assert (facts["offer_until"], facts["decided_date"]) == ("2027-02-17", "2027-02-18")
    assert facts["decided_date"] == str((NOW + timedelta(days=90)).date())
    assert facts["reasons_until"] == "2027-04-19"
    assert (facts["amount"], facts["term_months"]) == ("900000.00", 60)
    assert (facts["approval"]["amount"], facts["approval"]["term_months"]) == ("300000.00", 36)
    # The letter of the offer stays as it was.
    assert Letter.objects.filter(kind="counter_offer").count() == 1


def test_a_lapsed_offer_carries_no_address_that_would_take_no_appeal(
    alice: User, bob: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        letter_hooks, "_review_links", [lambda **_given: "https://credit.example/my/x"]
    )
    offered = _offered(alice, bob)

    services.lapse_offers(now=AFTER)

    offer: Any = Letter.objects.get(kind="counter_offer").facts
    assert offer["review_link"] == "https://credit.example/my/x"
    assert _facts(offered)["review_link"] == ""


def test_it_lapses_once(offered: Application) -> None:
    assert [services.lapse_offers(now=AFTER) for _again in range(2)] == [1, 0]

    assert Letter.objects.filter(kind="lapsed").count() == 1
    assert Event.objects.filter(verb="decisions.offer_lapsed").count() == 1


def test_an_offer_taken_up_in_time_goes_on_to_bind(offered: Application, alice: User) -> None:
    services.change_request(
        actor=alice, application=offered, amount=Decimal(300_000), term_months=36, now=NOW
    )
    _agreed(alice, offered)

    assert services.lapse_offers(now=AFTER) == 0

    taken = Application.objects.get(pk=offered.pk)
    assert taken.status == "approved"
    assert services.binding_decision(taken, now=AFTER + timedelta(days=9)).amount == 300_000
    loan = loans.open_loan(actor=alice, application=taken, now=AFTER + timedelta(days=9))
    assert (loan.principal, loan.term_months) == (300_000, 36)


def test_an_approval_that_nobody_lent_under_ends_after_the_days_of_its_product(
    alice: User, stage: ModelVersion
) -> None:
    approved = factories.assessed(alice).application
    steps: Any = Letter.objects.get(kind__in=["approved", "counter_offer"]).facts

    assert steps["approval"]["first_steps"][0] == (
        "Sign the loan agreement by 20 December 2026; this approval lapses after that day."
    )
    assert services.lapse_offers(now=LAST_OPEN) == 0
    assert services.binding_decision(approved, now=LAST_OPEN).valid_until == LAST_OPEN
    assert services.lapse_offers(now=LAST_OPEN + timedelta(microseconds=1)) == 1

    approved.refresh_from_db()
    assert approved.status == "lapsed"
    facts = _facts(approved)
    assert (facts["offer_until"], facts["decided_date"]) == ("2026-12-20", "2026-12-21")
    # It was what they asked for: there is no other decision to explain.
    assert facts["reasons_until"] is None


def test_asking_for_less_than_was_approved_takes_nothing_up(
    alice: User, stage: ModelVersion
) -> None:
    approved = factories.assessed(alice).application
    services.change_request(
        actor=alice,
        application=approved,
        amount=approved.amount - 10_000,
        term_months=approved.term_months,
        now=LATER,
    )

    assert services.lapse_offers(now=LAST_OPEN + timedelta(days=1)) == 1


def test_an_approval_under_which_a_loan_was_opened_stays(alice: User, stage: ModelVersion) -> None:
    approved = factories.assessed(alice).application
    _agreed(alice, approved)
    loans.open_loan(actor=alice, application=approved, now=LAST_OPEN)

    assert services.lapse_offers(now=AFTER + timedelta(days=900)) == 0

    approved.refresh_from_db()
    assert approved.status == "approved"


def test_an_approval_holds_for_as_long_as_its_product_says(
    alice: User, pune: Branch, stage: ModelVersion
) -> None:
    submitted = factories.submitted(alice)
    Product.objects.filter(pk=submitted.product_id).update(offer_days=7)

    made = services.assess(application_id=submitted.pk, actor="system:test", now=NOW)

    assert made.valid_until is not None
    assert made.valid_until.astimezone(ZoneInfo("Asia/Kolkata")).date().isoformat() == "2026-11-27"


def test_an_approval_from_before_they_had_an_end_stays(alice: User, stage: ModelVersion) -> None:
    approved = factories.assessed(alice).application
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute("UPDATE decisions_decision SET valid_until = NULL, is_counter_offer = NULL")

    assert services.lapse_offers(now=AFTER + timedelta(days=900)) == 0
    assert services.binding_decision(approved, now=AFTER + timedelta(days=900))


def test_a_request_decided_anew_has_the_end_of_its_new_approval(
    offered: Application, alice: User
) -> None:
    services.change_request(
        actor=alice, application=offered, amount=Decimal(310_000), term_months=36, now=LATER
    )
    services.assess(application_id=offered.pk, actor="system:test", now=LATER)

    assert services.lapse_offers(now=LAST_OPEN) == 0
    assert services.lapse_offers(now=LAST_OPEN + timedelta(microseconds=1)) == 1

    facts = _facts(offered)
    assert (facts["approval"]["amount"], facts["offer_until"]) == ("310000.00", "2026-12-20")


@pytest.mark.parametrize(("amount", "owes_reasons"), [(790_000, False), (700_000, True)])
def test_an_unused_exception_ends_after_thirty_days(
    alice: User, charlie: User, stage: ModelVersion, amount: int, owes_reasons: bool
) -> None:
    excepted = _excepted(alice, charlie, amount)
    steps: Any = Letter.objects.get(kind__in=["approved", "counter_offer"]).facts

    assert steps["approval"]["first_steps"][0] == (
        "Sign the loan agreement by 20 December 2026; this approval lapses after that day."
    )
    assert services.lapse_offers(now=LAST_OPEN) == 0
    assert services.lapse_offers(now=LAST_OPEN + timedelta(minutes=1)) == 1

    excepted.refresh_from_db()
    assert excepted.status == "lapsed"
    assert (_facts(excepted)["reasons_until"] is not None) == owes_reasons


def test_what_was_lent_does_not_lapse(alice: User, charlie: User, stage: ModelVersion) -> None:
    excepted = _excepted(alice, charlie, 700_000)
    _agreed(alice, excepted)
    loans.open_loan(actor=alice, application=excepted, now=LATER)

    assert services.lapse_offers(now=AFTER) == 0

    excepted.refresh_from_db()
    assert excepted.status == "approved"


def test_one_that_cannot_be_told_holds_up_no_other(
    alice: User, bob: User, stage: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _offered(alice, bob), _offered(alice, bob)
    issue = lettering.issue_lapsed

    def refuse(**known: Any) -> Letter:
        if known["application"].pk == first.pk:
            raise LetterImpossible("no address")
        return issue(**known)

    monkeypatch.setattr(lettering, "issue_lapsed", refuse)

    assert services.lapse_offers(now=AFTER) == 1

    states = dict(Application.objects.values_list("pk", "status"))
    assert (states[first.pk], states[second.pk]) == ("approved", "lapsed")


def test_a_lapsed_application_is_over(offered: Application, alice: User) -> None:
    services.lapse_offers(now=AFTER)

    with pytest.raises(Conflict):
        services.change_request(
            actor=alice, application=offered, amount=Decimal(300_000), term_months=36, now=AFTER
        )

    offered.refresh_from_db()
    assert (offered.status, offered.amount) == ("lapsed", 900_000)


def test_a_lapsed_approval_may_be_asked_for_again_as_it_was(
    alice: User, charlie: User, stage: ModelVersion
) -> None:
    excepted = _excepted(alice, charlie, 790_000)

    again = services.change_request(
        actor=alice,
        application=excepted,
        amount=Decimal(790_000),
        term_months=24,
        now=NOW + timedelta(days=31),
    )

    assert (again.status, again.amount) == ("submitted", 790_000)


@pytest.mark.django_db(transaction=True)
def test_who_lends_at_the_same_moment_wins_or_finds_it_lapsed(
    alice: User, bob: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark)
    offered = _agreed(alice, _offered(alice, bob))
    gate = threading.Barrier(2)

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return action()
        except (NotBinding, Conflict) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                run,
                [
                    lambda: loans.open_loan(actor=alice, application=offered, now=LAST),
                    lambda: services.lapse_offers(now=AFTER),
                ],
            )
        )

    offered.refresh_from_db()
    assert offered.status == ("approved" if Loan.objects.exists() else "lapsed")
    assert hooks.unlent(Application.objects.all()).exists() != Loan.objects.exists()
