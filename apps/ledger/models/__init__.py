"""Entries, lines, closed days, and what the proofs found."""

from apps.ledger.models.closings import Closing, ClosingTotal
from apps.ledger.models.entries import Awaited, Entry, EntryQuerySet, Line
from apps.ledger.models.keeping import Posted
from apps.ledger.models.proofs import ProofRun

__all__ = [
    "Awaited",
    "Closing",
    "ClosingTotal",
    "Entry",
    "EntryQuerySet",
    "Line",
    "Posted",
    "ProofRun",
]
