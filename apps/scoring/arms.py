"""Which arm of a trial a case belongs to. Pure: seed, case and share decide, and nothing else."""

import hashlib
from decimal import Decimal

CHAMPION, CHALLENGER = "champion", "challenger"
_WHOLE = Decimal(2**64)


def arm_of(case: str, *, seed: str, share: Decimal) -> str:
    """Return the arm of a case: the challenger's for about that share of all cases.

    The same case gets the same arm again. Whoever is in the challenger's arm at some share is in
    it at every larger one.
    """
    return CHALLENGER if place_of(case, seed=seed) < share else CHAMPION


def place_of(case: str, *, seed: str) -> Decimal:
    """Return where a case lies between 0 and 1, evenly spread over all cases."""
    digest = hashlib.sha256(f"{seed}:{case}".encode()).digest()
    return Decimal(int.from_bytes(digest[:8], "big")) / _WHOLE
