"""The history of one thing as people read it: business events and changed columns, newest first."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, DecimalField
from django.utils.translation import gettext as _

from apps.audit import code_words, names, selectors, verbs
from apps.audit.models import Event

Entry = dict[str, Any]
LIMIT = 200
# How auditlog writes a column that holds nothing.
_NOTHING = ("None", "")
# The last word of a verb says how its line is marked: tone and symbol.
_LOOKS = {
    "approved": ("success", "circle-check"),
    "countersigned": ("success", "check-check"),
    "declined": ("danger", "circle-x"),
    "refused": ("danger", "circle-x"),
    "failed": ("danger", "octagon-alert"),
    "referred": ("warning", "user-round"),
    "submitted": ("info", "send"),
    "scored": ("info", "gauge"),
    "withdrawn": ("neutral", "undo-2"),
    "issued": ("info", "mail"),
    "rendered": ("info", "file-check"),
    "claimed": ("info", "hand"),
}


def of(subject: str) -> list[Entry]:
    """Return what happened to `app.model:primary key`, at most 200 entries, newest first."""
    events = list(selectors.events_of(subject, limit=LIMIT))
    changes = list(_changes(subject))
    actors = names.of_actors(event.actor for event in events)
    facts = (str(event.facts) for event in events)
    people = names.of_people([*facts, *(str(change.changes) for change in changes)])
    currency = _currency_of(subject) if events or changes else ""
    entries = [_event_entry(event, actors, people, currency) for event in events]
    entries += [_change_entry(change, people, currency) for change in changes]
    return sorted(entries, key=lambda entry: entry["when"], reverse=True)[:LIMIT]


def _event_entry(
    event: Event, actors: Mapping[str, str], people: Mapping[str, str], currency: str
) -> Entry:
    tone, icon = _look(event.verb)
    app = event.verb.partition(".")[0]
    return {
        "what": verbs.sentence(event.verb),
        "who": actors[event.actor],
        "when": event.occurred_at,
        "note": names.short(names.told_facts(event.facts, people, app=app, currency=currency)),
        "tone": tone,
        "icon": icon,
    }


def _look(verb: str) -> tuple[str, str]:
    last = verb.rpartition(".")[2].rpartition("_")[2]
    return _LOOKS.get(last, ("", "circle-dot"))


def _currency_of(subject: str) -> str:
    """Return the currency of a thing, or of the one that it is part of; empty where none is."""
    content_type, pk = _kind(subject)
    model = content_type.model_class() if content_type is not None else None
    paths = _currency_paths(model) if model is not None else []
    if model is None or not paths:
        return ""
    rows = model._base_manager.filter(pk=pk).values_list(*paths)
    found = {one for row in rows for one in row if one}
    return str(found.pop()) if len(found) == 1 else ""


def _currency_paths(model: Any) -> list[str]:
    """Return the column that holds a currency: the model's own, else those of what it points to."""
    if _has_currency(model):
        return ["currency"]
    return [
        f"{field.name}__currency"
        for field in model._meta.get_fields()
        if field.many_to_one and field.concrete and _has_currency(field.related_model)
    ]


def _has_currency(model: Any) -> bool:
    meta = getattr(model, "_meta", None)
    return meta is not None and "currency" in {field.name for field in meta.concrete_fields}


def _kind(subject: str) -> tuple[ContentType | None, str]:
    label, _separator, pk = subject.partition(":")
    app_label, _dot, model_name = label.partition(".")
    return ContentType.objects.filter(app_label=app_label, model=model_name).first(), pk


def _changes(subject: str) -> Iterable[LogEntry]:
    content_type, pk = _kind(subject)
    if content_type is None:
        return []
    rows = LogEntry.objects.filter(content_type=content_type, object_pk=pk)
    # What was there when the row was made is the event's business; here are the changes.
    return (
        rows.exclude(action=LogEntry.Action.CREATE)
        .select_related("actor", "content_type")
        .order_by("-timestamp")[:LIMIT]
    )


def _change_entry(change: LogEntry, people: Mapping[str, str], currency: str) -> Entry:
    return {
        "what": _("Record deleted")
        if change.action == LogEntry.Action.DELETE
        else _("Record changed"),
        "who": change.actor.name if change.actor else "",
        "when": change.timestamp,
        "note": " · ".join(_change_notes(change, people, currency)),
        "tone": "neutral",
        "icon": "pencil",
    }


def _change_notes(change: LogEntry, people: Mapping[str, str], currency: str) -> Iterator[str]:
    model = change.content_type.model_class()
    for field, values in (change.changes or {}).items():
        label = _field_label(model, field)
        if isinstance(values, dict):
            objects = names.told(values.get("objects", []), people)
            yield f"{label}: {values.get('operation', '')} {objects}".rstrip()
        else:
            said = (_said(model, field, str(value), currency) for value in values)
            yield _moved(label, *said, people=people)


def _said(model: Any, field: str, value: str, currency: str) -> str:
    """Return the word of a column's choice or of its app's code, an amount as money.

    A rate is in per cent, a yes or no in words; any other value stays as it is.
    """
    try:
        column = model._meta.get_field(field)
    except (FieldDoesNotExist, AttributeError):
        return value
    said = str(dict(getattr(column, "flatchoices", ())).get(value, value))
    if said != value:
        return said
    if isinstance(column, DecimalField):
        return names.figure(value, name=field, places=column.decimal_places, currency=currency)
    if isinstance(column, BooleanField):
        return {"True": _("yes"), "False": _("no")}.get(value, value)
    known_as = f"{model._meta.model_name}.{field}"
    return code_words.said(model._meta.app_label, known_as, value)


def _moved(label: str, before: str, after: str, *, people: Mapping[str, str]) -> str:
    """Return what a column was and is; of a row nobody can name, only that it changed."""
    sides = ["—" if side in _NOTHING else names.told(side, people) for side in (before, after)]
    return f"{label}: {' → '.join(sides)}" if all(sides) else label


def _field_label(model: Any, field: str) -> str:
    try:
        return str(model._meta.get_field(field).verbose_name)
    except (FieldDoesNotExist, AttributeError):
        # The column or its model is gone by now; its name still says what it was.
        return field
