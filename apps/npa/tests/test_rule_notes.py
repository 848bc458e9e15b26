"""The notes of the shipped rule tables are translated; another's stay as they are written."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.npa import rule_notes

FILE = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"


def _notes(found: Any) -> list[str]:
    """Return every note and every reason of a dispute in the file."""
    if isinstance(found, list):
        return [note for one in found for note in _notes(one)]
    if not isinstance(found, dict):
        return []
    own = [found["note"]] if found.get("note") else []
    own += [found["why"]] if "alternatives" in found else []
    return own + [note for one in found.values() for note in _notes(one)]


def test_every_note_of_the_shipped_file_can_be_said() -> None:
    found = set(_notes(json.loads(FILE.read_text())))

    assert found
    assert found == rule_notes.NOTES


def test_a_note_is_translated_and_a_lenders_own_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_notes, "gettext", lambda text: text.upper())
    shipped = next(iter(rule_notes.NOTES))

    assert rule_notes.said(shipped) == shipped.upper()
    assert rule_notes.said("A note of our own.") == "A note of our own."
