"""Which characters a TrueType font can draw, read from its `cmap` table. Pure.

An archival PDF must not contain a character without a glyph, so what the letters' fonts cannot
draw is replaced by a visible mark before the PDF is set; the HTML of the letter keeps it.
Format 4 of the table (OpenType specification, "cmap") is the one our fonts use.
"""

import struct
from collections.abc import Iterable

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Drawn by nothing in any font: they join, separate or mark, and setting them is not an error.
_INVISIBLE = frozenset("\n\t\u00ad\u200b\u200c\u200d\u2060\ufeff")


class FontUnreadable(ValueError):
    """The file is not a TrueType font with a character table of format 4."""


def characters(font: bytes) -> frozenset[str]:
    """Return the characters the font has a glyph for. Raises FontUnreadable."""
    try:
        return frozenset(map(chr, _format_4(font, _subtable(font, _cmap(font)))))
    except (struct.error, StopIteration) as error:
        raise FontUnreadable("The font has no character table of format 4.") from error


def drawable(text: str, available: frozenset[str]) -> str:
    """Return the text with what cannot be drawn replaced by a visible mark."""
    missing = set(text) - available - _INVISIBLE
    return text.translate(dict.fromkeys(map(ord, missing), REPLACEMENT)) if missing else text


def _cmap(font: bytes) -> int:
    count = struct.unpack_from(">H", font, 4)[0]
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * index) for index in range(count))
    return int(next(offset for tag, _, offset, _ in records if tag == b"cmap"))


def _subtable(font: bytes, cmap: int) -> int:
    count = struct.unpack_from(">H", font, cmap + 2)[0]
    offsets = (struct.unpack_from(">HHI", font, cmap + 4 + 8 * index)[2] for index in range(count))
    places = (cmap + offset for offset in offsets)
    return int(next(place for place in places if struct.unpack_from(">H", font, place)[0] == 4))


def _format_4(font: bytes, table: int) -> Iterable[int]:
    segments = struct.unpack_from(">H", font, table + 6)[0] // 2

    def column(number: int, code: str) -> tuple[int, ...]:
        # One padding word stands between the first column and the others.
        start = table + 14 + 2 * segments * number + (2 if number else 0)
        return struct.unpack_from(f">{segments}{code}", font, start)

    ends, starts, deltas, ranges = column(0, "H"), column(1, "H"), column(2, "h"), column(3, "H")
    for index, (first, last) in enumerate(zip(starts, ends, strict=True)):
        place = table + 16 + 2 * segments * 3 + 2 * index
        for code in range(first, min(last, 0xFFFE) + 1):
            if ranges[index]:
                at = place + ranges[index] + 2 * (code - first)
                glyph = struct.unpack_from(">H", font, at)[0]
            else:
                glyph = (code + deltas[index]) & 0xFFFF
            if glyph:
                yield code
