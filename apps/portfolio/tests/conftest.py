"""What the tests of portfolios share: a loan that was paid out, on a known book."""

from apps.npa.tests.conftest import known_book, lent, stage

__all__ = ["known_book", "lent", "stage"]
