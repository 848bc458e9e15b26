"""What audit's references are called by people: names of those who acted, words for facts."""

import re
import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

PERSON = "accounts.user:"
# Who opened the own pages by a signed link; the case of the event says whose.
APPLICANT = "portal:applicant"
SYSTEM = "system:"
# Hashes, and the keys of rows.
_LONG = re.compile(
    r"\b(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE
)


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
        return _("System (%(part)s)") % {"part": actor.removeprefix(SYSTEM)}
    return _("The applicant, by a signed link") if actor == APPLICANT else actor
