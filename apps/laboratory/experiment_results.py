"""What an experiment found, summed up from its rows, side by side with what is in force.

Sums are made by the database in exact decimals, of the rounded amounts of the rows: whoever adds
up a list of rows gets the figure shown. Amounts are texts, so that the stored results keep every
digit; rates and intervals are statistics in floats.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from apps.laboratory import group_results, population, swaps
from apps.laboratory.models import Experiment, ExperimentRow
from ml import proportions

FORMAT = 1
OUTCOMES = ("approve", "refer", "decline")
SIDES = ("before", "after")
# What a reader must know about the figures; the words for people stand with the pages.
NOTES = (
    "amounts_stay",
    "realised_as_lent",
    "funds_by_schedule",
    "exposure_is_the_amount",
    "declines_need_reasons",
)
_TAPE_NOTE = "tape_judged_as_today"
_NOTHING = Decimal(0)


def gather(experiment: Experiment) -> dict[str, Any]:
    """Return the results of an experiment whose rows are all written, as JSON values."""
    rows = ExperimentRow.objects.filter(experiment=experiment).order_by()
    counts = rows.aggregate(
        n=Count("pk"), known=_count(defaulted__isnull=False), tape=_count(decision__isnull=True)
    )
    return {
        "format": FORMAT,
        "currency": experiment.currency,
        "applications": counts["n"],
        "from_tape": counts["tape"],
        "known_outcomes": counts["known"],
        "left_out": population.left_out(experiment),
        "sides": {side: _side(rows, side) for side in SIDES},
        "moves": list(_moves(rows)),
        "swaps": {
            move: _totals(rows.filter(wanted), swaps.SIDES[move])
            for move, wanted in swaps.MOVES.items()
        },
        "products": list(_by(rows, "product__code")),
        "bands": {side: list(_bands(rows, side)) for side in SIDES},
        "causes": {side: _causes(rows, side) for side in SIDES},
        "fairness": group_results.gather(experiment),
        "notes": [*NOTES, *([_TAPE_NOTE] if counts["tape"] else [])],
    }


def _side(rows: QuerySet[ExperimentRow], side: str) -> dict[str, Any]:
    """Return what one side does: people and amounts by outcome, and what the approved bring."""
    sums = rows.aggregate(
        **{f"n_{one}": _count(**{f"outcome_{side}": one}) for one in OUTCOMES},
        **{f"amount_{one}": _sum("amount", **{f"outcome_{side}": one}) for one in OUTCOMES},
        everybody=Count("pk"),
    )
    approved = rows.filter(**{f"outcome_{side}": "approve"})
    return {
        "outcomes": {
            one: {"n": sums[f"n_{one}"], "amount": str(sums[f"amount_{one}"])} for one in OUTCOMES
        },
        "approval_rate": _share(sums["n_approve"], sums["everybody"]),
        **_expected(approved, side),
        "realised": _realised(approved),
    }


def _expected(approved: QuerySet[ExperimentRow], side: str) -> dict[str, Any]:
    loss, profit = f"expected_loss_{side}", f"expected_profit_{side}"
    sums = approved.aggregate(loss=_sum(loss), profit=_sum(profit), amount=_sum("amount"))
    rate = _rate_of(sums["loss"], sums["amount"])
    return {
        "expected_loss": str(sums["loss"]),
        "expected_loss_rate": rate,
        "expected_profit": str(sums["profit"]),
    }


def _realised(chosen: QuerySet[ExperimentRow]) -> dict[str, Any]:
    """Return how the loans of these applications ended, as far as it is known."""
    sums = chosen.aggregate(
        known=_count(defaulted__isnull=False),
        bads=_count(defaulted=True),
        paid_known=_count(realised__isnull=False),
        profit=_sum("realised"),
    )
    known, bads = sums["known"], sums["bads"]
    return {
        "known": known,
        "bads": bads,
        "bad_rate": _share(bads, known),
        "bad_rate_interval": _interval(bads, known),
        "paid_known": sums["paid_known"],
        "profit": str(sums["profit"]),
    }


def _totals(chosen: QuerySet[ExperimentRow], side: str) -> dict[str, Any]:
    """Return what some applications come to, by the PD and the price of one side."""
    sums = chosen.aggregate(
        n=Count("pk"),
        amount=_sum("amount"),
        loss=_sum(f"expected_loss_{side}"),
        profit=_sum(f"expected_profit_{side}"),
    )
    return {
        "n": sums["n"],
        "amount": str(sums["amount"]),
        "expected_loss": str(sums["loss"]),
        "expected_profit": str(sums["profit"]),
        "realised": _realised(chosen),
    }


def _moves(rows: QuerySet[ExperimentRow]) -> Iterator[dict[str, Any]]:
    """Yield how many go from each outcome to each, all nine, in a fixed order."""
    counted = rows.values_list("outcome_before", "outcome_after").annotate(
        n=Count("pk"), amount=_sum("amount")
    )
    found = {(before, after): (n, amount) for before, after, n, amount in counted}
    for before in OUTCOMES:
        for after in OUTCOMES:
            n, amount = found.get((before, after), (0, _NOTHING))
            yield {"before": before, "after": after, "n": n, "amount": str(amount)}


def _by(rows: QuerySet[ExperimentRow], column: str) -> Iterator[dict[str, Any]]:
    """Yield how many each side approves of every value of a column."""
    approved = {
        f"{figure}_{side}": count
        for side in SIDES
        for figure, count in (
            ("n", _count(**{f"outcome_{side}": "approve"})),
            ("amount", _sum("amount", **{f"outcome_{side}": "approve"})),
        )
    }
    for row in rows.values(column).annotate(n=Count("pk"), **approved).order_by(column):
        yield {
            "name": row[column],
            "n": row["n"],
            **{
                side: {
                    "n": row[f"n_{side}"],
                    "amount": str(row[f"amount_{side}"]),
                    "approval_rate": _share(row[f"n_{side}"], row["n"]),
                }
                for side in SIDES
            },
        }


def _bands(rows: QuerySet[ExperimentRow], side: str) -> Iterator[dict[str, Any]]:
    """Yield each band of a side, the safest first: how many, how many approved, how they ended."""
    band, outcome = f"band_{side}", f"outcome_{side}"
    found = (
        rows.exclude(**{band: ""})
        .values(band)
        .annotate(
            n=Count("pk"),
            amount=_sum("amount"),
            approved=_count(**{outcome: "approve"}),
            mean=Sum(f"pd_{side}"),
            known=_count(defaulted__isnull=False),
            bads=_count(defaulted=True),
        )
    )
    for row in sorted(found, key=lambda one: (one["mean"] / one["n"], one[band])):
        yield {
            "name": row[band],
            "n": row["n"],
            "amount": str(row["amount"]),
            "approved": row["approved"],
            "known": row["known"],
            "bads": row["bads"],
            "bad_rate": _share(row["bads"], row["known"]),
        }


def _causes(rows: QuerySet[ExperimentRow], side: str) -> dict[str, int]:
    """Return by code how many it kept from being approved; one person may count under several."""
    found: dict[str, int] = {}
    column = f"causes_{side}"
    counted = rows.exclude(**{column: ""}).values_list(column).annotate(n=Count("pk"))
    for codes, n in counted:
        for code in codes.split():
            found[code] = found.get(code, 0) + n
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _count(**wanted: Any) -> Count:
    return Count("pk", filter=Q(**wanted))


def _sum(column: str, **wanted: Any) -> Coalesce:
    chosen = Case(When(Q(**wanted), then=F(column))) if wanted else F(column)
    # With two places even over nobody, so that a text never depends on how many there were.
    field = DecimalField(max_digits=30, decimal_places=2)
    return Coalesce(Sum(chosen, output_field=field), Decimal("0.00"), output_field=field)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rate_of(part: Decimal, whole: Decimal) -> float | None:
    return float(part / whole) if whole else None


def _interval(hits: int, total: int) -> Sequence[float] | None:
    """Return Wilson's interval of a rate; None over nobody."""
    return list(proportions.wilson(proportions.Count(hits, total))) if total else None


Results = Mapping[str, Any]
