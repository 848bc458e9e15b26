"""Names, telephone numbers, e-mail and postal codes come out in one form or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.customers import contact
from apps.customers.findings import Finding


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("98230 12345", "IN", "+919823012345"),
        ("+91 98230-12345", "KE", "+919823012345"),
        ("020 5550 1234", "IN", "+912055501234"),
        ("0712 345678", "KE", "+254712345678"),
        ("(415) 555-2671", "US", "+14155552671"),
    ],
)
def test_it_returns_telephone_numbers_as_e164(text: str, country: str, number: str) -> None:
    assert contact.phone(text, country=country) == number


@pytest.mark.parametrize("text", ["12345", "98230 12345", "abc", "+999 1", "0712 345678 ext. 5"])
def test_it_refuses_what_is_no_kenyan_telephone_number(text: str) -> None:
    with pytest.raises(Finding, match="phone_invalid"):
        contact.phone(text, country="KE")


def test_it_does_not_even_parse_an_endless_telephone_number() -> None:
    with pytest.raises(Finding, match="too_long"):
        contact.phone("9" * 100_000, country="IN")


@pytest.mark.parametrize("text", ["Ravi@Example.COM ", "ravi@example.com"])
def test_it_returns_e_mail_in_lower_case(text: str) -> None:
    assert contact.email(text) == "ravi@example.com"


@pytest.mark.parametrize(
    "text",
    ["ravi", "ravi@", "@example.com", "ravi@example", "a..b@example.com", "r avi@example.com",
     "ravi@example.com\nBcc: x@y.z", "ravi@-example.com", "<script>@example.com"],
)  # fmt: skip
def test_it_refuses_what_is_no_e_mail(text: str) -> None:
    with pytest.raises(Finding, match="email_invalid"):
        contact.email(text)


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [("411 030", "IN", "411030"), ("00100", "KE", "00100"), ("94103-1234", "US", "94103-1234")],
)
def test_it_returns_postal_codes_without_spaces(text: str, country: str, code: str) -> None:
    assert contact.postal_code(text, country=country) == code


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("011030", "IN", "postal_code_invalid_in"),
        ("41103", "IN", "postal_code_invalid_in"),
        ("४११०३०", "IN", "postal_code_invalid_in"),
        ("", "IN", "required"),
        ("1234", "KE", "postal_code_invalid_ke"),
        ("9410", "US", "postal_code_invalid_us"),
    ],
)
def test_it_refuses_postal_codes_of_no_such_form(text: str, country: str, code: str) -> None:
    with pytest.raises(Finding, match=code):
        contact.postal_code(text, country=country)


@pytest.mark.parametrize("text", ["रवि कुलकर्णी", "Wanjikũ Mũthoni", "O'Brien", "Nguyễn Thị"])
def test_it_takes_names_of_any_script(text: str) -> None:
    assert contact.name(text) == text


@pytest.mark.parametrize("text", ["", "  ", "1234", "Ravi 2", "---", "Ra\x00vi", "Ravi\u202eilak"])
def test_it_refuses_what_is_no_name(text: str) -> None:
    with pytest.raises(Finding):
        contact.name(text)


@given(text=st.text(max_size=300))
def test_it_leaves_a_cleaned_line_as_it_is(text: str) -> None:
    try:
        clean = contact.line(text, limit=120, required=False)
    except Finding:
        return

    assert contact.line(clean, limit=120, required=False) == clean
    assert len(clean) <= 120
