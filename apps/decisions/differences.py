"""What replaying a decision found: what came out otherwise, and where the difference comes from.

`data` is a stored row that is not what the audit trail or its own hash says it was; `model` and
`policy` are a version that is not the one the decision names; `code` is a program or a library
that says something else today about the same rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy

Source = Literal["data", "model", "policy", "code"]

_SOURCES: Mapping[str, Any] = {
    "data": gettext_lazy("stored data"),
    "model": gettext_lazy("model"),
    "policy": gettext_lazy("policy"),
    "code": gettext_lazy("program"),
}
_PARTS: Mapping[str, Any] = {
    "decision": gettext_lazy("decision as recorded"),
    "request": gettext_lazy("product and currency asked for"),
    "score": gettext_lazy("score as recorded"),
    "features": gettext_lazy("features"),
    "stored model": gettext_lazy("stored model"),
    "model hash": gettext_lazy("hash of the model"),
    "schema hash": gettext_lazy("hash of the schema"),
    "PD": gettext_lazy("probability of default"),
    "points": gettext_lazy("points"),
    "log-odds": gettext_lazy("log-odds"),
    "base": gettext_lazy("base of the attributions"),
    "attributions": gettext_lazy("attributions"),
    "policy": gettext_lazy("policy"),
    "policy hash": gettext_lazy("hash of the policy"),
    "policy inputs": gettext_lazy("inputs of the policy"),
    "judged PD": gettext_lazy("probability of default the policy judged"),
    "trace": gettext_lazy("policy trace"),
    "outcome": gettext_lazy("outcome"),
    "reasons": gettext_lazy("reasons"),
    "recommendation": gettext_lazy("recommended amounts"),
    "letter": gettext_lazy("letter"),
    "replay": gettext_lazy("replay"),
}
_LONGEST = 200


@dataclass(frozen=True)
class Difference:
    """One thing that came out otherwise: where from, what, as stored and as found."""

    source: Source
    what: str
    stored: str
    found: str

    @property
    def source_name(self) -> Any:
        """The source in the reader's language."""
        return _SOURCES[self.source]

    @property
    def part_name(self) -> Any:
        """What differs, in the reader's language."""
        return _PARTS.get(self.what, self.what)


def between(source: Source, what: str, stored: Any, found: Any) -> list[Difference]:
    """Return the difference of two values in a list, or an empty one where they are equal."""
    if stored == found:
        return []
    return [Difference(source, what, _short(stored), _short(found))]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
