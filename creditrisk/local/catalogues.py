"""Compile the translation catalogues: `python -m creditrisk.local.catalogues`.

Both the `.po` and the `.mo` are kept in the repository, so that a checkout speaks every language
without a compiler. polib does the work here and in the tests; production imports neither.
"""

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parents[2] / "locale"
# gettext writes these anew on every run: they would be the only change in most diffs.
_NOISE = ("POT-Creation-Date", "PO-Revision-Date", "Report-Msgid-Bugs-To")


def sources() -> list[Path]:
    """Return every catalogue people edit, one for each language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def read(source: Path) -> polib.POFile:
    """Return a catalogue with one line for each string, however long."""
    return polib.pofile(str(source), wrapwidth=0, encoding="utf-8")


def unfinished(catalogue: polib.POFile) -> list[str]:
    """Return the strings that nobody has translated yet, or that gettext only guessed."""
    return [entry.msgid for entry in catalogue if not entry.obsolete and not entry.translated()]


def compile_all() -> None:
    """Write every `.mo` from its `.po`, and print how many strings are left to translate."""
    for source in sources():
        catalogue = read(source)
        for name in _NOISE:
            catalogue.metadata.pop(name, None)
        catalogue.save()
        source.with_suffix(".mo").write_bytes(catalogue.to_binary())
        missing = len(unfinished(catalogue))
        print(f"{source.parts[-3]}: {len(catalogue)} strings, {missing} to translate")


if __name__ == "__main__":
    compile_all()
