"""What a reference says in a history: what somebody told, or in words what the system did."""

import pytest

from apps.audit import names
from apps.repayments import reference_words

KEY = "0b9f5d2e-7c1a-4f3b-9d0e-5a6b7c8d9e0f"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (f"relief:{KEY}", "waiver, write-off or refund approved by two people"),
        (f"bounce:{KEY}", "payment that the bank returned"),
        (f"moved:{KEY}:2", "transfer to another branch"),
        ("inr-lender:UTR42", "UTR42"),
        (f"charge:L-1:{KEY}", KEY),
        ("relief", "relief"),
    ],
)
def test_it_says_what_people_know(kept: str, said: str) -> None:
    assert reference_words.said(kept) == said


@pytest.mark.django_db
def test_a_history_tells_of_it_in_words() -> None:
    relief = names.told_facts({"reference": f"relief:{KEY}"}, {}, app="repayments")
    transfer = names.told_facts({"transfer": f"transfer:L-1:{KEY}"}, {}, app="servicing")

    assert relief == "reference: waiver, write-off or refund approved by two people"
    assert transfer == "transfer: transfer to another branch"
