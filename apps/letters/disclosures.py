"""Parts of a letter that only some regimes or kinds have: score, appeal, what is missing. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.letters.checks import ContentRefused, require_text, require_texts

MOST_KEY_FACTORS = 5  # rule book 4.4: four, and the number of enquiries where it is one


@dataclass(frozen=True, kw_only=True)
class Score:
    """The score used, as the Fair Credit Reporting Act has it told (rule book 4.4).

    `factors` are sentences on what lowered this score most; they are a list of their own beside
    the reasons of the decision. `provider` made the score.
    """

    value: int
    least: int
    most: int
    scored_date: date
    provider: str
    factors: tuple[str, ...]

    def __post_init__(self) -> None:
        require_text(self, "provider")
        require_texts(self, "factors")
        if not self.least <= self.value <= self.most:
            raise ContentRefused("A score lies within its own range.")
        if len(self.factors) > MOST_KEY_FACTORS:
            raise ContentRefused(f"A score names at most {MOST_KEY_FACTORS} key factors.")


@dataclass(frozen=True, kw_only=True)
class Appeal:
    """What came of asking for a review: upheld or changed, with the answer of who reviewed it.

    `changed` are sentences on what was corrected or seen otherwise than at first.
    """

    asked_date: date
    upheld: bool
    answer: str
    changed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_text(self, "answer")
        require_texts(self, "changed")


def read_score(written: Mapping[str, Any]) -> Score:
    """Return a score from its JSON."""
    values = {**written, "factors": tuple(written["factors"])}
    return Score(**{**values, "scored_date": date.fromisoformat(written["scored_date"])})


def read_appeal(written: Mapping[str, Any]) -> Appeal:
    """Return what came of an appeal from its JSON."""
    values = {**written, "changed": tuple(written["changed"])}
    return Appeal(**{**values, "asked_date": date.fromisoformat(written["asked_date"])})
