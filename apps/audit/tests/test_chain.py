"""The hash chain: whole as written, and broken at exactly the link that was touched."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit import chain

FACTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
EVENTS = st.lists(
    st.fixed_dictionaries({"verb": st.text(), "occurred_at": MOMENTS, "facts": FACTS}),
    min_size=1,
    max_size=12,
)


def _chained(events: list[dict[str, Any]]) -> list[chain.Link]:
    links, previous = [], chain.GENESIS
    for position, event in enumerate(events, start=1):
        digest = chain.seal_hash(previous, event)
        links.append(chain.Link(position, event, previous, digest))
        previous = digest
    return links


@given(EVENTS)
def test_it_finds_no_break_in_an_untouched_chain(events: list[dict[str, Any]]) -> None:
    assert chain.first_break(_chained(events)) is None


@given(EVENTS, st.data())
def test_it_names_the_first_event_that_was_altered(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    links = _chained(events)
    at = data.draw(st.integers(0, len(links) - 1))
    altered = {**links[at].event, "verb": links[at].event["verb"] + "x"}
    links[at] = replace(links[at], event=altered)

    found = chain.first_break(links)

    assert found == chain.Break(at + 1, "the event differs from what was sealed")


@given(EVENTS, st.data())
def test_it_notices_a_missing_link(events: list[dict[str, Any]], data: st.DataObject) -> None:
    links = _chained([*events, events[0]])
    at = data.draw(st.integers(0, len(links) - 2))
    del links[at]

    found = chain.first_break(links)

    assert found == chain.Break(at + 1, f"position {at + 1} is missing")


@given(EVENTS, st.data())
def test_it_notices_an_event_altered_together_with_its_own_seal(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    links = _chained([*events, events[0]])
    at = data.draw(st.integers(0, len(links) - 2))
    event = {**links[at].event, "verb": links[at].event["verb"] + "x"}
    forged = chain.seal_hash(links[at].previous_hash, event)
    links[at] = replace(links[at], event=event, hash=forged)

    found = chain.first_break(links)

    assert found == chain.Break(at + 2, "it does not follow the seal before it")


@given(EVENTS)
def test_it_notices_two_links_that_changed_places(events: list[dict[str, Any]]) -> None:
    links = _chained([*events, events[0]])
    links[0], links[1] = replace(links[1], position=1), replace(links[0], position=2)

    found = chain.first_break(links)

    assert found is not None
    assert found.position == 1


def test_it_finds_nothing_wrong_with_an_empty_chain() -> None:
    assert chain.first_break([]) is None


def test_it_writes_one_moment_one_way_in_every_zone() -> None:
    moment = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    in_india = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert chain.canonical({"at": moment}) == chain.canonical({"at": in_india})
    assert chain.canonical({"at": moment}) == b'{"at":"2026-11-21T12:00:00.000000+00:00"}'


@pytest.mark.parametrize("event", [{"b": 1, "a": 2}, {"a": 2, "b": 1}])
def test_it_does_not_depend_on_the_order_of_names(event: dict[str, int]) -> None:
    expected = "14316b54d29b0426d46839aba7a90e23"

    assert chain.canonical(event) == b'{"a":2,"b":1}'
    assert chain.seal_hash(chain.GENESIS, event)[:32] == expected
