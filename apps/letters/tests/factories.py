"""Facts of letters and letters, as plain functions."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch, User
from apps.letters import services
from apps.letters.content import Approval, Bureau, Lender, LetterFacts, Reason
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
    }
    return LetterFacts(**{**values, **changes})


def approval(**changes: Any) -> LetterFacts:
    """Return the facts of a letter that approves."""
    values = {"kind": "approved", "reasons": (), "could_change": (), "bureau": None}
    return refusal(**{**values, "approval": APPROVAL, **changes})


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
    stated = facts or refusal()
    values: dict[str, Any] = {
        "kind": stated.kind,
        "subject": "decisions.decision:11111111-1111-4111-8111-111111111111",
        "case": "applications.application:22222222-2222-4222-8222-222222222222",
        "language": "en",
        "issued_at": ISSUED_AT,
    }
    return services.issue(actor=actor, branch=branch, facts=stated, **{**values, **changes})


def frozen(actor: User, branch: Branch, facts: LetterFacts | None = None, **changes: Any) -> Letter:
    """Issue a letter and render it."""
    letter = issue(actor, branch, facts, **changes)
    return services.render(letter_id=letter.pk, now=ISSUED_AT)
