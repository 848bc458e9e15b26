"""A policy with other cut-offs: its own bands, moved. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

_ORDER = ("approve", "refer", "decline")


def with_cut_offs(
    document: Mapping[str, Any], *, approve_below: Decimal, decline_from: Decimal
) -> dict[str, Any]:
    """Return the document approving PDs below one cut-off and declining them from the other.

    Between them cases are referred; with equal cut-offs by no band. Every ladder keeps its bands
    with their add-ons and limits; those at a cut-off are stretched or cut, those wholly beyond it
    go. An outcome that had no band gets one; where it refers, with the add-on of the band below.
    """
    zones = (
        (Decimal(0), approve_below),
        (approve_below, decline_from),
        (decline_from, Decimal(1)),
    )
    ladders = [
        {
            **ladder,
            "bands": [
                band
                for outcome, (start, below) in zip(_ORDER, zones, strict=True)
                if start < below
                for band in _spread(_of(ladder["bands"], outcome), start, below)
            ],
        }
        for ladder in document["ladders"]
    ]
    return {**document, "ladders": ladders}


def _of(bands: Sequence[Mapping[str, Any]], outcome: str) -> list[Mapping[str, Any]]:
    """Return the bands of an outcome, or the one to make where there is none."""
    found = [band for band in bands if band["outcome"] == outcome]
    approving = [band for band in bands if band["outcome"] == "approve"]
    addon = approving[-1]["rate_addon"] if outcome == "refer" and approving else "0"
    return found or [
        {"name": outcome, "from": "0", "below": "1", "outcome": outcome, "rate_addon": addon}
    ]


def _spread(
    bands: Sequence[Mapping[str, Any]], start: Decimal, below: Decimal
) -> list[dict[str, Any]]:
    """Return the bands of one outcome, made to cover [start, below) without a gap."""
    inside = [
        band for band in bands if Decimal(band["from"]) < below and Decimal(band["below"]) > start
    ]
    kept = inside or _nearest(bands, start)
    starts = [start, *(Decimal(band["from"]) for band in kept[1:])]
    ends = [*starts[1:], below]
    return [
        {**band, "from": text(low), "below": text(high)}
        for band, low, high in zip(kept, starts, ends, strict=True)
    ]


def _nearest(bands: Sequence[Mapping[str, Any]], start: Decimal) -> list[Mapping[str, Any]]:
    """Return the band that borders on a zone none of them lies in."""
    before = [band for band in bands if Decimal(band["below"]) <= start]
    return list(before[-1:] or bands[:1])


def text(number: Decimal) -> str:
    """Return a number as a policy writes it: plain digits, no more than it needs."""
    return format(number.normalize(), "f")
