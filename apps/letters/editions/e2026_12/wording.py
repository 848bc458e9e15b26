"""Every phrase a letter needs: those of the first edition and of an offer that lapsed. Pure."""

from dataclasses import dataclass

from apps.letters.editions.e2026_11 import wording


@dataclass(frozen=True, kw_only=True)
class Wording(wording.Wording):
    """The phrases of one language. Braces name what is put in."""

    lapsed_subject: str
    lapsed_opening: str
    lapsed_terms_heading: str
    lapsed_asked: str
    dated: str
    right_to_reasons_heading: str
    right_to_reasons: str
