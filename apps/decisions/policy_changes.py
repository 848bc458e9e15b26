"""Read the table of what an applicant may be told to change from a policy document. Pure.

Refused: what nobody can or may be told to change, a reach that leaves nothing to change or is no
share or number of months, a cost that is none, a thing named twice. All numbers are text.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from apps.decisions.changes import REACHES, Allowed
from apps.decisions.policy_problems import Place, PolicyRefused, Problem, gettext_noop, refused

_KEYS = {"what", "most", "weight"}
_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_MOST_MONTHS = 480
_MOST_SECURITY = 10
_HIGHEST_WEIGHT = 1000


def allowed(raw: object, number: int) -> Allowed:
    """Return one row of the table. Raises PolicyRefused with what is wrong in it."""
    place = Place(change=number)
    if not isinstance(raw, Mapping):
        raise refused(place, gettext_noop("this is not an object."))
    what = raw.get("what")
    if not isinstance(what, str) or what not in REACHES:
        raise refused(place, gettext_noop("it names nothing that an applicant could change."))
    place = replace(place, name=what)
    strange = sorted(raw.keys() - _KEYS)
    if strange:
        raise refused(place, gettext_noop("“%(key)s” means nothing here."), key=strange[0])
    return Allowed(what, _reach(what, raw, place), _weight(raw, place))


def named_twice(table: Sequence[Allowed]) -> list[Problem]:
    """Return a problem for every thing named before."""
    names = [one.what for one in table]
    return [
        Problem(Place(change=number, name=name), gettext_noop("it is in the table twice."))
        for number, name in enumerate(names, start=1)
        if name in names[: number - 1]
    ]


def _reach(what: str, raw: Mapping[str, Any], place: Place) -> Decimal | None:
    """Return how far it may move: a share above 0, whole months, or None for a switch."""
    kind = REACHES[what]
    if kind == "switch":
        if raw.get("most") not in (None, ""):
            raise refused(place, gettext_noop("it is changed or not, so it has no reach."))
        return None
    most = _number(raw, "most", place)
    highest = _highest(what)
    if not 0 < most <= highest or (kind == "months" and most != most.to_integral_value()):
        raise refused(
            place,
            gettext_noop("how far it may change must lie above 0 and not above %(most)s."),
            most=highest,
        )
    return most


def _highest(what: str) -> int:
    if REACHES[what] == "months":
        return _MOST_MONTHS
    # Security may be worth more than the loan; of a debt no more than all can be repaid.
    return _MOST_SECURITY if what == "security_value" else 1


def _weight(raw: Mapping[str, Any], place: Place) -> Decimal:
    weight = _number(raw, "weight", place)
    if not 0 < weight <= _HIGHEST_WEIGHT:
        raise refused(
            place,
            gettext_noop("its cost must lie above 0 and not above %(most)s."),
            most=_HIGHEST_WEIGHT,
        )
    return weight


def _number(raw: Mapping[str, Any], key: str, place: Place) -> Decimal:
    given = raw.get(key)
    if not isinstance(given, str) or not _NUMBER.fullmatch(given):
        raise PolicyRefused(
            [Problem(place, gettext_noop("“%(key)s” must be digits as text."), {"key": key})]
        )
    return Decimal(given)
