"""How a file writes numbers, dates and text, as its sender declares it. Pure.

Nothing is guessed where a guess could change a figure: 1.234 is a thousand and more in one
country, and little more than one in another.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from apps.core.table_faults import CellRefused

ENCODINGS = ("utf-8", "utf-16", "windows-1252")
DELIMITERS = {"auto": "", "comma": ",", "semicolon": ";", "tab": "\t"}
DECIMALS = ("point", "comma")
DATES = {
    "iso": "%Y-%m-%d",
    "day_first": "%d/%m/%Y",
    "day_first_points": "%d.%m.%Y",
    "month_first": "%m/%d/%Y",
}
# No amount, count or rate needs more. Beyond it rounding fails.
_MOST_DIGITS = 16
_LONGEST_NUMBER = 40
# Digits in groups of three, or as India writes them: 12,34,567.
_GROUPED = {
    "point": re.compile(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?", re.ASCII),
    "comma": re.compile(
        r"[+-]?\d{1,3}([. \u00a0\u202f']\d{2,3})*[. \u00a0\u202f']\d{3}(,\d+)?", re.ASCII
    ),
}
_PLAIN = {
    "point": re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII),
    "comma": re.compile(r"[+-]?\d+(,\d*)?", re.ASCII),
}
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Format:
    """What the sender says of a file. Excel files need no encoding and no delimiter."""

    encoding: str = "utf-8"
    delimiter: str = "auto"
    decimal: str = "point"
    dates: str = "iso"

    def to_json(self) -> dict[str, str]:
        """Return the format as it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> "Format":
        """Return a stored format."""
        return cls(**stored)

    def number(self, text: str) -> Decimal:
        """Return the number a cell holds. Raises CellRefused."""
        if len(text) > _LONGEST_NUMBER:
            raise CellRefused("not_a_number")
        if _GROUPED[self.decimal].fullmatch(text):
            groups = "," if self.decimal == "point" else ". \u00a0\u202f'"
            text = "".join(sign for sign in text if sign not in groups)
        elif not _PLAIN[self.decimal].fullmatch(text):
            raise CellRefused(f"not_a_number_{self.decimal}")
        return _bounded(text.replace(",", "."))

    def day(self, text: str) -> date:
        """Return the day a cell holds. Raises CellRefused."""
        if not _DAY.fullmatch(text):
            raise CellRefused("not_a_date", pattern=self.pattern)
        try:
            return datetime.strptime(text, DATES[self.dates]).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            raise CellRefused("not_a_date", pattern=self.pattern) from None

    def write_number(self, value: Decimal) -> str:
        """Return a number of an Excel cell as the sender would have typed it."""
        text = f"{value:f}"
        return text.replace(".", ",") if self.decimal == "comma" else text

    def write_day(self, value: date) -> str:
        """Return a day of an Excel cell as the sender would have typed it."""
        return value.strftime(DATES[self.dates])

    @property
    def pattern(self) -> str:
        """How a date is written, to be shown: `YYYY-MM-DD`."""
        return DATES[self.dates].replace("%Y", "YYYY").replace("%m", "MM").replace("%d", "DD")


def _bounded(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise CellRefused("not_a_number") from None
    if value and value.adjusted() >= _MOST_DIGITS:
        raise CellRefused("amount_too_large")
    return value
