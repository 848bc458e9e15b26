"""A policy as rows of a form: what is opened and sent back unchanged is the same document."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import policy_document, policy_editing
from apps.decisions.tests import factories

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "policies"


def _posted(document: object) -> dict[str, list[str]]:
    """Return what a browser sends back for a document that nobody touched."""
    shown = policy_editing.rows(document)
    posted = {"name": [shown.name]}
    for number, rule in enumerate(shown.rules, start=1):
        for key, value in rule.items():
            posted[f"rule-{number}-{key}"] = value if isinstance(value, list) else [value]
    for number, ladder in enumerate(shown.ladders, start=1):
        posted[f"ladder-{number}-products"] = ladder.products
        posted[f"ladder-{number}-refer_margin"] = [ladder.refer_margin]
        for place, band in enumerate(ladder.bands, start=1):
            for key, value in band.items():
                posted[f"ladder-{number}-band-{place}-{key}"] = [value]
    for number, change in enumerate(shown.changes, start=1):
        for key, value in change.items():
            posted[f"change-{number}-{key}"] = [value]
    return posted


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_a_policy_we_ship_comes_back_as_it_was(path: Path) -> None:
    shipped = json.loads(path.read_text(encoding="utf-8"))["policy"]

    assert policy_editing.document(_posted(shipped)) == shipped


def test_limits_and_margin_come_back_as_they_were() -> None:
    written = factories.document()
    written["ladders"][0]["refer_margin"] = "0.02"
    written["ladders"][0]["bands"][0] |= {
        "most_amount": {"INR": "500000", "USD": "9000.50"},
        "longest_term_months": "36",
        "beyond": "decline",
    }
    written["rules"][0] |= {"products": ["personal"], "currencies": ["INR", "KES"]}

    assert policy_editing.document(_posted(written)) == written


def test_no_row_of_a_long_policy_is_lost() -> None:
    written = factories.document()
    rule, [band, *_others] = written["rules"][0], written["ladders"][0]["bands"]
    written["rules"] = [{**rule, "code": f"rule_{number}"} for number in range(85)]
    written["ladders"] = [
        {"products": [f"product-{ladder}"], "bands": [dict(band) for _place in range(22)]}
        for ladder in range(21)
    ]

    assert policy_editing.document(_posted(written)) == written


def test_what_is_typed_becomes_what_a_policy_holds() -> None:
    posted = _posted(factories.document())
    posted |= {
        "rule-1-input": ["bureau_report"],
        "rule-1-test": ["is"],
        "rule-1-threshold": [" Yes "],
        "rule-2-input": ["country"],
        "rule-2-test": ["one_of"],
        "rule-2-threshold": ["IN, KE ,,"],
        "ladder-1-band-1-most_amount": ["inr 500000 ; USD 9000"],
    }

    found = policy_editing.document(posted)

    assert found["rules"][0]["threshold"] is True
    assert found["rules"][1]["threshold"] == ["IN", "KE"]
    assert found["ladders"][0]["bands"][0]["most_amount"] == {"INR": "500000", "USD": "9000"}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("rule-1-threshold", "plenty"),
        ("rule-1-input", "star_sign"),
        ("rule-1-test", "resembles"),
        ("ladder-1-band-1-most_amount", "half a million"),
        ("ladder-1-band-1-below", "sixty"),
        ("ladder-1-band-1-beyond", "refer"),
    ],
)
def test_what_cannot_be_read_stays_and_is_refused(field: str, typed: str) -> None:
    posted = _posted(factories.document()) | {field: [typed]}

    found = policy_editing.document(posted)

    assert _posted(found)[field] == [typed]
    with pytest.raises(policy_document.PolicyRefused):
        policy_document.parse(found)


@pytest.mark.parametrize(
    ("action", "anchor"),
    [
        ("add_rule", "rule-6"),
        ("add_ladder", "ladder-2"),
        ("add_band-1", "ladder-1-band-4"),
        ("remove_rule-2", "rules"),
        ("remove_ladder-1", "policy"),
        ("remove_band-1-2", "ladder-1"),
        ("up_rule-3", "rule-2"),
    ],
)
def test_a_button_changes_one_part(action: str, anchor: str) -> None:
    before = factories.document()

    after, place = policy_editing.changed(before, action)

    assert place == anchor
    assert before == factories.document()
    assert after != before


def test_parts_are_taken_away_and_moved_by_their_number() -> None:
    written = factories.document()

    removed, _place = policy_editing.changed(written, "remove_rule-2")
    moved, _place = policy_editing.changed(written, "up_rule-3")
    fewer, _place = policy_editing.changed(written, "remove_band-1-2")

    codes = [rule["code"] for rule in written["rules"]]
    assert [rule["code"] for rule in removed["rules"]] == [codes[0], *codes[2:]]
    assert [rule["code"] for rule in moved["rules"]][:3] == [codes[0], codes[2], codes[1]]
    assert [band["name"] for band in fewer["ladders"][0]["bands"]] == ["A", "C"]


@pytest.mark.parametrize(
    "action",
    [
        "",
        "save",
        "remove_rule-99",
        "remove_rule-0",
        "remove_band-1",
        "up_rule-",
        "drop-1",
        "add_band-7",
    ],
)
def test_another_button_changes_nothing(action: str) -> None:
    written, _place = policy_editing.changed(factories.document(), action)

    assert written == factories.document()


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "rules", "ladders", "bands", "products", "threshold", "most_amount"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(written=json_values)
def test_whatever_a_draft_holds_can_be_shown_and_sent_back(written: Any) -> None:
    found = policy_editing.document(_posted(written))

    assert found.keys() == {"name", "rules", "ladders"}
    assert policy_editing.document(_posted(found)) == found
