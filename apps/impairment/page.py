"""How expected credit loss is shown: groups that lead to their loans, movements, files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from apps.impairment import movement, rows, wording
from apps.impairment.models import LoanLoss
from apps.impairment.movement import Line
from apps.impairment.rows import Sums
from apps.impairment.staging import Reason

Groups = list[tuple[dict[str, Any], Sums]]


def named(by: str, key: dict[str, Any]) -> str:
    """Return what a group is called."""
    if by == "stage":
        return str(wording.STAGES[key["stage"]])
    if by == "reason":
        stage = _("Stage %(stage)s") % {"stage": key["stage"]}
        return f"{stage}: {wording.REASONS[Reason(key['reason'])]}"
    if by == "security":
        return wording.security(key["security"])
    return str(key[f"{by}__name"])


def shown(by: str, groups: Groups, query: Callable[..., str]) -> list[dict[str, Any]]:
    """Return one row a group; those that the list of loans can show lead there."""
    found = []
    for key, sums in groups:
        link = ""
        if by == "stage":
            link = query(stage=str(key["stage"]))
        elif by in {"product", "branch"}:
            link = query(**{by: str(key[f"{by}_id"])})
        found.append({"name": named(by, key), "sums": sums, "query": link})
    return found


SUMMARY = ("by", "group", "loans", *rows.SUMS, "coverage")


def summary_table(parts: Iterable[tuple[str, Groups]]) -> Iterator[Sequence[Any]]:
    """Yield every group as a file: plain numbers."""
    yield SUMMARY
    for by, groups in parts:
        for key, sums in groups:
            amounts = (getattr(sums, name) for name in rows.SUMS)
            yield (by, named(by, key), sums.loans, *amounts, sums.coverage)


def movement_table(lines: Iterable[Line]) -> Iterator[Sequence[Any]]:
    """Yield the movement of each stage, the total with the stage "all"."""
    yield ("stage", *movement.COLUMNS)
    for line in lines:
        yield (line.stage or "all", *(getattr(line, name) for name in movement.COLUMNS))


LOANS = (
    *("loan", "branch", "currency", "stage", "reason", "days_late", "band", "age", "months_left"),
    *("security", "segment", "effective_rate", "pd_12", "pd_expected", "pd_lifetime", "lgd"),
    *("drawn", "undrawn", "ead", "loss_12", "loss_lifetime", "loss"),
    *("loss_base", "loss_upside", "loss_downside"),
)


def loans_table(found: Iterable[LoanLoss]) -> Iterator[Sequence[Any]]:
    """Yield every loan with all that it was measured by."""
    yield LOANS
    for one in found:
        yield (one.loan.number, one.branch.name, *(getattr(one, name) for name in LOANS[2:]))


def movement_rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return the movement as a table: a row for each cause, a column for each stage and all."""
    return [
        {
            "name": name,
            "values": [getattr(line, code) for line in lines],
            "is_end": code in {"opening", "closing"},
            "is_less": code in {"transfers_out", "derecognised", "written_off"},
        }
        for code, name in wording.COLUMNS.items()
    ]
