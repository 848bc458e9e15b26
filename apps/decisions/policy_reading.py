"""Read the parts of a policy document: one rule, one ladder with its bands. Pure.

Each reader is given the part and its place and raises PolicyRefused with what is wrong there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from apps.decisions.policy import (
    FINDING_CODES,
    SEVERITY,
    TESTS,
    Band,
    Ladder,
    Outcome,
    Rule,
    Test,
    Threshold,
)
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.policy_problems import Place, PolicyRefused, Problem, gettext_noop, refused

_RULE_KEYS = {"code", "sentence", "input", "test", "threshold", "outcome"}
_RULE_EXTRAS = {"products", "currencies"}
_LADDER_KEYS = {"products", "bands", "refer_margin"}
_BAND_KEYS = {"name", "from", "below", "outcome", "rate_addon"}
_BAND_EXTRAS = {"most_amount", "longest_term_months", "beyond"}
_LONGEST_CODE = 40
_HIGHEST_ADDON = Decimal(1)
_MOST_MONTHS = 1000
# No exponents out of proportion, no signs, blanks or digits of other scripts.
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NOT_AN_OBJECT = gettext_noop("this is not an object.")
_NO_THRESHOLD = gettext_noop("there is no threshold.")
_MALFORMED_THRESHOLD = gettext_noop("the threshold %(value)s is malformed.")
_MALFORMED_LIMIT = gettext_noop(
    "the threshold %(value)s is malformed. Write digits and a point, such as 15000 or 0.55."
)
_MALFORMED_FIGURE = gettext_noop(
    "“%(figure)s” is malformed: %(value)s. Write digits and a point, such as 0.015."
)
_MOST_SHOWN = 40


def rule(raw: object, place: Place) -> Rule:
    """Return one rule."""
    if not isinstance(raw, Mapping):
        raise refused(place, _NOT_AN_OBJECT)
    if isinstance(raw.get("code"), str):
        place = replace(place, name=raw["code"])
    _require_keys(raw, _RULE_KEYS, _RULE_EXTRAS, place)
    declared = INPUTS.get(raw["input"]) if isinstance(raw["input"], str) else None
    if raw["input"] == "":
        raise refused(place, gettext_noop("it does not say what it looks at."))
    if declared is None:
        raise refused(
            place,
            gettext_noop("it asks for the unknown input %(value)s."),
            value=_shown(raw["input"]),
        )
    if raw["test"] not in TESTS[declared.kind]:
        raise refused(
            place,
            gettext_noop("“%(test)s” is no test for %(input)s."),
            test=raw["test"],
            input=declared.name,
        )
    _require_words(raw, place)
    return Rule(
        code=raw["code"],
        sentence=raw["sentence"],
        input=declared.name,
        test=cast(Test, raw["test"]),
        threshold=_threshold(raw, declared.kind, place),
        outcome=raw["outcome"],
        products=_codes(raw, "products", place),
        currencies=_codes(raw, "currencies", place),
    )


def ladder(raw: object, place: Place) -> Ladder:
    """Return the bands of some products; they must run from 0 to 1."""
    if not isinstance(raw, Mapping):
        raise refused(place, _NOT_AN_OBJECT)
    problems = unknown_keys(raw, _LADDER_KEYS, place)
    bands = raw.get("bands")
    if not isinstance(bands, list) or not bands:
        problems.append(Problem(place, gettext_noop("there are no bands.")))
        raise PolicyRefused(problems)
    read, found = _bands(bands, place)
    problems += found
    if problems:
        raise PolicyRefused(problems)
    problems = _joints(read, place)
    whole = Ladder(
        products=_codes(raw, "products", place),
        bands=tuple(read),
        refer_margin=_margin(raw, place),
    )
    problems += _swallowed(whole, place)
    if problems:
        raise PolicyRefused(problems)
    return whole


def unknown_keys(raw: Mapping[str, Any], known: set[str], place: Place) -> list[Problem]:
    """Return a problem for each key that means nothing."""
    return [
        Problem(place, gettext_noop("“%(key)s” means nothing here."), {"key": key})
        for key in sorted(raw.keys() - known)
    ]


def _require_keys(raw: Mapping[str, Any], keys: set[str], extras: set[str], place: Place) -> None:
    problems = unknown_keys(raw, keys | extras, place)
    problems += [
        Problem(place, gettext_noop("“%(key)s” is missing."), {"key": key})
        for key in sorted(keys - raw.keys())
    ]
    if problems:
        raise PolicyRefused(problems)


def _require_words(raw: Mapping[str, Any], place: Place) -> None:
    code, sentence = raw["code"], raw["sentence"]
    if not isinstance(code, str) or not code.isidentifier() or len(code) > _LONGEST_CODE:
        raise refused(place, gettext_noop("the code must be one word of at most 40 letters."))
    if code in FINDING_CODES:
        raise refused(place, gettext_noop("the code %(code)s is kept for the bands."), code=code)
    if not isinstance(sentence, str) or not sentence.strip():
        raise refused(place, gettext_noop("there is no sentence."))
    if raw["outcome"] not in ("refer", "decline"):
        raise refused(place, gettext_noop("it must refer or decline."))


def _threshold(raw: Mapping[str, Any], kind: str, place: Place) -> Threshold:
    given = raw["threshold"]
    if given in ("", []):
        raise refused(place, _NO_THRESHOLD)
    if kind == "number":
        return _number(given, refused(place, _MALFORMED_LIMIT, value=_shown(given)))
    wrong = refused(place, _MALFORMED_THRESHOLD, value=_shown(given))
    if kind == "boolean":
        if not isinstance(given, bool):
            raise wrong
        return given
    if raw["test"] == "is":
        if not isinstance(given, str) or not given:
            raise wrong
        return given
    if not isinstance(given, list) or not given or not all(isinstance(x, str) for x in given):
        raise wrong
    return tuple(given)


def _number(given: object, wrong: PolicyRefused) -> Decimal:
    """Return a number written as text; a JSON float has already lost digits."""
    if not isinstance(given, str) or not _NUMBER.fullmatch(given):
        raise wrong
    return Decimal(given)


def _codes(raw: Mapping[str, Any], key: str, place: Place) -> tuple[str, ...]:
    given = raw.get(key, [])
    if not isinstance(given, list) or not all(isinstance(item, str) and item for item in given):
        raise refused(place, gettext_noop("“%(key)s” must be a list of codes."), key=key)
    return tuple(given)


def _bands(raw: Sequence[object], place: Place) -> tuple[list[Band], list[Problem]]:
    read, problems = [], []
    for number, one in enumerate(raw, start=1):
        try:
            read.append(_band(one, replace(place, band=number)))
        except PolicyRefused as refusal:
            problems += refusal.problems
    return read, problems


def _band(raw: object, place: Place) -> Band:
    if not isinstance(raw, Mapping):
        raise refused(place, _NOT_AN_OBJECT)
    if isinstance(raw.get("name"), str):
        place = replace(place, name=raw["name"])
    _require_keys(raw, _BAND_KEYS, _BAND_EXTRAS, place)
    if not isinstance(raw["name"], str) or not raw["name"].strip():
        raise refused(place, gettext_noop("there is no name."))
    if raw["outcome"] not in ("approve", "refer", "decline"):
        raise refused(place, gettext_noop("it must approve, refer or decline."))
    start, below, addon = (_figure(raw, key, place) for key in ("from", "below", "rate_addon"))
    if start >= below:
        raise refused(place, gettext_noop("it is empty: it ends where it begins or before."))
    if addon >= _HIGHEST_ADDON:
        raise refused(place, gettext_noop("the add-on is a fraction a year, below 1."))
    return Band(
        name=raw["name"],
        start=start,
        below=below,
        outcome=cast(Outcome, raw["outcome"]),
        rate_addon=addon,
        most_amount=_most_amount(raw, place),
        longest_term_months=_longest_term(raw, place),
        beyond=_beyond(raw, place),
    )


def _figure(raw: Mapping[str, Any], key: str, place: Place) -> Decimal:
    wrong = refused(place, _MALFORMED_FIGURE, figure=key, value=_shown(raw[key]))
    return _number(raw[key], wrong)


def _shown(given: object) -> str:
    """Return what was given as it stands in the document, the rest of a long one left out."""
    text = repr(given)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _most_amount(raw: Mapping[str, Any], place: Place) -> dict[str, Decimal]:
    if "most_amount" not in raw:
        return {}
    given = raw["most_amount"]
    if (
        not isinstance(given, Mapping)
        or not given
        or not all(isinstance(code, str) and _CURRENCY.fullmatch(code) for code in given)
    ):
        raise refused(
            place, gettext_noop("the largest amount is given by currency, such as INR 500000.")
        )
    found = {code: _figure(given, code, place) for code in given}
    if not all(found.values()):
        raise refused(place, gettext_noop("a largest amount of 0 is no limit but a decline."))
    return found


def _longest_term(raw: Mapping[str, Any], place: Place) -> int | None:
    if "longest_term_months" not in raw:
        return None
    months = _figure(raw, "longest_term_months", place)
    if months != int(months) or not 0 < months < _MOST_MONTHS:
        raise refused(place, gettext_noop("the longest term is a whole number of months."))
    return int(months)


def _beyond(raw: Mapping[str, Any], place: Place) -> Outcome | None:
    """Return what happens above a limit of the band; it must be worse than the band's outcome."""
    is_limited = "most_amount" in raw or "longest_term_months" in raw
    if not is_limited:
        if "beyond" in raw:
            raise refused(
                place, gettext_noop("it says what happens beyond a limit but has no limit.")
            )
        return None
    if raw.get("beyond") not in ("refer", "decline"):
        raise refused(
            place,
            gettext_noop("it must say whether a request beyond its limit is referred or declined."),
        )
    if SEVERITY[raw["beyond"]] <= SEVERITY[raw["outcome"]]:
        raise refused(
            place,
            gettext_noop("its limits contradict its outcome: beyond them nothing becomes worse."),
        )
    return cast(Outcome, raw["beyond"])


def _margin(raw: Mapping[str, Any], place: Place) -> Decimal | None:
    if "refer_margin" not in raw:
        return None
    margin = _figure(raw, "refer_margin", place)
    if not 0 < margin < 1:
        raise refused(place, gettext_noop("the margin must lie between 0 and 1."))
    return margin


def _joints(bands: Sequence[Band], place: Place) -> list[Problem]:
    """Return the gaps and overlaps of bands that must run from 0 to 1."""
    problems = []
    expected = Decimal(0)
    for number, band in enumerate(bands, start=1):
        at = replace(place, band=number, name=band.name)
        if band.start > expected:
            problems.append(
                Problem(
                    at,
                    gettext_noop("there is a gap from %(from)s to %(to)s."),
                    {"from": expected, "to": band.start},
                )
            )
        elif band.start < expected:
            problems.append(
                Problem(
                    at,
                    gettext_noop("bands overlap from %(from)s to %(to)s."),
                    {"from": band.start, "to": expected},
                )
            )
        expected = band.below
    if expected != 1:
        problems.append(
            Problem(
                place,
                gettext_noop("the bands must end at 1, not at %(end)s."),
                {"end": expected},
            )
        )
    return problems


def _swallowed(whole: Ladder, place: Place) -> list[Problem]:
    """Return what the margin makes meaningless: no cut-off at all, or a band it covers whole."""
    margin = whole.refer_margin
    if margin is None:
        return []
    if not whole.cutoffs:
        return [
            Problem(place, gettext_noop("there is a margin but no cut-off between two outcomes."))
        ]
    spans = [(bound - margin, bound + margin) for bound in whole.cutoffs]
    return [
        Problem(
            replace(place, band=number, name=band.name),
            gettext_noop("the margin covers it whole, so nothing in it is ever approved."),
        )
        for number, band in enumerate(whole.bands, start=1)
        if band.outcome == "approve" and _is_covered(band, spans)
    ]


def _is_covered(band: Band, spans: Sequence[tuple[Decimal, Decimal]]) -> bool:
    """Say whether closed spans, in order, leave no PD of the band free."""
    free_from = band.start
    for low, high in spans:
        if low > free_from:
            break
        free_from = max(free_from, high)
    return free_from >= band.below
