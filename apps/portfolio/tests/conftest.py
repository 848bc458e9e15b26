"""What the tests of portfolios share: a loan that was paid out, on a known book; a living book."""

from apps.npa.tests.conftest import known_book, lent, stage, staged
from apps.portfolio.tests.living import book

__all__ = ["book", "known_book", "lent", "stage", "staged"]
