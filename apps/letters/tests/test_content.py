from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal

import pytest

from apps.letters.content import ContentRefused, LetterFacts, Reason
from apps.letters.tests import factories


@pytest.mark.parametrize("facts", [factories.refusal(), factories.approval(), factories.lapsed()])
def test_it_reads_back_what_it_wrote(facts: LetterFacts) -> None:
    assert LetterFacts.from_dict(facts.to_dict()) == facts


def test_it_reads_what_was_written_before_offers_lapsed() -> None:
    written = factories.approval().to_dict()
    del written["offer_until"], written["reasons_until"], written["approval"]["working"]

    assert LetterFacts.from_dict(written) == factories.approval()


@pytest.mark.parametrize(
    ("facts", "changes", "sentence"),
    [
        ("lapsed", {"offer_until": None}, "Only the letter about an offer that lapsed names"),
        ("approval", {"offer_until": date(2026, 11, 20)}, "Only the letter about an offer that"),
        ("lapsed", {"offer_until": date(2026, 11, 21)}, "An offer lapses after its last day."),
        ("lapsed", {"reasons_until": date(2026, 11, 21)}, "The time to ask for reasons must end"),
        ("lapsed", {"approval": None}, "An approval letter states what was approved."),
    ],
)
def test_the_days_of_an_offer_are_checked(
    facts: str, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ContentRefused, match=sentence):
        getattr(factories, facts)(**changes)


def test_it_writes_amounts_and_dates_as_text() -> None:
    written = factories.approval().to_dict()

    assert written["amount"] == "250000.00"
    assert written["decided_date"] == "2026-11-21"
    assert written["approval"]["annual_rate"] == "0.145000"
    assert written["approval"]["first_steps"][1] == "Read and sign the agreement."


@pytest.mark.parametrize("written", [{}, {"lender": None}, {"kind": "declined"}])
def test_it_refuses_to_read_what_is_not_a_letter(written: dict[str, object]) -> None:
    with pytest.raises(ContentRefused):
        LetterFacts.from_dict(written)


def test_it_refuses_to_read_an_amount_that_is_none() -> None:
    with pytest.raises(ContentRefused):
        LetterFacts.from_dict({**factories.refusal().to_dict(), "amount": "many"})


def reasons(count: int) -> tuple[Reason, ...]:
    return tuple(
        Reason(code=f"r{number}", sentence=f"Your income fell {number} times.")
        for number in range(count)
    )


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_refusal_states_one_to_four_reasons(count: int) -> None:
    assert len(factories.refusal(reasons=reasons(count)).reasons) == count


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reasons": ()}, "A refusal states one to 4 principal reasons."),
        ({"reasons": reasons(5)}, "A letter states at most 4 principal reasons."),
        ({"reasons": reasons(1) * 2}, "A reason is stated once."),
        ({"approval": factories.APPROVAL}, "A refusal cannot carry an approval."),
        ({"could_change": (" ",)}, "What could change the outcome must not be an empty sentence."),
        (
            {"no_change": "Nothing."},
            "Either something could change the outcome, or nothing was found.",
        ),
        ({"kind": "noticed"}, "There is no letter of the kind 'noticed'."),
        ({"applicant_name": " "}, "LetterFacts.applicant_name must not be empty."),
        ({"reference": ""}, "LetterFacts.reference must not be empty."),
        ({"amount": 1.5}, "LetterFacts.amount must be a finite Decimal."),
        ({"amount": Decimal("NaN")}, "LetterFacts.amount must be a finite Decimal."),
        ({"amount": Decimal(0)}, "LetterFacts.amount must be positive."),
        ({"term_months": 0}, "LetterFacts.term_months must be at least one month."),
        (
            {"received_date": date(2026, 11, 22)},
            "The decision cannot be older than the application.",
        ),
        (
            {"review_until": date(2026, 11, 21)},
            "The time to ask for a review must end after the decision.",
        ),
    ],
)
def test_a_refusal_is_refused_when(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ContentRefused) as refused:
        factories.refusal(**changes)

    assert str(refused.value) == sentence


def test_a_letter_needs_a_contact_for_review() -> None:
    with pytest.raises(ContentRefused, match=r"Lender\.review_contact must not be empty"):
        replace(factories.LENDER, review_contact="")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"approval": None}, "An approval letter states what was approved."),
        ({"reasons": reasons(1)}, "An approval letter carries no reasons for a refusal."),
        ({"could_change": ("More.",)}, "An approval letter carries no reasons for a refusal."),
        ({"currency": "KES"}, "An approval is in the currency of the application."),
    ],
)
def test_an_approval_is_refused_when(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ContentRefused) as refused:
        factories.approval(**changes)

    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"first_steps": ()},
        {"first_steps": (" ",)},
        {"amount": Decimal(-1)},
        {"instalment": Decimal(0)},
        {"annual_rate": Decimal("-0.01")},
        {"annual_rate": 0.145},
        {"term_months": 0},
    ],
)
def test_the_terms_of_an_approval_are_checked(changes: dict[str, object]) -> None:
    with pytest.raises(ContentRefused):
        replace(factories.APPROVAL, **changes)


@pytest.mark.parametrize(
    "sentence",
    [
        "Score below 540",
        "Your credit score was too low.",
        "Did not meet internal policy",
        "Internal standards",
        "The system decided.",
        "Declined by our automated model",
        "Risk grade: E",
        "Insufficient score (512 points)",
        "आपका स्कोर कम है",
        "हमारी आंतरिक नीति के कारण",
        "Alama yako ni chini ya kiwango",
        "Mfumo umeamua",
        "!!! 42",
    ],
)
def test_a_reason_that_says_nothing_is_refused(sentence: str) -> None:
    with pytest.raises(ContentRefused, match="a reason must be specific"):
        Reason(code="x", sentence=sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Fixed obligations are 62% of net income (limit 50%)",
        "2 instalments 30+ days late in last 12 months",
        "Fixed obligations are 62% of income; our internal policy allows 50%.",
        "आपकी निश्चित देनदारियाँ आपकी आय का 62% हैं",
        "Kipato chako ni kidogo kwa mkopo huu",
    ],
)
def test_a_reason_that_names_a_factor_is_taken(sentence: str) -> None:
    assert Reason(code="x", sentence=sentence).sentence == sentence


@pytest.mark.parametrize("word", ["religion", "Gender", "जाति", "kabila"])
def test_a_prohibited_basis_is_refused(word: str) -> None:
    with pytest.raises(ContentRefused, match="must not be a reason for a credit decision"):
        Reason(code="x", sentence=f"Your {word} and your income")


def test_facts_cannot_be_changed_afterwards() -> None:
    facts = factories.refusal()

    with pytest.raises(AttributeError):
        facts.amount = Decimal(1)  # type: ignore[misc]

    assert asdict(facts)["amount"] == Decimal("250000.00")
