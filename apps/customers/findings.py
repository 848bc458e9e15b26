"""What is wrong with an entry, as codes; `sentences` has the words. Pure."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

Value = TypeVar("Value")
Args = ParamSpec("Args")


class Finding(Exception):
    """One value is not acceptable. `facts` fill the sentence, never with the value itself."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Refused(Exception):
    """An entry is not acceptable; `findings` says why for each of its fields."""

    def __init__(self, findings: dict[str, Finding]) -> None:
        super().__init__(", ".join(f"{name}: {each.code}" for name, each in findings.items()))
        self.findings = findings


class Findings:
    """Collects what is wrong, so that a person hears of all of it at once."""

    def __init__(self) -> None:
        self._found: dict[str, Finding] = {}

    def add(self, field: str, code: str, **facts: Any) -> None:
        """Note a finding; the first one about a field stays."""
        self._found.setdefault(field, Finding(code, **facts))

    def clean(
        self,
        field: str,
        check: Callable[Args, Value],
        *args: Args.args,
        **options: Args.kwargs,
    ) -> Value | None:
        """Return what `check` makes of the value, or note why it refuses and return None."""
        try:
            return check(*args, **options)
        except Finding as finding:
            self._found.setdefault(field, finding)
            return None

    def finish(self) -> None:
        """Raise Refused when anything was found."""
        if self._found:
            raise Refused(self._found)
