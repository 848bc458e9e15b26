"""Facts of letters and letters, as plain functions."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch, User
from apps.letters import regimes, services
from apps.letters.content import Appeal, Approval, Bureau, Lender, LetterFacts, Reason, Score
from apps.letters.models import Letter

ISSUED_AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
LENDER = Lender(
    name="Sahyadri Finance Ltd",
    address="12 Karve Road\nPune 411004, Maharashtra",
    email="care@sahyadri.example",
    phone="+91 20 5550 1234",
    review_contact="Review desk, 12 Karve Road, Pune 411004\nreview@sahyadri.example",
    data_protection_contact="Data protection officer, dpo@sahyadri.example",
    regulator="RBI Ombudsman, Reserve Bank of India\nSector 17, Chandigarh 160017",
)
REASONS = (
    Reason(
        code="foir",
        sentence="Your fixed obligations are 62% of your net income; we accept up to 50%.",
    ),
    Reason(code="late", sentence="2 instalments were paid 30 or more days late in 12 months."),
)
APPROVAL = Approval(
    amount=Decimal("200000.00"),
    currency="INR",
    term_months=36,
    annual_rate=Decimal("0.145000"),
    instalment=Decimal("6884.21"),
    first_steps=("Visit the Pune branch with your PAN card.", "Read and sign the agreement."),
)


def refusal(**changes: Any) -> LetterFacts:
    """Return the facts of a letter that declines."""
    values: dict[str, Any] = {
        "kind": "declined",
        "lender": LENDER,
        "applicant_name": "Asha Deshmukh",
        "applicant_address": "Flat 4, Shanti Niwas\n18 Prabhat Road\nPune 411004",
        "application_number": "PUN-2026-000123",
        "product_name": "Personal loan",
        "amount": Decimal("250000.00"),
        "currency": "INR",
        "term_months": 36,
        "received_date": date(2026, 11, 16),
        "decided_date": date(2026, 11, 21),
        "automated": True,
        "reasons": REASONS,
        "could_change": ("Fixed obligations of at most ₹24,000 a month.",),
        "approval": None,
        "bureau": Bureau(name="CIBIL", contact="TransUnion CIBIL Ltd, Mumbai 400013"),
        "review_until": date(2026, 12, 21),
        "reference": "L-7F3A-2026",
        "regime": "india",
        "completed_date": date(2026, 11, 18),
    }
    return stated(**{**values, **changes})


def stated(**values: Any) -> LetterFacts:
    """Return facts with the notices their regime asks for, unless others are given."""
    facts = LetterFacts(**values)
    return facts if "notices" in values else replace(facts, notices=regimes.notices(facts))


def approval(**changes: Any) -> LetterFacts:
    """Return the facts of a letter that approves."""
    values = {"kind": "approved", "reasons": (), "could_change": (), "bureau": None}
    return refusal(**{**values, "approval": APPROVAL, **changes})


def counter_offer(**changes: Any) -> LetterFacts:
    """Return the facts of a letter that offers other terms than were asked for."""
    values: dict[str, Any] = {"kind": "counter_offer", "reasons_until": date(2027, 1, 20)}
    return approval(**{**values, **changes})


def incomplete(**changes: Any) -> LetterFacts:
    """Return the facts of a notice of what is missing."""
    values: dict[str, Any] = {
        "kind": "incomplete",
        "reasons": (),
        "could_change": (),
        "bureau": None,
        "automated": False,
        "completed_date": None,
        "missing": ("Proof of your work and your income.", "Your last three bank statements."),
        "missing_until": date(2026, 12, 11),
        "review_until": date(2026, 12, 11),
    }
    return refusal(**{**values, **changes})


def appeal(**changes: Any) -> LetterFacts:
    """Return the facts of a letter on what came of a review: upheld, with the reasons."""
    upheld = Appeal(
        asked_date=date(2026, 11, 19),
        upheld=True,
        answer="I looked at your bank statements again.\nThe obligations are as we had them.",
        changed=("Time in your present work: 14 months instead of 4.",),
    )
    values: dict[str, Any] = {"kind": "appeal", "automated": False, "appeal": upheld}
    return refusal(**{**values, **changes})


def american(**changes: Any) -> LetterFacts:
    """Return the facts of a letter that declines in the United States, with score and bureau."""
    values: dict[str, Any] = {
        "regime": "united_states",
        "bureau": Bureau(
            name="Plains Bureau", contact="1 Main St, Omaha, NE 68102", phone="+1 800 555 0100"
        ),
        "score": Score(
            value=541,
            least=400,
            most=700,
            scored_date=date(2026, 11, 20),
            provider="Sahyadri Finance Ltd",
            factors=("Your credit history is 8 months long.",),
        ),
    }
    return refusal(**{**values, **changes})


def lapsed(**changes: Any) -> LetterFacts:
    """Return the facts of a letter about an offer that was not taken up."""
    values: dict[str, Any] = {
        "kind": "lapsed",
        "approval": replace(APPROVAL, first_steps=("You may apply again at any time.",)),
        "offer_until": date(2026, 11, 20),
        "reasons_until": date(2027, 1, 20),
    }
    return approval(**{**values, **changes})


def issue(actor: User, branch: Branch, facts: LetterFacts | None = None, **changes: Any) -> Letter:
    """Issue a letter about one decision of one application."""
    told = facts or refusal()
    values: dict[str, Any] = {
        "kind": told.kind,
        "subject": "decisions.decision:11111111-1111-4111-8111-111111111111",
        "case": "applications.application:22222222-2222-4222-8222-222222222222",
        "language": "en",
        "issued_at": ISSUED_AT,
    }
    return services.issue(actor=actor, branch=branch, facts=told, **{**values, **changes})


def frozen(actor: User, branch: Branch, facts: LetterFacts | None = None, **changes: Any) -> Letter:
    """Issue a letter and render it."""
    letter = issue(actor, branch, facts, **changes)
    return services.render(letter_id=letter.pk, now=ISSUED_AT)
