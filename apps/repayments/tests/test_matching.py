"""Which loan money is for: what names it, who pays, and what is only likely."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from apps.repayments import matching
from apps.repayments.matching import Because, Candidate, Payment

FIRST, SECOND, THIRD = (uuid.UUID(int=n) for n in (1, 2, 3))


def _loan(key: uuid.UUID, number: str = "", **changes: Any) -> Candidate:
    values: dict[str, Any] = {
        "loan_id": key,
        "numbers": frozenset({number} if number else ()),
        "customer": f"C-{key.int:06d}",
        **changes,
    }
    return Candidate(**values)


def _found(payment: Payment, *loans: Candidate) -> list[tuple[uuid.UUID, tuple[Because, ...]]]:
    return [(one.loan_id, one.reasons) for one in matching.suggestions(payment, loans)]


@pytest.mark.parametrize(
    "text",
    [
        "EMI L-A-2026-000042 NOV",
        "NEFT/l-a-2026-000042/ravi",
        "A-2026-000042",
        "PAYMENT FOR LA2026000042",
        "a 2026 000042 thanks",
        "(L/A/2026/000042)",
    ],
)
def test_it_reads_a_loan_number_as_people_write_it(text: str) -> None:
    assert "L-A-2026-000042" in matching.numbers_in(text)


@pytest.mark.parametrize(
    "text", ["2026 000042", "XA2026000042", "A-2026-00004", "A-2026-0000421", "NEFT 2026"]
)
def test_it_reads_no_other_number_as_that_loan(text: str) -> None:
    assert "L-A-2026-000042" not in matching.numbers_in(text)


@pytest.mark.parametrize(
    "account", ["2026000042", "a2026-000042", "L-A-2026-000042", " LA2026000042 "]
)
def test_it_needs_no_letters_where_only_a_number_is_asked_for(account: str) -> None:
    assert "L-A-2026-000042" in matching.numbers_given(account)


def test_a_number_of_where_it_was_lent_first_names_a_loan_only_as_an_account() -> None:
    loan = _loan(FIRST, "T-L-054734", elsewhere="54734")

    asked = _found(Payment(amount=Decimal(5), account=" 54734 "), loan, _loan(SECOND))
    written = _found(Payment(amount=Decimal(5), narrative="CHEQUE 54734"), loan)

    assert asked == [(FIRST, (Because.ACCOUNT,))]
    assert written == []


def test_it_ranks_a_number_above_who_pays_and_that_above_what_is_likely() -> None:
    payment = Payment(
        amount=Decimal(9_793),
        account="L-A-2026-000001",
        narrative="PAID BY C-000002",
        party="RAVI KULKARNI",
    )

    found = _found(
        payment,
        _loan(THIRD, name="Ravi M Kulkarni", next_due=Decimal(9_793)),
        _loan(SECOND, "L-A-2026-000002"),
        _loan(FIRST, "L-A-2026-000001"),
    )

    assert found == [
        (FIRST, (Because.ACCOUNT,)),
        (SECOND, (Because.CUSTOMER,)),
        (THIRD, (Because.AMOUNT, Because.NAME)),
    ]


def test_it_is_certain_where_one_number_is_named_whoever_pays() -> None:
    payment = Payment(
        amount=Decimal(1), narrative="EMI L-A-2026-000001", phones=frozenset({"index"})
    )
    loans = [_loan(FIRST, "L-A-2026-000001"), _loan(SECOND, "L-A-2026-000002", phone="index")]

    found = matching.certain(matching.suggestions(payment, loans))

    assert found is not None
    assert found.loan_id == FIRST


def test_it_is_not_certain_where_two_loans_are_named() -> None:
    payment = Payment(amount=Decimal(1), account="L-A-2026-000001", narrative="L-A-2026-000002")
    loans = [_loan(FIRST, "L-A-2026-000001"), _loan(SECOND, "L-A-2026-000002")]

    assert matching.certain(matching.suggestions(payment, loans)) is None


def test_it_does_not_turn_to_the_telephone_where_the_loan_named_is_over() -> None:
    payment = Payment(amount=Decimal(1), account="L-A-2026-000001", phones=frozenset({"index"}))
    loans = [
        _loan(FIRST, "L-A-2026-000001", takes_money=False),
        _loan(SECOND, "L-A-2026-000002", phone="index"),
    ]

    assert matching.certain(matching.suggestions(payment, loans)) is None


def test_a_telephone_is_certain_only_with_one_loan_that_takes_money() -> None:
    payment = Payment(amount=Decimal(1), phones=frozenset({"index"}))
    first, second = _loan(FIRST, phone="index"), _loan(SECOND, phone="index")
    over = _loan(THIRD, phone="index", takes_money=False)

    one = matching.certain(matching.suggestions(payment, [first, over]))
    two = matching.certain(matching.suggestions(payment, [first, second]))

    assert one is not None
    assert one.loan_id == FIRST
    assert two is None


def test_an_amount_and_a_name_are_never_certain() -> None:
    payment = Payment(amount=Decimal(9_793), party="RAVI KULKARNI")
    found = matching.suggestions(
        payment, [_loan(FIRST, name="Ravi Kulkarni", next_due=Decimal(9_793))]
    )

    assert [one.reasons for one in found] == [(Because.AMOUNT, Because.NAME)]
    assert matching.certain(found) is None


def test_one_of_several_equals_does_not_stand_out() -> None:
    payment = Payment(amount=Decimal(9_793), party="RAVI KULKARNI")
    first, second = (_loan(key, next_due=Decimal(9_793)) for key in (FIRST, SECOND))
    third = _loan(THIRD, next_due=Decimal(9_793), name="Ravi Kulkarni")

    equal = matching.suggestions(payment, [first, second])
    ranked = matching.suggestions(payment, [first, second, third])

    assert [matching.stands_out(one) for one in (equal, ranked, equal[:1], ())] == [
        *(False, True, True, False),
    ]
    assert ranked[0].loan_id == THIRD


@pytest.mark.parametrize(
    ("name", "agrees"),
    [
        ("Ravi Kulkarni", True),
        ("Kulkarni Ravi Mohan", True),
        ("Ravi Deshpande", False),
        ("", False),
        ("रवि कुलकर्णी", False),
    ],
)
def test_two_words_of_a_name_must_agree(name: str, agrees: bool) -> None:
    payment = Payment(amount=Decimal(1), narrative="NEFT RAVI KULKARNI HDFC")

    assert bool(_found(payment, _loan(FIRST, name=name))) is agrees


def test_it_compares_names_in_indian_scripts_word_by_word() -> None:
    payment = Payment(amount=Decimal(1), party="श्री रवि कुलकर्णी")

    assert _found(payment, _loan(FIRST, name="रवि कुलकर्णी")) == [(FIRST, (Because.NAME,))]


def test_it_finds_telephones_but_no_masked_ones() -> None:
    found = matching.phones_in("254712345678 - JANE DOE", "UPI/+91 98230 12345/x", "2547****111")

    assert found == {"254712345678", "+919823012345"}
