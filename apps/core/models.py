"""Abstract models: identity, time stamps, and a status that only `move` can change."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core import rows
from apps.core.errors import StaleRecord
from apps.core.lifecycle import Lifecycle

Row = TypeVar("Row")
# A row, how it moves, and what else of it changes.
Move = tuple[Row, tuple[str, ...], Mapping[str, Any]]
_STALE = _("Somebody else has changed this in the meantime. Reload the page.")


class Identified(models.Model):
    """A UUID primary key, made before the row is written: encryption binds to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class Timestamped(models.Model):
    """When the row was made and last changed (UTC)."""

    created_at = models.DateTimeField(_("created"), auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, editable=False)

    class Meta:
        abstract = True


class Stateful(models.Model):
    """A record whose `status` follows a lifecycle table."""

    lifecycle: ClassVar[Lifecycle]

    status = models.CharField(_("status"), max_length=32, editable=False)

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A row read without its status keeps it unread: asking for it would ask the database.
        if not self.__dict__.get("status", True):
            self.status = self.lifecycle.initial

    def may(self, action: str) -> bool:
        """Say whether the lifecycle allows `action` now."""
        return self.lifecycle.allows(action, self.status)

    def move(self, *actions: str, **changes: Any) -> Self:
        """Change the status by `actions`, one after the other, if nobody was faster.

        Status and other columns are written at once, and the instance then holds what is stored.
        The update names the state it started from, so of two people only one can win.
        Raises Conflict when the lifecycle does not allow it, StaleRecord when the row has moved.
        """
        before = after = self.status
        for action in actions:
            after = self.lifecycle.target(action, after)
        if not rows.change(self, {"status": after, **changes}, while_={"status": before}):
            raise StaleRecord("stale_record", str(_STALE))
        return self

    @classmethod
    def move_each(cls, moves: "Sequence[Move[Self]]") -> None:
        """Do what `move` does for different rows of one state, with one statement.

        Each goes by actions of its own and changes the same columns to values of its own. Raises
        as `move` does, for all where one of them has moved; `updated_at` is not read back.
        """
        if not moves:
            return
        [before] = {row.status for row, _actions, _changes in moves}
        values: dict[Any, dict[str, Any]] = {}
        for row, actions, changes in moves:
            after = before
            for action in actions:
                after = cls.lifecycle.target(action, after)
            values[row.pk] = {"status": after, **changes}
        if len(rows.change_each(cls, values, while_={"status": before})) < len(moves):
            raise StaleRecord("stale_record", str(_STALE))
        for row, _actions, _changes in moves:
            for name, new in values[row.pk].items():
                setattr(row, name, new)

    @classmethod
    def move_all(cls, chosen: "models.QuerySet[Any]", action: str, **changes: Any) -> int:
        """Change the status of many rows by `action` in one UPDATE; return how many moved.

        Rows in a state the action does not start from stay as they are. Raises ValueError for an
        action the lifecycle does not know. The caller records what was done.
        """
        steps = [step for step in cls.lifecycle.steps if step.action == action]
        if not steps:
            raise ValueError(f"The lifecycle of {cls.__name__} has no action {action!r}.")
        targets = [
            models.When(status__in=step.sources, then=models.Value(step.target)) for step in steps
        ]
        values = {"status": models.Case(*targets), **changes}
        if any(field.name == "updated_at" for field in cls._meta.fields):
            values["updated_at"] = models.functions.Now()
        sources = [source for step in steps for source in step.sources]
        return chosen.filter(status__in=sources).update(**values)


def status_constraint(lifecycle: Lifecycle, name: str) -> models.CheckConstraint:
    """Return the check that keeps a status column to the states of its lifecycle."""
    return models.CheckConstraint(condition=models.Q(status__in=lifecycle.states), name=name)
