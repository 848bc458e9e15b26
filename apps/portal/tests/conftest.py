"""The tests of the portal share the world of the tests of appeals."""

from apps.appeals.tests.conftest import _known_book, declined, dora, stage

__all__ = ["_known_book", "declined", "dora", "stage"]
