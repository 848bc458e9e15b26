"""What audit's references are called by people: names of those who acted, words for facts."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.audit import code_words, fact_words, system_words
from apps.core import formatting

PERSON = "accounts.user:"
# Who opened the own pages by a signed link; the case of the event says whose.
APPLICANT = "portal:applicant"
SYSTEM = "system:"
# Facts that are fractions, and read in per cent.
_RATES = frozenset({"annual_rate", "apr", "rate", "rate_before", "rate_after"})
# Facts that are amounts, and read as money where it is known in which currency.
_AMOUNTS = frozenset(
    {
        *("amount", "charge", "from_amount", "limit", "net", "paid", "paid_out"),
        *("principal", "secured", "sum_insured", "total"),
    }
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Hashes, and the keys of rows.
_LONG = re.compile(
    r"\b(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE
)
_KEY = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The key of a row, as such or behind the name of its table.
_ROW = re.compile(rf"(?:\b[a-z_]+\.[a-z_]+:|\b)({_KEY})\b", re.IGNORECASE)
_CLOCK = r"[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_DAY = re.compile(rf"(?<![\w-])\d{{4}}-\d{{2}}-\d{{2}}(?P<clock>{_CLOCK})?(?![\w-])")


def of_actors(actors: Iterable[str]) -> dict[str, str]:
    """Return the readable name of each actor, with one query for all people among them."""
    wanted = set(actors)
    keys = [key for key in (_person_key(actor) for actor in wanted) if key]
    people = get_user_model()._default_manager.filter(pk__in=keys).values_list("pk", "name")
    names = {f"{PERSON}{pk}": name for pk, name in people}
    return {actor: names.get(actor) or _other(actor) for actor in wanted}


def matching(text: str) -> list[str]:
    """Return the references of the people whose name or e-mail holds `text`; systems by name."""
    people = get_user_model()._default_manager
    by_name = people.filter(name__icontains=text).values_list("pk", flat=True)
    by_email = people.filter(email__icontains=text).values_list("pk", flat=True)
    found = [f"{PERSON}{pk}" for pk in by_name.union(by_email)]
    return [*found, text, f"{SYSTEM}{text}"]


def short(text: str) -> str:
    """Return a reference with its ids and hashes cut to what tells them apart on a page."""
    return _LONG.sub(lambda match: f"{match[0][:8]}…", text)


def of_facts(facts: dict[str, Any]) -> str:
    """Return the facts of an event as `name: value · name: value`."""
    shown = {name: _value(value) for name, value in facts.items()}
    return " · ".join(f"{name.replace('_', ' ')}: {text}" for name, text in shown.items() if text)


def of_people(texts: Iterable[str]) -> dict[str, str]:
    """Return the names of the people whose keys stand in the texts, by key: one query at most."""
    keys = {uuid.UUID(key) for text in texts for key in _ROW.findall(text)}
    if not keys:
        return {}
    people = get_user_model()._default_manager.filter(pk__in=keys).values_list("pk", "name")
    return {str(pk): name for pk, name in people}


def told(value: Any, people: Mapping[str, str]) -> str:
    """Return a fact as people read it: days and moments by the local clock, people by name.

    The key of any other row says nothing to a reader and is left out; what held nothing else is
    the empty text. `people` is what `of_people` returned. A moment without a zone is UTC.
    """
    if isinstance(value, list):
        return ", ".join(filter(None, (told(item, people) for item in value)))
    if isinstance(value, dict):
        parts = ((name, told(item, people)) for name, item in value.items())
        return ", ".join(f"{name} {text}" for name, text in parts if text)
    named = _ROW.sub(lambda match: people.get(match[1].lower(), ""), _value(value))
    return _DAY.sub(lambda match: _local(match[0], with_clock=bool(match["clock"])), named).strip()


def told_facts(
    facts: Mapping[str, Any], people: Mapping[str, str], *, app: str = "", currency: str = ""
) -> str:
    """Return facts as `of_facts` does, each as `told`, without those that say nothing.

    Codes are called by the words that `app`, whose event it is, has for them; amounts are written
    in the currency that the facts name, else in `currency`.
    """
    money_of = str(facts.get("currency") or currency)
    shown = (
        (fact_words.name_of(name), told(_in_words(app, name, value, money_of), people))
        for name, value in facts.items()
    )
    return " · ".join(f"{name}: {text}" for name, text in shown if text)


def _in_words(app: str, name: str, value: Any, currency: str) -> Any:
    """Return the word of a code, a rate in per cent, an amount as money; the rest as it is."""
    if not isinstance(value, str):
        return value
    if name in _RATES and _NUMBER.fullmatch(value):
        return _percent(Decimal(value))
    if name in _AMOUNTS and currency and _NUMBER.fullmatch(value):
        return formatting.format_money(Decimal(value), currency)
    return code_words.said(app, name, value)


def figure(text: str, *, name: str, places: int, currency: str) -> str:
    """Return a column's figure as people read it: a rate in per cent, an amount as money.

    What has the places of an amount is one, where it is known in which currency.
    """
    if not _NUMBER.fullmatch(text):
        return text
    if name in _RATES:
        return _percent(Decimal(text))
    return formatting.format_money(Decimal(text), currency) if places == 2 and currency else text


def _percent(share: Decimal) -> str:
    """Return a rate in per cent, with its digits: two to six after the point."""
    _sign, _digits, exponent = (share * 100).normalize().as_tuple()
    return formatting.format_percent(share, decimals=min(max(2, -int(exponent)), 6))


def _local(text: str, *, with_clock: bool) -> str:
    """Return a day or moment as pages write it; what is none, such as day 2026-02-31, as it is."""
    try:
        if not with_clock:
            return formats.date_format(date.fromisoformat(text))
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    aware = found if timezone.is_aware(found) else found.replace(tzinfo=UTC)
    return formats.date_format(timezone.localtime(aware), "DATETIME_FORMAT")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(item)}" for name, item in value.items())
    return "" if value is None else str(value)


def _person_key(actor: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(actor.removeprefix(PERSON)) if actor.startswith(PERSON) else None
    except ValueError:
        return None


def _other(actor: str) -> str:
    if actor.startswith(SYSTEM):
        part = system_words.part(actor.removeprefix(SYSTEM))
        return _("System (%(part)s)") % {"part": part}
    return _("The applicant, by a signed link") if actor == APPLICANT else actor
