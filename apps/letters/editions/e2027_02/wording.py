"""Every phrase a letter needs: those of the edition before, and where no change was found. Pure."""

from dataclasses import dataclass

from apps.letters.editions.e2027_01 import wording


@dataclass(frozen=True, kw_only=True)
class Wording(wording.Wording):
    """The phrases of one language. Braces name what is put in."""

    change_again: str
