"""What every benchmark shares: own and peer by turns, a line of JSON per figure, the record.

Absolute times drift from run to run; what counts is the ratio to what was measured beside it.
"""

import argparse
import gc
import itertools
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from apps.demo import record

_DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Figure:
    """One measured value, and the limit or peer of the same run it is compared with.

    `ratio` is value / peer_value; `goal` says in words what it ought to be.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float
    goal: str
    n: int


def figure(
    name: str, value: float, unit: str, *, peer: tuple[str, float], goal: str, n: int
) -> Figure:
    """Return a figure beside its peer (name, value)."""
    return Figure(name, value, unit, peer[0], peer[1], value / peer[1], goal, n)


def by_turns(calls: Sequence[Callable[[], object]], *, times: int, rounds: int = 7) -> list[float]:
    """Return the median seconds of one call of each, measured by turns.

    A round calls each `times` times; the first round warms up and is dropped.
    """
    found: list[list[float]] = [[] for _ in calls]
    gc.disable()
    try:
        for call in calls:
            _seconds(call, times)
        for _, (place, call) in itertools.product(range(rounds), enumerate(calls)):
            found[place].append(_seconds(call, times))
    finally:
        gc.enable()
    return [median(seconds) for seconds in found]


def by_parts(calls: Sequence[Callable[[slice], object]], *, rows: int, parts: int) -> list[float]:
    """Return the median rows a second of each call, measured by turns on equal parts of the rows.

    So many rows are gone through once by each; the first part is gone through before, unmeasured.
    """
    size = max(rows // parts, 1)
    found: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call(slice(0, size))
    for start, (place, call) in itertools.product(range(0, rows, size), enumerate(calls)):
        part = slice(start, start + size)
        seconds = _seconds(lambda call=call, part=part: call(part), 1)  # type: ignore[misc]
        found[place].append((min(start + size, rows) - start) / seconds)
    return [median(rates) for rates in found]


def options(description: str, **numbers: int) -> argparse.Namespace:
    """Return the command line's options: `--record`, and whole numbers with these defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--record", action="store_true", help="write into docs/benchmarks.md")
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def report(
    title: str,
    figures: Sequence[Figure],
    *,
    on: str,
    recorded: bool,
    command: str = "make bench",
) -> None:
    """Print a line of JSON per figure; where asked, put the table into docs/benchmarks.md.

    The table is shown on the error stream, so that the output stays JSON. `on` says which database
    served, or an empty string where none did; `command` is what a reader runs to get the same.
    """
    for one in figures:
        print(json.dumps(asdict(one)), flush=True)
    print("\n".join(["", title, *_aligned(figures), ""]), file=sys.stderr, flush=True)
    if recorded:
        _DOCUMENT.parent.mkdir(exist_ok=True)
        record.write(_DOCUMENT, _section(title, figures, on, command))


def _seconds(call: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - began) / times


def _aligned(figures: Sequence[Figure]) -> list[str]:
    """Return the figures as lines for a terminal."""
    wide, peer = (max((len(name) for name in names), default=0) for names in _names(figures))
    return [
        f"  {one.name:<{wide}}  {_short(one.value):>11} {one.unit:<10}  {one.peer:<{peer}}"
        f"  {_short(one.peer_value):>11}  ratio {one.ratio:5.2f}  {one.goal}"
        for one in figures
    ]


def _names(figures: Sequence[Figure]) -> tuple[list[str], list[str]]:
    return [one.name for one in figures], [one.peer for one in figures]


def _section(title: str, figures: Sequence[Figure], on: str, command: str) -> str:
    name = title.lower().replace(" ", "-")
    machine = record.machine(on or "no database")
    return "\n".join(
        [
            f"<!-- {name}:begin -->",
            f"## {title}",
            "",
            f"`{command}`, {datetime.now(UTC):%d %b %Y}. {machine}.",
            "",
            "| figure | value | unit | beside | its value | ratio | goal | n |",
            "|---|---:|---|---|---:|---:|---|---:|",
            *(
                f"| {one.name} | {_short(one.value)} | {one.unit} | {one.peer} "
                f"| {_short(one.peer_value)} | {one.ratio:.2f} | {one.goal} | {one.n:,} |"
                for one in figures
            ),
            f"<!-- {name}:end -->",
        ]
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
