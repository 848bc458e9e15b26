"""Other cut-offs move the bands of a policy and leave everything else."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import policy_document
from apps.decisions.tests import factories as decisions
from apps.laboratory import candidates

BANDS = (
    ("A", "0", "0.05", "approve", "0"),
    ("B", "0.05", "0.12", "approve", "0.01"),
    ("C", "0.12", "0.2", "refer", "0.02"),
    ("D", "0.2", "1", "decline", "0"),
)
KEYS = ("name", "from", "below", "outcome", "rate_addon")


def document(*bands: tuple[str, ...]) -> dict[str, Any]:
    ladder = {"products": [], "bands": [dict(zip(KEYS, band, strict=True)) for band in bands]}
    return {**decisions.DOCUMENT, "ladders": [ladder]}


def moved(low: str, high: str, *bands: tuple[str, ...]) -> list[tuple[str, ...]]:
    found = candidates.with_cut_offs(
        document(*(bands or BANDS)), approve_below=Decimal(low), decline_from=Decimal(high)
    )
    policy_document.parse(found)
    return [tuple(band[key] for key in KEYS) for band in found["ladders"][0]["bands"]]


def test_it_cuts_the_band_a_cut_off_lies_in() -> None:
    assert moved("0.10", "0.15") == [
        ("A", "0", "0.05", "approve", "0"),
        ("B", "0.05", "0.1", "approve", "0.01"),
        ("C", "0.1", "0.15", "refer", "0.02"),
        ("D", "0.15", "1", "decline", "0"),
    ]


def test_it_stretches_bands_to_a_later_cut_off() -> None:
    assert moved("0.18", "0.4") == [
        ("A", "0", "0.05", "approve", "0"),
        ("B", "0.05", "0.18", "approve", "0.01"),
        ("C", "0.18", "0.4", "refer", "0.02"),
        ("D", "0.4", "1", "decline", "0"),
    ]


def test_it_drops_bands_beyond_a_cut_off() -> None:
    assert moved("0.03", "0.03") == [
        ("A", "0", "0.03", "approve", "0"),
        ("D", "0.03", "1", "decline", "0"),
    ]


def test_it_moves_a_band_to_a_zone_it_did_not_reach() -> None:
    assert moved("0.5", "0.6")[2] == ("C", "0.5", "0.6", "refer", "0.02")


def test_it_makes_a_band_where_there_was_none() -> None:
    only = ("A", "0", "1", "approve", "0.01")

    assert moved("0.5", "0.6", only) == [
        ("A", "0", "0.5", "approve", "0.01"),
        ("refer", "0.5", "0.6", "refer", "0.01"),
        ("decline", "0.6", "1", "decline", "0"),
    ]


def test_it_approves_all_at_the_highest_cut_off() -> None:
    assert [band[0] for band in moved("1", "1")] == ["A", "B"]


def test_it_keeps_the_limits_of_a_band() -> None:
    written = document(*BANDS)
    limits = {"most_amount": {"INR": "500000"}, "longest_term_months": 36, "beyond": "refer"}
    written["ladders"][0]["bands"][1] |= limits

    found = candidates.with_cut_offs(
        written, approve_below=Decimal("0.1"), decline_from=Decimal("0.1")
    )

    assert found["ladders"][0]["bands"][1].items() >= limits.items()
    assert found["rules"] == written["rules"]


@given(
    st.lists(st.integers(1, 99), min_size=0, max_size=5, unique=True).map(sorted),
    st.lists(st.sampled_from(["approve", "refer", "decline"]), min_size=6, max_size=6),
    st.integers(1, 100),
    st.integers(0, 99),
)
def test_it_always_covers_every_probability_once(
    inner: list[int], outcomes: list[str], low: int, width: int
) -> None:
    bounds = [str(Decimal(one) / 100) for one in (0, *inner, 100)]
    bands = [
        (f"{place}", start, below, outcomes[place], "0")
        for place, (start, below) in enumerate(pairwise(bounds))
    ]
    high = min(low + width, 100)

    found = moved(str(Decimal(low) / 100), str(Decimal(high) / 100), *bands)

    for _name, start, below, outcome, _addon in found:
        zone = (
            "approve"
            if Decimal(below) * 100 <= low
            else "decline"
            if Decimal(start) * 100 >= high
            else "refer"
        )
        assert outcome == zone


@pytest.mark.parametrize(("number", "text"), [("0.10", "0.1"), ("1E-7", "0.0000001"), ("1", "1")])
def test_it_writes_numbers_as_policies_do(number: str, text: str) -> None:
    assert candidates.text(Decimal(number)) == text
