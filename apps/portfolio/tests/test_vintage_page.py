"""Curves of vintages are told apart by more than their colours."""

import itertools

from apps.portfolio import vintage_page
from apps.portfolio.vintage_page import MOST_CURVES


def _marks() -> list[tuple[str, str, str]]:
    lines = [vintage_page.look(place) for place in range(MOST_CURVES)]
    return [(one["line"]["color"], one["line"]["dash"], one["marker"]["symbol"]) for one in lines]


def test_no_two_curves_look_alike() -> None:
    found = _marks()

    assert len({(colour, dash) for colour, dash, _symbol in found}) == MOST_CURVES == 21
    for one, other in itertools.pairwise(found):
        assert all(mine != yours for mine, yours in zip(one, other, strict=True))


def test_colours_are_tokens_so_that_the_dark_has_its_own() -> None:
    assert all(colour.startswith("var(--mark-") for colour, _dash, _symbol in _marks())
