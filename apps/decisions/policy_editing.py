"""A policy document as rows of text that a form can show and send back. Pure.

A draft may be anything while it is written: what cannot be read stays as it was typed, and the
checks say what is wrong with it. A document that is opened and sent back unchanged is the same.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.decisions.changes import REACHES
from apps.decisions.policy_inputs import INPUTS

Posted = Mapping[str, Sequence[str]]
Row = dict[str, Any]

MOST_RULES = 80
MOST_BANDS = 20
_CURRENCY_LETTERS = 3
_YES, _NO = "yes", "no"
_TRUTHS = {_YES: True, "true": True, _NO: False, "false": False}
_RULE_FIELDS = ("code", "sentence", "input", "test", "threshold", "outcome")
_BAND_FIELDS = ("name", "from", "below", "outcome", "rate_addon")
_CHANGE_FIELDS = ("what", "most", "weight")
_NEW_RULE: Row = {
    "code": "",
    "sentence": "",
    "input": "",
    "test": "at_most",
    "threshold": "",
    "outcome": "refer",
}


@dataclass(frozen=True)
class LadderRows:
    """The bands of some products, as rows."""

    products: list[str]
    refer_margin: str
    bands: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Rows:
    """A document, as rows; of changes also those that are not in its table, empty."""

    name: str
    rules: list[Row]
    ladders: list[LadderRows]
    changes: list[Row] = field(default_factory=list)


def rows(document: object) -> Rows:
    """Return a document as rows, whatever it holds."""
    whole = _mapping(document)
    return Rows(
        name=_text(whole.get("name", "")),
        rules=[_rule_row(one) for one in _objects(whole, "rules")],
        ladders=[
            LadderRows(
                products=_texts(one.get("products")),
                refer_margin=_text(one.get("refer_margin", "")),
                bands=[_band_row(band) for band in _objects(one, "bands")],
            )
            for one in _objects(whole, "ladders")
        ],
        changes=_change_rows(_objects(whole, "changes")),
    )


def document(posted: Posted) -> dict[str, Any]:
    """Return the document of posted rows: `rule-1-code`, `ladder-1-band-2-below` and so on."""
    found: dict[str, Any] = {"name": _one(posted, "name"), "rules": [], "ladders": []}
    for number in _numbers(posted, "rule-"):
        found["rules"].append(_rule(posted, f"rule-{number}-"))
    for number in _numbers(posted, "ladder-"):
        start = f"ladder-{number}-"
        ladder: dict[str, Any] = {
            "products": list(posted.get(f"{start}products", ())),
            "bands": [
                _band(posted, f"{start}band-{band}-") for band in _numbers(posted, f"{start}band-")
            ],
        }
        margin = _one(posted, f"{start}refer_margin")
        if margin:
            ladder["refer_margin"] = margin
        found["ladders"].append(ladder)
    table = [_change(posted, f"change-{number}-") for number in _numbers(posted, "change-")]
    if given := [row for row in table if row.keys() - {"what"}]:
        found["changes"] = given
    return found


def changed(written: Mapping[str, Any], action: str) -> tuple[dict[str, Any], str]:
    """Return the document after a button of the form, and the anchor of the part to look at.

    Actions are `add_rule`, `add_ladder`, `add_band-1`, `remove_rule-2`, `remove_ladder-1`,
    `remove_band-1-2` and `up_rule-3`. Anything else changes nothing.
    """
    whole = copy.deepcopy(dict(written))
    name, *places = action.split("-")
    at = [int(place) - 1 for place in places if place.isascii() and place.isdecimal()]
    actions: dict[tuple[str, int], Callable[..., str]] = {
        ("add_rule", 0): _add_rule,
        ("add_ladder", 0): _add_ladder,
        ("add_band", 1): _add_band,
        ("remove_rule", 1): _remove_rule,
        ("remove_ladder", 1): _remove_ladder,
        ("remove_band", 2): _remove_band,
        ("up_rule", 1): _up_rule,
    }
    act = actions.get((name, len(at)))
    if act is None or any(place < 0 for place in at):
        return whole, "policy"
    try:
        return whole, act(whole, *at)
    except IndexError:
        return whole, "policy"


def _add_rule(whole: dict[str, Any]) -> str:
    if len(whole["rules"]) < MOST_RULES:
        whole["rules"].append(dict(_NEW_RULE))
    return f"rule-{len(whole['rules'])}"


def _add_ladder(whole: dict[str, Any]) -> str:
    if len(whole["ladders"]) < MOST_BANDS:
        whole["ladders"].append({"products": [], "bands": [_new_band([])]})
    return f"ladder-{len(whole['ladders'])}"


def _add_band(whole: dict[str, Any], ladder: int) -> str:
    bands = whole["ladders"][ladder]["bands"]
    if len(bands) < MOST_BANDS:
        bands.append(_new_band(bands))
    return f"ladder-{ladder + 1}-band-{len(bands)}"


def _new_band(bands: list[Row]) -> Row:
    start = bands[-1]["below"] if bands else "0"
    name = chr(ord("A") + len(bands))
    return {"name": name, "from": start, "below": "1", "outcome": "refer", "rate_addon": "0"}


def _remove_rule(whole: dict[str, Any], rule: int) -> str:
    whole["rules"].pop(rule)
    return "rules"


def _remove_ladder(whole: dict[str, Any], ladder: int) -> str:
    whole["ladders"].pop(ladder)
    return "policy"


def _remove_band(whole: dict[str, Any], ladder: int, band: int) -> str:
    whole["ladders"][ladder]["bands"].pop(band)
    return f"ladder-{ladder + 1}"


def _up_rule(whole: dict[str, Any], rule: int) -> str:
    if rule:
        whole["rules"].insert(rule - 1, whole["rules"].pop(rule))
    return f"rule-{max(rule, 1)}"


def _change_rows(table: Sequence[Mapping[str, Any]]) -> list[Row]:
    written = [{key: _text(one.get(key, "")) for key in _CHANGE_FIELDS} for one in table]
    named = {row["what"] for row in written}
    others = [{"what": what, "most": "", "weight": ""} for what in REACHES if what not in named]
    return [*written, *others]


def _change(posted: Posted, start: str) -> Row:
    """Return one row of the table; what was left empty is not in it."""
    row = {key: _one(posted, start + key) for key in _CHANGE_FIELDS}
    return {key: given for key, given in row.items() if given}


def _rule_row(rule: Mapping[str, Any]) -> Row:
    row: Row = {key: _text(rule.get(key, "")) for key in _RULE_FIELDS}
    given = rule.get("threshold", "")
    if isinstance(given, bool):
        row["threshold"] = _YES if given else _NO
    elif isinstance(given, list):
        row["threshold"] = ", ".join(_text(one) for one in given)
    row["products"] = _texts(rule.get("products"))
    row["currencies"] = ", ".join(_texts(rule.get("currencies")))
    return row


def _band_row(band: Mapping[str, Any]) -> Row:
    row: Row = {key: _text(band.get(key, "")) for key in _BAND_FIELDS}
    most = band.get("most_amount", {})
    row["most_amount"] = (
        "; ".join(f"{_text(key)} {_text(value)}".strip() for key, value in most.items())
        if isinstance(most, Mapping)
        else _text(most)
    )
    row["longest_term_months"] = _text(band.get("longest_term_months", ""))
    row["beyond"] = _text(band.get("beyond", ""))
    return row


def _rule(posted: Posted, start: str) -> Row:
    rule: Row = {key: _one(posted, start + key) for key in _RULE_FIELDS}
    rule["threshold"] = _threshold(rule)
    products = list(posted.get(f"{start}products", ()))
    currencies = _split(_one(posted, f"{start}currencies"), ",")
    return rule | {
        key: given for key, given in (("products", products), ("currencies", currencies)) if given
    }


def _threshold(rule: Row) -> str | bool | list[str]:
    typed = str(rule["threshold"])
    declared = INPUTS.get(rule["input"])
    if declared is not None and declared.kind == "boolean":
        return _TRUTHS.get(typed.lower(), typed)
    return _split(typed, ",") if rule["test"] == "one_of" else typed


def _band(posted: Posted, start: str) -> Row:
    band: Row = {key: _one(posted, start + key) for key in _BAND_FIELDS}
    most = _split(_one(posted, f"{start}most_amount"), ";")
    if most:
        band["most_amount"] = dict(_amount(one) for one in most)
    for key in ("longest_term_months", "beyond"):
        given = _one(posted, start + key)
        if given:
            band[key] = given
    return band


def _amount(typed: str) -> tuple[str, str]:
    """Return `INR 500000` as a pair; what is no pair keeps its text, for the checks to refuse."""
    currency, _blank, amount = typed.partition(" ")
    if len(currency) == _CURRENCY_LETTERS and amount:
        return currency.upper(), amount.strip()
    return typed, ""


def _numbers(posted: Posted, start: str) -> list[int]:
    """Return the numbers of the rows that were posted under a name, in order.

    All of them: a draft from a file may hold more rows than the buttons add.
    """
    found = set()
    for key in posted:
        number = key.removeprefix(start).partition("-")[0]
        if key.startswith(start) and number.isascii() and number.isdecimal() and len(number) < 4:
            found.add(int(number))
    return sorted(found)


def _one(posted: Posted, key: str) -> str:
    given = posted.get(key, ())
    return given[-1].replace("\x00", "").strip() if given else ""


def _split(text: str, mark: str) -> list[str]:
    return [part.strip() for part in text.split(mark) if part.strip()]


def _mapping(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _objects(whole: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    given = whole.get(key)
    return [_mapping(one) for one in given] if isinstance(given, list) else []


def _texts(given: object) -> list[str]:
    return [_text(one) for one in given] if isinstance(given, list) else []


def _text(given: object) -> str:
    return given if isinstance(given, str) else "" if given is None else str(given)
