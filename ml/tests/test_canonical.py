"""Equal content has equal bytes, however it was written down in between."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import canonical

floats = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(10**6), 10**6).map(float) | st.sampled_from([1e16, 1e20, -0.0, 1e-7])
leaves = st.none() | st.booleans() | st.integers() | floats | whole | st.text() | st.just("1.0")
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def _plainly(value: Any) -> Any:
    """Return a value with every whole float as an integer, without any short cut."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {key: _plainly(item) for key, item in value.items()}
    return [_plainly(item) for item in value] if isinstance(value, list) else value


@given(content=st.dictionaries(st.text(), values))
def test_it_is_sorted_compact_json_with_whole_floats_as_integers(content: dict[str, Any]) -> None:
    expected = json.dumps(
        _plainly(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )

    try:
        wanted = expected.encode()
    except UnicodeEncodeError:
        with pytest.raises(UnicodeEncodeError):
            canonical.canonical_bytes(content)
        return
    assert canonical.canonical_bytes(content) == wanted


@given(content=st.dictionaries(st.text(), values))
def test_it_survives_the_trip_through_json(content: dict[str, Any]) -> None:
    try:
        first = canonical.canonical_bytes(content)
    except UnicodeEncodeError:
        return

    assert canonical.canonical_bytes(json.loads(json.dumps(content))) == first
    assert canonical.canonical_bytes(json.loads(first)) == first


@pytest.mark.parametrize("number", [1.0, 0.0, -3.0, 1e16, 1e22, 123456789.0])
@pytest.mark.parametrize("place", ["middle", "end", "list", "last"])
def test_it_finds_a_whole_float_wherever_it_stands(number: float, place: str) -> None:
    content = {
        "middle": {"a": number, "b": "x"},
        "end": {"b": number},
        "list": {"a": [number, 2]},
        "last": {"a": [2, number]},
    }[place]

    assert b"." not in canonical.canonical_bytes(content)
    assert b"e" not in canonical.canonical_bytes(content)


def test_it_takes_any_mapping_and_tuples() -> None:
    content = {"a": MappingProxyType({"z": 2.0, "b": (1.5, 3.0)})}

    assert canonical.canonical_bytes(content) == b'{"a":{"b":[1.5,3],"z":2}}'
    assert canonical.canonical_bytes((1.0, "é")) == '[1,"é"]'.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_it_refuses_what_is_no_json(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical.canonical_bytes({"a": number})
    with pytest.raises(TypeError):
        canonical.canonical_bytes({"a": object()})
