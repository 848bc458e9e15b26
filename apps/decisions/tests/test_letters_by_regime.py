"""Letters about real decisions under each regime, and the letters that no decision brings."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.customers.models import Consent
from apps.decisions.errors import LetterImpossible
from apps.decisions.models import Decision
from apps.decisions.services import missing, notices
from apps.decisions.tests import factories
from apps.letters import hooks, regimes
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
NOW = factories.NOW
BUREAUS = "CIBIL\n1 Main Street, Omaha, NE 68102\n+1 800 555 0100"


def facts_of(decision: Decision) -> Any:
    assert decision.letter is not None
    return decision.letter.facts


@pytest.fixture
def in_country(pune: Branch, rita: User, mark: User) -> Callable[[str], None]:
    """Put the lender into a country, with a policy that declines nearly everybody."""

    def move(country: str, bureaus: str = BUREAUS) -> None:
        Entity.objects.filter(pk=pune.entity_id).update(country=country, credit_bureaus=bureaus)
        pune.entity.refresh_from_db()
        factories.stage(pune, rita, mark, bands=("0.000001", "0.000002"))

    return move


def test_a_decline_in_the_united_states_tells_score_and_bureau(
    alice: User, in_country: Callable[[str], None]
) -> None:
    in_country("US")

    decision = factories.assessed(alice)

    facts, run = facts_of(decision), decision.score_run
    assert decision.outcome == "decline"
    assert run is not None
    assert facts["regime"] == "united_states"
    assert facts["notices"] == ["ecoa", "fcra"]
    assert facts["bureau"] == {
        "name": "CIBIL",
        "contact": "1 Main Street, Omaha, NE 68102",
        "phone": "+1 800 555 0100",
    }
    score = facts["score"]
    assert (score["least"], score["most"]) == (400, 700)
    assert score["value"] == min(max(run.score, 400), 700)
    assert 1 <= len(score["factors"]) <= 5
    assert decision.letter is not None
    assert decision.letter.due_date is not None
    assert (decision.letter.due_date - NOW.date()).days == 30


def test_without_the_bureau_in_its_list_no_american_letter_goes_out(
    alice: User, in_country: Callable[..., None]
) -> None:
    # Rule book 4.4: the bureau's address and telephone; so a person takes the case.
    in_country("US", "")

    decision = factories.assessed(alice)

    assert (decision.outcome, decision.failure) == ("refer", "letter_refused")
    assert not Letter.objects.exists()


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("IN", ["india_fair_practices"]),
        ("KE", ["kenya_reconsideration", "kenya_bureau", "kenya_access"]),
        ("DE", ["gdpr_human", "gdpr_explanation"]),
    ],
)
def test_a_decline_elsewhere_tells_no_score(
    alice: User, in_country: Callable[[str], None], country: str, expected: list[str]
) -> None:
    in_country(country)

    facts = facts_of(factories.assessed(alice))

    assert facts["notices"] == expected
    assert facts["score"] is None


def test_a_lender_in_a_country_without_rules_declines_nobody_by_machine(
    alice: User, in_country: Callable[[str], None]
) -> None:
    in_country("TZ")

    assert factories.assessed(alice).failure == "letter_refused"


def test_the_letter_carries_the_address_that_was_registered(
    alice: User, in_country: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_country("IN")
    monkeypatch.setattr(hooks, "_review_links", [])
    assert facts_of(factories.assessed(alice))["review_link"] == ""
    asked: list[dict[str, Any]] = []

    def build(**given: Any) -> str:
        asked.append(given)
        return "https://credit.example/review/x"

    hooks.build_review_links(build)
    decision = factories.assessed(alice)
    assert facts_of(decision)["review_link"] == "https://credit.example/review/x"
    assert asked[0]["subject"] == audit.reference(decision)
    assert asked[0]["case"] == f"applications.application:{decision.application_id}"


def review(decision: Decision, **changes: Any) -> notices.Review:
    values: dict[str, Any] = {
        "subject": "appeals.appeal:1",
        "decision": decision,
        "asked_at": NOW + timedelta(days=1),
        "upheld": True,
        "answer": "I looked again. The obligations are as we had them.",
    }
    return notices.Review(**{**values, **changes})


def test_the_outcome_of_a_review_is_answered_with_the_reasons_that_stand(
    alice: User, in_country: Callable[[str], None]
) -> None:
    in_country("DE")
    decision = factories.assessed(alice)

    letter = notices.issue_appeal_outcome(
        actor=alice,
        application=decision.application,
        review=review(decision),
        now=NOW + timedelta(days=5),
    )

    facts: Any = letter.facts
    assert (letter.kind, letter.subject) == ("appeal", "appeals.appeal:1")
    assert facts["appeal"]["upheld"] is True
    assert facts["reasons"] == facts_of(decision)["reasons"]
    # 5.2: one month from the day it was asked for.
    asked = (NOW + timedelta(days=1)).date()
    assert letter.due_date == regimes.limit("european_union", "appeal").last_day(asked)


def test_the_outcome_of_a_review_is_one_letter(
    alice: User, in_country: Callable[[str], None]
) -> None:
    in_country("IN")
    decision = factories.assessed(alice)
    given: dict[str, Any] = {"actor": alice, "application": decision.application, "now": NOW}
    first = notices.issue_appeal_outcome(**given, review=review(decision, asked_at=NOW))

    again = notices.issue_appeal_outcome(**given, review=review(decision, asked_at=NOW))

    assert again.pk == first.pk
    with pytest.raises(LetterImpossible):
        notices.issue_appeal_outcome(
            **given, review=review(decision, asked_at=NOW, answer="Something else.")
        )


def test_a_review_that_changes_the_decision_tells_the_terms(
    alice: User, stage: ModelVersion
) -> None:
    decision = factories.assessed(alice)
    assert decision.outcome == "approve"

    letter = notices.issue_appeal_outcome(
        actor=alice,
        application=decision.application,
        review=review(decision, upheld=False, changed=["Time in present work: 14 months."]),
        now=NOW + timedelta(days=5),
    )

    facts: Any = letter.facts
    assert Decimal(facts["approval"]["amount"]) == decision.amount
    assert facts["reasons"] == []
    assert facts["appeal"]["changed"] == ["Time in present work: 14 months."]


@pytest.fixture
def draft(alice: User, pune: Branch) -> Application:
    """An application of Alice that is not submitted."""
    return applications.application(alice, applications.borrower(pune))


def wanted(**changes: Any) -> missing.Missing:
    values: dict[str, Any] = {
        "codes": ["income"],
        "also": ["A photo."],
        "until": (NOW + timedelta(days=14)).date(),
    }
    return missing.Missing(**{**values, **changes})


def tell(alice: User, draft: Application, **changes: Any) -> Letter:
    return missing.tell_missing(actor=alice, application=draft, missing=wanted(**changes), now=NOW)


def test_a_notice_names_what_is_missing_in_the_applicants_language(
    alice: User, draft: Application
) -> None:
    letter = tell(alice, draft)

    facts: Any = letter.facts
    assert letter.kind == "incomplete"
    assert facts["missing"] == ["Proof of your work and your income.", "A photo."]
    assert facts["missing_until"] == str((NOW + timedelta(days=14)).date())
    assert facts["completed_date"] is None
    assert letter.case == f"applications.application:{draft.pk}"


def test_the_same_notice_goes_out_once_and_another_one_beside_it(
    alice: User, draft: Application
) -> None:
    first = tell(alice, draft)

    assert tell(alice, draft).pk == first.pk
    second = tell(alice, draft, also=[])
    assert second.pk != first.pk
    assert Letter.objects.filter(kind="incomplete").count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"codes": [], "also": []}, "codes"),
        ({"codes": ["soul"]}, "codes"),
        ({"also": ["x"] * 12}, "also"),
        ({"until": NOW.date()}, "until"),
        ({"until": (NOW + timedelta(days=91)).date()}, "until"),
    ],
    ids=["nothing", "unknown", "too_many", "today", "too_late"],
)
def test_a_notice_that_cannot_be_is_refused(
    alice: User, draft: Application, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refused:
        tell(alice, draft, **changes)

    assert list(refused.value.fields) == [field]
    assert not Letter.objects.exists()


def test_a_notice_is_refused_to_who_may_not_and_once_decided(
    alice: User, bob: User, nashik: Branch, draft: Application, make_person: Any, stage: Any
) -> None:
    stranger = make_person("Nina", "loan_officer", branch=nashik)

    with pytest.raises(NotPermitted):
        tell(bob, draft)
    with pytest.raises(NotVisible):
        tell(stranger, draft)
    decided = factories.assessed(alice).application
    with pytest.raises(Conflict):
        tell(alice, decided)
    assert not Letter.objects.filter(kind="incomplete").exists()


def test_the_page_proposes_what_the_record_lacks_and_issues_the_notice(
    alice: User, draft: Application, signed_in: SignedIn
) -> None:
    Consent.objects.filter(customer=draft.customer, purpose="automated_decision").delete()
    browser, url = signed_in(alice), reverse("decisions:incomplete", args=[draft.pk])

    shown = browser.get(url)
    form = shown.context["form"]
    refused = browser.post(url, {"also": "", "until": "2020-01-01"})
    done = browser.post(
        url, {"codes": form.initial["codes"], "also": "", "until": form.initial["until"]}
    )

    assert form.initial["codes"] == ["consent_automated_decision"]
    assert refused.status_code == 422
    assert "Say what is missing." in refused.content.decode()
    assert done.status_code == 302
    assert Letter.objects.get().kind == "incomplete"


def test_the_recipient_follows_address_and_consent(alice: User, draft: Application) -> None:
    key, customer = str(draft.pk), draft.customer
    case = f"applications.application:{key}"
    customer.email = "asha@applicant.example"
    customer.save()
    Consent.objects.filter(customer=customer, purpose="contact").delete()
    assert hooks.recipient(case) == hooks.Recipient(obstacle="no_consent")

    consent = Consent.objects.create(
        customer=customer, purpose="contact", wording_version="1", channel="counter", given_at=NOW
    )
    assert hooks.recipient(case) == hooks.Recipient(email="asha@applicant.example")

    consent.withdrawn_at = NOW
    consent.save()
    assert hooks.recipient(case).obstacle == "no_consent"
    customer.email = None
    customer.save()
    assert hooks.recipient(case).obstacle == "no_address"
    assert hooks.recipient("nothing:1").obstacle == "no_address"
