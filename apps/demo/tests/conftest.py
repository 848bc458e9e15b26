"""What the tests of the demonstration share: a loan that was paid out, on a known book."""

from apps.servicing.tests.conftest import known_book, lent, stage

__all__ = ["known_book", "lent", "stage"]
