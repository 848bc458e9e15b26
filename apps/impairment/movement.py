"""How the expected credit loss moved from one measurement to another, stage by stage. Pure.

For every stage, whatever happened in between:

    opening + transfers in - transfers out + new + remeasured - derecognised - written off = closing

A loan that changed its stage takes the loss it had at the opening with it; what its loss is more or
less since stands as remeasured in the stage it came to. Loans that left take their opening loss.

Opening and closing are the sums of the two measurements, taken by themselves, and what lies between
comes out of loans put side by side: a loan that stood there twice, or was lost, would show as
unexplained.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
STAGES = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Moved:
    """Loans that went from a stage to a stage; None: not on the books then.

    `was_written_off` says of those that left how.
    """

    opening_stage: int | None
    closing_stage: int | None
    was_written_off: bool
    loans: int
    opening: Decimal
    closing: Decimal


@dataclass(slots=True)
class Line:
    """One stage in the table; the total has stage 0."""

    stage: int
    opening: Decimal = ZERO
    transfers_in: Decimal = ZERO
    transfers_out: Decimal = ZERO
    new: Decimal = ZERO
    remeasured: Decimal = ZERO
    derecognised: Decimal = ZERO
    written_off: Decimal = ZERO
    closing: Decimal = ZERO

    @property
    def unexplained(self) -> Decimal:
        """What the movements leave open between the sums of the two measurements."""
        came = self.transfers_in + self.new + self.remeasured
        went = self.transfers_out + self.derecognised + self.written_off
        return self.closing - self.opening - came + went


COLUMNS = (
    *("opening", "transfers_in", "transfers_out", "new", "remeasured"),
    *("derecognised", "written_off", "closing"),
)


def lines(
    rows: Iterable[Moved], *, opening: Mapping[int, Decimal], closing: Mapping[int, Decimal]
) -> list[Line]:
    """Return a line for each stage; `opening` and `closing` are what the measurements come to."""
    found = {
        stage: Line(stage, opening=opening.get(stage, ZERO), closing=closing.get(stage, ZERO))
        for stage in STAGES
    }
    for row in rows:
        _came_or_stayed(found, row)
        _went(found, row)
    return list(found.values())


def _came_or_stayed(found: dict[int, Line], row: Moved) -> None:
    was, now = row.opening_stage, row.closing_stage
    if now is None:
        return
    if was is None:
        found[now].new += row.closing
        return
    found[now].remeasured += row.closing - row.opening
    if was != now:
        found[now].transfers_in += row.opening


def _went(found: dict[int, Line], row: Moved) -> None:
    was, now = row.opening_stage, row.closing_stage
    if was is None:
        return
    if now is None and row.was_written_off:
        found[was].written_off += row.opening
    elif now is None:
        found[was].derecognised += row.opening
    elif was != now:
        found[was].transfers_out += row.opening


def total(table: Iterable[Line]) -> Line:
    """Return the sum of all stages."""
    rows = list(table)
    found = Line(0)
    for name in COLUMNS:
        setattr(found, name, sum((getattr(row, name) for row in rows), ZERO))
    return found
