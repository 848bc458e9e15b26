"""Turn the cells of a row into typed values, noting every cell that cannot be read. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.bulk import columns
from apps.bulk.columns import Column
from apps.core.table_faults import CellRefused, Fault
from apps.core.table_formats import Format

_YES = frozenset({"yes", "y", "true", "1", "हाँ", "हां", "ndiyo"})
_NO = frozenset({"no", "n", "false", "0", "नहीं", "hapana"})
Choices = Mapping[str, Mapping[str, str]]


class Reader:
    """Reads the rows of one file: which column stands where, and how its sender writes.

    `choices` maps, for each column with fixed values, what may be written to the value's code.
    """

    def __init__(
        self, *, mapping: Mapping[str, int], form: Format, choices: Choices, width: int
    ) -> None:
        self._places = [(columns.BY_NAME[name], place) for name, place in mapping.items()]
        self._form, self._choices, self._width = form, choices, width

    def read(self, cells: Sequence[str]) -> tuple[dict[str, Any], list[Fault]]:
        """Return the values by column, empty cells left out, and what could not be read."""
        if len(cells) > self._width:
            return {}, [Fault("", "too_many_cells", {"found": len(cells), "expected": self._width})]
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for column, place in self._places:
            text = cells[place].strip() if place < len(cells) else ""
            if not text:
                continue
            try:
                values[column.name] = self._value(column, text)
            except CellRefused as refusal:
                faults.append(Fault(column.name, refusal.code, refusal.facts))
        return values, faults

    def _value(self, column: Column, text: str) -> Any:
        match column.kind:
            case columns.MONEY | columns.NUMBER:
                return self._form.number(text)
            case columns.WHOLE:
                return _whole(self._form, text)
            case columns.DAY:
                return self._form.day(text)
            case columns.CHOICE:
                return _choice(self._choices[column.name], text)
            case columns.YES_NO:
                return _yes(text)
        if len(text) > column.longest:
            raise CellRefused("too_long", limit=column.longest)
        if not text.replace("\u200c", "").replace("\u200d", "").isprintable():
            raise CellRefused("control_characters")
        return text


def _whole(form: Format, text: str) -> int:
    value = form.number(text)
    if value != value.to_integral_value():
        raise CellRefused("not_whole")
    if not 0 <= value <= 32_767:
        raise CellRefused("out_of_range", least=0, most=32_767)
    return int(value)


def _choice(choices: Mapping[str, str], text: str) -> str:
    found = choices.get(folded(text))
    if found is None:
        codes = ", ".join(sorted(set(choices.values()))[:20])
        raise CellRefused("not_one_of", values=codes)
    return found


def _yes(text: str) -> bool:
    word = folded(text)
    if word not in _YES | _NO:
        raise CellRefused("not_yes_or_no")
    return word in _YES


def folded(text: str) -> str:
    """Return a value's word as it is compared: without case and doubled spaces."""
    return " ".join(text.casefold().split())
