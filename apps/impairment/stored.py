"""Estimates as they are stored: plain text numbers, one hash. Pure."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apps.impairment.hazards import Structure
from apps.impairment.recoveries import Cell, Losses


def written(structure: Structure, losses: Losses) -> dict[str, Any]:
    """Return estimates as they are stored."""
    return {
        "hazards": [[str(one) for one in band] for band in structure.hazards],
        "multiples": [[str(one) for one in late] for late in structure.multiples],
        "exposed": [list(band) for band in structure.exposed],
        "defaults": [list(band) for band in structure.defaults],
        "book": str(structure.book),
        "lgd": [
            *(_cell(kind, "", cell) for kind, cell in sorted(losses.kinds.items())),
            *(_cell(*key, cell) for key, cell in sorted(losses.segments.items())),
        ],
    }


def read(body: Mapping[str, Any]) -> tuple[Structure, Losses]:
    """Return the estimates that were stored."""
    structure = Structure(
        hazards=_table(body["hazards"]),
        multiples=_table(body["multiples"]),
        exposed=tuple(tuple(band) for band in body["exposed"]),
        defaults=tuple(tuple(band) for band in body["defaults"]),
        book=Decimal(body["book"]),
    )
    cells = [(row, Cell(Decimal(row["lgd"]), row["cases"])) for row in body["lgd"]]
    kinds = {row["kind"]: cell for row, cell in cells if not row["segment"]}
    segments = {(row["kind"], row["segment"]): cell for row, cell in cells if row["segment"]}
    return structure, Losses(kinds, segments)


def sha256(body: Any) -> str:
    """Return the hash of what is stored; the order of names does not matter."""
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def _cell(kind: str, segment: str, cell: Cell) -> dict[str, Any]:
    return {"kind": kind, "segment": segment, "lgd": str(cell.lgd), "cases": cell.cases}


def _table(rows: Any) -> tuple[tuple[Decimal, ...], ...]:
    return tuple(tuple(Decimal(one) for one in row) for row in rows)
