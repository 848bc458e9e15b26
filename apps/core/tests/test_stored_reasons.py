"""Reasons of the system are said to each reader; what somebody typed is said as it is."""

import pytest

from apps.core import stored_reasons

CODE = "debits.returned"


def test_a_code_is_said_with_its_value() -> None:
    kept = stored_reasons.stored(CODE, "payer_refused")

    assert "payer_refused" not in stored_reasons.said(kept)
    assert stored_reasons.said(kept.strip()) == stored_reasons.said(kept)


@pytest.mark.parametrize("typed", ["", CODE, f"{CODE}:payer_refused", "Bounced: twice."])
def test_what_was_typed_is_never_taken_for_a_code(typed: str) -> None:
    assert stored_reasons.said(typed) == typed


def test_what_could_not_be_said_is_not_kept() -> None:
    with pytest.raises(LookupError, match=r"nobody\.knows"):
        stored_reasons.stored("nobody.knows", "x")
    with pytest.raises(ValueError, match="needs a value"):
        stored_reasons.stored(CODE, " ")
