"""A lifecycle is a table of (action, from states, to state). Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from apps.core.errors import Conflict


def gettext_noop(text: str) -> str:
    """Mark a text for translation; the name is the one the extraction looks for."""
    return text


_NOT_POSSIBLE = gettext_noop(
    "This cannot be done any more: its state is another one by now. Reload the page to see what"
    " has happened."
)
_voices: list[Callable[[str], str]] = []


def said_by(voice: Callable[[str], str]) -> None:
    """Let what is refused be said by `voice`, in the language of whoever reads it; at start-up."""
    _voices[:] = [voice]


class _NotPossible:
    """What is said of an action that leads nowhere from a state."""

    def __str__(self) -> str:
        return _voices[-1](_NOT_POSSIBLE) if _voices else _NOT_POSSIBLE


@dataclass(frozen=True)
class Step:
    """One row of the table: the action leads from any of `sources` to `target`."""

    action: str
    sources: tuple[str, ...]
    target: str


class Lifecycle:
    """The states a record can be in and the only ways between them."""

    def __init__(self, *, initial: str, steps: Iterable[tuple[str, Iterable[str], str]]) -> None:
        self.initial = initial
        self.steps = tuple(Step(action, tuple(sources), to) for action, sources, to in steps)
        names = [initial]
        for step in self.steps:
            names += [*step.sources, step.target]
        self.states = tuple(dict.fromkeys(names))
        self._targets = {
            (step.action, source): step for step in self.steps for source in step.sources
        }
        if len(self._targets) != sum(len(step.sources) for step in self.steps):
            raise ValueError("Two rows of the lifecycle name the same action and state.")

    def allows(self, action: str, state: str) -> bool:
        """Say whether `action` is possible in `state`."""
        return (action, state) in self._targets

    def target(self, action: str, state: str) -> str:
        """Return where `action` leads from `state`; raise Conflict where it leads nowhere."""
        step = self._targets.get((action, state))
        if step is None:
            raise Conflict("action_not_possible", _NotPossible())
        return step.target

    def actions(self, state: str) -> list[str]:
        """Return the actions possible in `state`, in the table's order."""
        return [step.action for step in self.steps if state in step.sources]

    @property
    def final(self) -> tuple[str, ...]:
        """Return the states nothing leads out of."""
        return tuple(state for state in self.states if not self.actions(state))
