"""Terms as documents: what is written is read back; anything else is refused by its place."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.schedules import documents
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Method, Terms
from apps.schedules.tests.factories import make
from apps.schedules.tests.strategies import loans


@settings(max_examples=150, deadline=None)
@given(terms=st.sampled_from(Method).flatmap(loans))
def test_it_reads_back_what_it_wrote(terms: Terms) -> None:
    written = json.dumps(documents.to_document(terms))

    assert documents.from_document(json.loads(written)) == terms


def test_it_writes_amounts_and_dates_as_text() -> None:
    document = documents.to_document(make(principal=Decimal("1E+5"), first_due_on=date(2026, 3, 5)))

    assert document["principal"] == "100000"
    assert document["annual_rate"] == "0.12"
    assert document["first_due_on"] == "2026-03-05"
    assert document["method"] == "equal_instalment"
    assert document["calendar"] == {"holidays": [], "weekend": [], "adjustment": "none"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"principal": 120_000}, "principal"),
        ({"principal": "a lot"}, "principal"),
        ({"instalments": "12"}, "instalments"),
        ({"instalments": True}, "instalments"),
        ({"disbursed_on": "yesterday"}, "disbursed_on"),
        ({"disbursed_on": None}, "disbursed_on"),
        ({"method": "balloons"}, "method"),
        ({"method": ["flat"]}, "method"),
        ({"grace": {"principal": 1}}, "grace"),
        ({"grace": []}, "grace"),
        ({"fees": {}}, "fees"),
        ({"fees": [7]}, "fees.1"),
        (
            {"calendar": {"holidays": ["x"], "weekend": [], "adjustment": "none"}},
            "calendar.holidays.1",
        ),
        ({"more": 1}, "terms"),
    ],
)
def test_it_names_what_it_cannot_read(changed: dict[str, Any], field: str) -> None:
    document = documents.to_document(make()) | changed

    with pytest.raises(TermsRefused) as refusal:
        documents.from_document(document)

    assert list(refusal.value.fields) == [field]


def test_it_does_not_guess_a_field_that_is_missing() -> None:
    document = documents.to_document(make())
    del document["day_count"]

    with pytest.raises(TermsRefused, match="exactly these fields"):
        documents.from_document(document)
