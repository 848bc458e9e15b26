"""Official numbers: genuine ones pass in one form, mistyped ones are told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.customers import identity
from apps.customers.findings import Finding
from apps.customers.tests import factories


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        # Published specimens: Income Tax Department and python-stdnum, UIDAI, KRA.
        ("pan", "ACUPA7085R", "ACUPA7085R"),
        ("pan", " aappv 8261-k ", "AAPPV8261K"),
        ("aadhaar", "2341 2341 2346", "234123412346"),
        ("kra_pin", "a004416331m", "A004416331M"),
        ("ke_national_id", "2345 6789", "23456789"),
        ("ke_national_id", "1234567", "1234567"),
    ],
)
def test_it_returns_genuine_numbers_in_one_form(kind: str, text: str, number: str) -> None:
    assert identity.normalise(kind, text) == number


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("pan", "ACUPA7085", "pan_invalid"),
        ("pan", "ACUXA7085R", "pan_invalid"),
        ("pan", "ACUPA0000R", "pan_invalid"),
        ("pan", "AAACC1234F", "pan_not_of_a_person"),
        ("aadhaar", "234123412347", "aadhaar_check_digit"),
        ("aadhaar", "134123412346", "aadhaar_invalid"),
        ("aadhaar", "222222222222", "aadhaar_invalid"),
        ("aadhaar", "23412341234", "aadhaar_invalid"),
        ("kra_pin", "P051365947M", "kra_pin_not_of_a_person"),
        ("kra_pin", "|004416331M", "kra_pin_not_of_a_person"),
        ("kra_pin", "A00441633M", "kra_pin_invalid"),
        ("ke_national_id", "123456", "ke_national_id_invalid"),
        ("ke_national_id", "123456789", "ke_national_id_invalid"),
        ("ke_national_id", "02345678", "ke_national_id_invalid"),
        ("ke_national_id", "٢٣٤٥٦٧٨٩", "ke_national_id_invalid"),
        ("ke_national_id", "2" * 8, "ke_national_id_invalid"),
        ("pan", "A" * 5000, "too_long"),
    ],
)
def test_it_refuses_what_cannot_be_genuine(kind: str, text: str, code: str) -> None:
    with pytest.raises(Finding) as refusal:
        identity.normalise(kind, text)

    assert refusal.value.code == code


@given(serial=st.integers(0, 10**10 - 1), place=st.integers(1, 11), by=st.integers(1, 9))
def test_it_notices_every_single_wrong_digit_of_an_aadhaar(
    serial: int, place: int, by: int
) -> None:
    genuine = factories.aadhaar(serial)
    wrong = str((int(genuine[place]) + by) % 10)
    mistyped = genuine[:place] + wrong + genuine[place + 1 :]

    with pytest.raises(Finding):
        identity.normalise("aadhaar", mistyped)


@given(serial=st.integers(0, 10**10 - 1), place=st.integers(1, 10))
def test_it_notices_neighbouring_digits_that_changed_places(serial: int, place: int) -> None:
    genuine = factories.aadhaar(serial)
    first, second = genuine[place], genuine[place + 1]
    swapped = genuine[:place] + second + first + genuine[place + 2 :]

    if first == second:
        assert swapped == genuine
        return
    with pytest.raises(Finding):
        identity.normalise("aadhaar", swapped)


@pytest.mark.parametrize("kind", ["pan", "aadhaar", "ke_national_id", "kra_pin"])
@given(text=st.text(max_size=60))
def test_it_answers_any_text_with_a_number_or_a_finding(kind: str, text: str) -> None:
    try:
        number = identity.normalise(kind, text)
    except Finding:
        return

    assert identity.normalise(kind, number) == number


@pytest.mark.parametrize(
    ("kind", "number", "shown"),
    [
        ("pan", "ACUPA7085R", "ACUPA••••R"),
        ("aadhaar", "234123412346", "••••2346"),
        ("ke_national_id", "23456789", "••••789"),
        ("kra_pin", "A004416331M", "••••31M"),
    ],
)
def test_it_masks_as_the_issuer_allows(kind: str, number: str, shown: str) -> None:
    assert identity.masked(kind, number) == shown
