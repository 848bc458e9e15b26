"""Who may read the history of a thing. Apps above say it for their own things at start-up.

Auditors read everything. Beside them: whoever satisfies the registered predicate, or - where an
app registered none - whoever may open the thing itself: holds `app.view_model` and finds the row
in `Model.objects.visible_to(actor)`. A thing that has neither is for auditors alone.
"""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError

READ_ALL = "audit.view_audit"
Visible = Callable[[Any, str], bool]
_predicates: dict[str, Visible] = {}


def register(label: str, *, visible: Visible) -> None:
    """Say who may read about things of a model, for example `applications.application`."""
    _predicates[label] = visible


def may_read(actor: Any, subject: str) -> bool:
    """Say whether the actor may read the history of `app.model:primary key`."""
    if actor.has_perm(READ_ALL):
        return True
    label, _, pk = subject.partition(":")
    if label in _predicates:
        return _predicates[label](actor, pk)
    return _may_open(actor, label, pk)


def _may_open(actor: Any, label: str, pk: str) -> bool:
    app_label, _, model_name = label.partition(".")
    try:
        rows = apps.get_model(app_label, model_name).objects
    except (LookupError, AttributeError):
        return False
    if not hasattr(rows, "visible_to") or not actor.has_perm(f"{app_label}.view_{model_name}"):
        return False
    try:
        return rows.visible_to(actor).filter(pk=pk).exists()
    except (ValidationError, ValueError):
        # The text after the colon is no primary key of that model.
        return False
