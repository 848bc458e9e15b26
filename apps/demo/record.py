"""Figures of a judged tape as text for the terminal and as a section of docs/benchmarks.md."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from apps.core import formatting
from apps.demo.booking import Booked
from apps.demo.findings import Findings
from apps.demo.trying import Side, Tried

BEGIN = "<!-- demo-real:begin -->"
END = "<!-- demo-real:end -->"
_TITLE = "# Benchmarks\n"
_MEASURES = (
    ("AUC", "auc"),
    ("KS", "ks"),
    ("Brier", "brier"),
    ("ECE (10 bands)", "expected_calibration_error"),
)


def machine(database: str) -> str:
    """Return in one line what the figures were measured on."""
    cpu = _first_value(Path("/proc/cpuinfo"), "model name") or platform.processor() or "unknown CPU"
    kilobytes = _first_value(Path("/proc/meminfo"), "MemTotal").split(" ")[0]
    memory = f"{int(kilobytes) / 1_048_576:.1f} GiB" if kilobytes.isdigit() else "unknown memory"
    python = platform.python_version()
    return f"{cpu}, {os.cpu_count()} cores, {memory}, Python {python}, {database}"


def text(found: Findings) -> str:
    """Return the findings as aligned lines."""
    measures = ", ".join(f"{word} {_figure(found.figures[key])}" for word, key in _MEASURES)
    pace = f"{found.per_second:,.1f} a second"
    lines = [
        f"{found.decided:,} decisions with their letters in {found.seconds:,.0f} s ({pace})",
        f"{found.scored:,} scored with known outcome: {measures}",
    ]
    lines += [f"  not decided by the machine: {n:,} {cause}" for cause, n in found.failures.items()]
    lines += ["", f"{'':<10}{'share':>8}{'count':>9}{'defaulted':>11}"]
    for word, group in found.groups.items():
        share, rate = _percent(group.share), _percent(group.default_rate)
        lines.append(f"{word:<10}{share:>8}{group.count:>9,}{rate:>11}")
    lines += ["", f"{'PD band':<18}{'loans':>7}{'mean PD':>10}{'observed':>10}"]
    for band in found.figures["bands"]:
        bounds = f"{_percent(band['lowest_pd'])} - {_percent(band['highest_pd'])}"
        mean, observed = _percent(band["mean_pd"]), _percent(band["observed_rate"])
        lines.append(f"{bounds:<18}{band['n']:>7,}{mean:>10}{observed:>10}")
    return "\n".join(lines)


def laboratory_text(tried: Tried) -> str:
    """Return what an experiment found as aligned lines."""
    lines = [
        f"Laboratory: {_question(tried)}, {tried.applications:,} applications {_pace(tried)}",
        f"{'':<10}{'approved':>9}{'bad rate':>10}{'realised profit or loss':>26}",
    ]
    for word, side in _sides(tried):
        rate = _percent(side.bad_rate)
        lines.append(f"{word:<10}{side.approved:>9,}{rate:>10}{_profit(tried, side):>26}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Replayed:
    """How many decisions were derived again without a difference, and in what time."""

    decisions: int
    seconds: float

    def __str__(self) -> str:
        pace = f"{self.decisions / max(self.seconds, 0.001):,.0f} a second"
        return f"{self.decisions:,} decisions replayed in {self.seconds:,.1f} s ({pace})"


def section(
    found: Findings,
    *,
    tried: Tried,
    replayed: Replayed,
    booked: Booked,
    tape: str,
    on: date,
    machine_line: str,
) -> str:
    """Return the findings as Markdown between the two markers."""
    pace = f"{found.per_second:,.1f} a second"
    figures = " | ".join(_figure(found.figures[key]) for _, key in _MEASURES)
    lines = [
        BEGIN,
        f"## Real loans: the tape {tape}",
        "",
        f"`make demo-real`, {on:%d %b %Y}. {machine_line}.",
        "Trained on the loans before the split; every application since was submitted, scored,",
        "decided and answered with a letter by the real worker. Figures are of the stored PDs.",
        "",
        f"| loans | {' | '.join(word for word, _ in _MEASURES)} |",
        f"|---:|{'---:|' * len(_MEASURES)}",
        f"| {found.scored:,} | {figures} |",
        "",
        "| decided | share | count | defaulted |",
        "|---|---:|---:|---:|",
        *(
            f"| {word} | {_percent(one.share)} | {one.count:,} | {_percent(one.default_rate)} |"
            for word, one in found.groups.items()
        ),
        "",
        "| PD band | loans | mean PD | observed |",
        "|---|---:|---:|---:|",
        *(
            f"| {_percent(band['lowest_pd'])} - {_percent(band['highest_pd'])} | {band['n']:,} "
            f"| {_percent(band['mean_pd'])} | {_percent(band['observed_rate'])} |"
            for band in found.figures["bands"]
        ),
        "",
        f"{found.decided:,} decisions with their letters in {found.seconds:,.0f} s: {pace}.",
        _failures(found.failures),
        "",
        *_laboratory_section(tried),
        "",
        f"`replay_decision --all`: {replayed}, all identical.\n",
        f"On the books: {booked}.",
        END,
    ]
    return "\n".join(lines)


def write(path: Path, written: str) -> None:
    """Put a section into a document in place of the one that was there, or at its end.

    Its first and its last line are the markers by which it is found again.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else _TITLE
    first, *_, last = written.splitlines()
    head, begin, rest = before.partition(first)
    tail = rest.partition(last)[2] if begin else ""
    path.write_text(f"{head.rstrip()}\n\n{written}\n{tail.lstrip()}", encoding="utf-8")


def _laboratory_section(tried: Tried) -> list[str]:
    return [
        f"An experiment of the laboratory on the same applications: {_question(tried)}.",
        f"{tried.applications:,} applications {_pace(tried)}. Loans that ended are counted as",
        f"they were lent, with funds at {_percent(float(tried.cost_of_funds))} a year.",
        "",
        "| cut-offs | approved | outcome known | bad rate | payments known | profit or loss |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {word} | {side.approved:,} | {side.known:,} | {_percent(side.bad_rate)} "
            f"| {side.paid_known:,} | {_profit(tried, side)} |"
            for word, side in _sides(tried)
        ),
    ]


def _question(tried: Tried) -> str:
    below, above = tried.cut_offs.approve_below, tried.cut_offs.decline_from
    return f"approve below a PD of {_percent(float(below))}, decline from {_percent(float(above))}"


def _pace(tried: Tried) -> str:
    if tried.seconds is None or tried.per_second is None:
        return "decided anew before"
    return f"decided anew in {tried.seconds:,.1f} s ({tried.per_second:,.0f} a second)"


def _sides(tried: Tried) -> tuple[tuple[str, Side], tuple[str, Side]]:
    return (("in force", tried.in_force), ("tried", tried.tried))


def _profit(tried: Tried, side: Side) -> str:
    return f"{tried.currency} {formatting.format_number(side.profit, decimals=0)}"


def _failures(failures: Mapping[str, int]) -> str:
    if not failures:
        return "None went to people for a failure of the machine."
    listed = ", ".join(f"{count:,} {cause}" for cause, count in failures.items())
    return f"Sent to people because the machine failed: {listed}."


def _first_value(path: Path, name: str) -> str:
    """Return what stands behind the first `name:` of a file of /proc, or nothing."""
    if not path.exists():
        return ""
    for line in path.read_text().splitlines():
        label, _, value = line.partition(":")
        if label.strip() == name:
            return value.strip()
    return ""


def _figure(value: float | None) -> str:
    return "\u2014" if value is None else f"{value:.4f}"


def _percent(share: float | None) -> str:
    return "\u2014" if share is None else f"{share:.1%}"
