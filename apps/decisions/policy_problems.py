"""What is wrong with a policy document, each problem with its place. Pure.

A pattern is marked for translation here and put into words by `policy_sentences`; `str()` of a
problem is its English sentence, for commands and logs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace


def gettext_noop(text: str) -> str:
    """Mark a text for translation; the name is the one the extraction looks for."""
    return text


@dataclass(frozen=True)
class Place:
    """A part of the document, counted from 1; 0 means the whole of what is above it."""

    rule: int = 0
    ladder: int = 0
    band: int = 0
    change: int = 0
    # The rule's code or the band's name, where it has one.
    name: str = ""

    def __str__(self) -> str:
        if self.rule:
            return f"Rule {self.name or self.rule}"
        if self.band:
            return f"Ladder {self.ladder}, band {self.name or self.band}"
        if self.change:
            return f"Change {self.name or self.change}"
        return f"Ladder {self.ladder}" if self.ladder else "The policy"

    @property
    def anchor(self) -> str:
        """Return the part's name in a page, such as `rule-3` or `ladder-1-band-2`."""
        if self.rule:
            return f"rule-{self.rule}"
        if self.change:
            return "changes"
        if not self.ladder:
            return "policy"
        return f"ladder-{self.ladder}" + (f"-band-{self.band}" if self.band else "")


WHOLE = Place()


@dataclass(frozen=True)
class Problem:
    """One thing to mend; a warning does not keep the policy from being proposed."""

    place: Place
    pattern: str
    values: Mapping[str, object] = field(default_factory=dict)
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.pattern % self.values}"

    def as_warning(self) -> "Problem":
        """Return the same, said as a warning."""
        return replace(self, is_warning=True)


class PolicyRefused(ValueError):
    """The document is not a sound policy; `problems` names each thing to mend."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(text(problems))
        self.problems = list(problems)


def refused(place: Place, pattern: str, **values: object) -> PolicyRefused:
    """Return the refusal of one thing."""
    return PolicyRefused([Problem(place, pattern, values)])


def text(problems: Iterable[Problem]) -> str:
    """Return problems as one English text."""
    return " ".join(str(one) for one in problems)
