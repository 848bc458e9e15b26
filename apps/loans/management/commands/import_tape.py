"""Import a historical loan tape through a mapping."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.core.origin import origin
from apps.core.spreadsheets import csv_lines
from apps.loans import importing, mapping, tape

MAPPINGS = Path(settings.BASE_DIR) / "fixtures" / "mappings"


class Command(BaseCommand):
    help = "Import customers, applications and loans with known outcome from a CSV tape."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tape", type=Path, help="The tape: CSV, or CSV compressed by gzip.")
        parser.add_argument("--mapping", required=True, help="A name in fixtures/mappings/.")
        parser.add_argument(
            "--rejects", type=Path, help="Where refused lines go (default: beside var/)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["tape"]
        rules = read_mapping(options["mapping"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        fingerprint = _fingerprint(path)
        rejects = options["rejects"] or _rejects_path(options["mapping"], fingerprint)
        started = monotonic()
        try:
            with origin(f"command:import_tape {options['mapping']}"):
                summary = self._import(path, rules, fingerprint, rejects)
        except (DomainError, mapping.MappingRefused) as error:
            raise CommandError(str(error)) from None
        except (UnicodeDecodeError, gzip.BadGzipFile, zlib.error, EOFError, csv.Error) as error:
            raise CommandError(f"{path.name} cannot be read as CSV: {error}") from None
        seconds = max(monotonic() - started, 0.001)
        total = summary.landed + summary.known + summary.refused
        self.stdout.write(
            f"{summary.landed:,} landed, {summary.known:,} were there already, "
            f"{summary.refused:,} refused; {total / seconds:,.0f} rows/s."
        )
        if summary.refused:
            self.stdout.write(f"The refused lines and their reasons are in {rejects}.")

    def _import(
        self, path: Path, rules: mapping.TapeMapping, fingerprint: str, rejects: Path
    ) -> importing.Summary:
        with (
            _reject_file(rejects) as reject,
            _open(path) as lines,
            tqdm(unit=" rows", desc=path.name, unit_scale=True, mininterval=0.5) as bar,
        ):
            return importing.import_tape(
                actor=audit.system("import_tape"),
                mapping=rules,
                lines=lines,
                fingerprint=fingerprint,
                reject=reject,
                progress=bar.update,
            )


def read_mapping(name: str) -> mapping.TapeMapping:
    """Return a mapping by name; CommandError names those there are."""
    known = {path.stem: path for path in sorted(MAPPINGS.glob("*.json"))}
    if name not in known:
        raise CommandError(f"There is no mapping {name!r}. There are: {', '.join(known)}.")
    try:
        return mapping.parse(json.loads(known[name].read_text()))
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"The mapping {name} is not right: {error}") from None


def _open(path: Path) -> TextIO:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    if compressed:
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return importing.fingerprint_of(iter(lambda: file.read(1 << 20), b""))


def _rejects_path(name: str, fingerprint: str) -> Path:
    return Path(settings.BASE_DIR) / "var" / "rejects" / f"{name}-{fingerprint[:12]}.csv"


@contextmanager
def _reject_file(path: Path) -> Iterator[Any]:
    """Open the reject file when the first line is refused; an old one of this tape is replaced."""
    path.unlink(missing_ok=True)
    file: TextIO | None = None

    def reject(refusal: tape.Refusal) -> None:
        nonlocal file
        if file is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w", encoding="utf-8", newline="")
            file.writelines(csv_lines([("line", "column", "reason")]))
        file.writelines(csv_lines([(refusal.line, refusal.column, refusal.reason)]))

    try:
        yield reject
    finally:
        if file is not None:
            file.close()
