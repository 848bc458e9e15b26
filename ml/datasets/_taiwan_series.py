"""Sums and ratios of six monthly statements; month 1 is the latest, month 6 the oldest.

A payment made in a month pays the bill of the month before: payment i answers bill i + 1.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.datasets._declaring import count, number
from ml.schema import Feature

Floats = npt.NDArray[np.float64]

STATUSES = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
BILLS = tuple(f"BILL_AMT{month}" for month in range(1, 7))
PAYMENTS = tuple(f"PAY_AMT{month}" for month in range(1, 7))
SEEN = {"available": "behavioural"}

_MONTHS = range(1, 7)
_PAIRS = range(1, 6)
_LARGEST_RATIO = 10.0
_NO_BILL = {"missing_meaning": "There was no bill to pay."}
_NEVER_LATE = {"missing_meaning": "No payment was late in six months."}
_WEIGHTS = 0.6 ** np.arange(6)


def _limit_shares() -> Iterator[Feature]:
    group = "Use of the limit"
    for month in _MONTHS:
        yield number(f"utilisation_{month}", group, direction=1, **SEEN)
    for name in ("utilisation_mean", "utilisation_max"):
        yield number(name, group, direction=1, **SEEN)
    for name in ("utilisation_min", "utilisation_deviation", "utilisation_change"):
        yield number(name, group, **SEEN)
    for name in ("utilisation_half_change", "utilisation_slope", "unused_limit", "least_unused"):
        yield number(name, group, **SEEN)
    yield count("months_over_limit", group, maximum=6, direction=1, **SEEN)
    yield count("months_without_bill", group, maximum=6, **SEEN)


def _payments() -> Iterator[Feature]:
    group = "Payments"
    for month in _PAIRS:
        yield number(f"paid_share_{month}", group, minimum=0, direction=-1, **SEEN, **_NO_BILL)
    for name in ("paid_share_total", "paid_share_least"):
        yield number(name, group, minimum=0, direction=-1, **SEEN, **_NO_BILL)
    for name in ("payments_total", "payments_to_limit", "payments_max", "payments_min"):
        yield number(name, group, minimum=0, direction=-1, **SEEN)
    yield number("payments_deviation", group, minimum=0, **SEEN)
    yield number("bills_total", "Bills", **SEEN)
    yield count("months_unpaid", group, maximum=6, **SEEN)
    for month in _PAIRS:
        yield number(f"carried_over_{month}", group, **SEEN)
    yield number("carried_over_mean", group, **SEEN)


def _spending() -> Iterator[Feature]:
    for month in _PAIRS:
        yield number(f"spent_to_limit_{month}", "Spending", **SEEN)
    yield number("spent_to_limit_total", "Spending", **SEEN)


def _delays() -> Iterator[Feature]:
    group = "Late payments"
    for name in ("months_late", "months_very_late"):
        yield count(name, group, maximum=6, direction=1, **SEEN)
    for name in ("longest_delay", "delay_total"):
        yield count(name, group, unit="months", direction=1, **SEEN)
    yield count("late_in_a_row", group, unit="months", maximum=6, direction=1, **SEEN)
    yield number("delay_weighted", group, minimum=0, direction=1, **SEEN)
    yield count("months_since_late", group, maximum=5, direction=-1, **SEEN, **_NEVER_LATE)
    for name in ("delay_change", "delay_half_change", "status_against_worst"):
        yield number(name, group, **SEEN)
    for name in ("status_mean", "status_max", "status_min"):
        yield number(name, "Repayment status", **SEEN)
    for name in ("months_unused", "months_paid_in_full", "months_revolving"):
        yield count(name, "Repayment status", maximum=6, **SEEN)


DERIVED: tuple[Feature, ...] = (*_limit_shares(), *_payments(), *_spending(), *_delays())


def derived(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the derived columns, one row per card."""
    limit = raw[["LIMIT_BAL"]].to_numpy(dtype=np.float64)
    statuses, bills, payments = (
        raw[list(names)].to_numpy(dtype=np.float64) for names in (STATUSES, BILLS, PAYMENTS)
    )
    columns = {
        **_of_limit(bills, limit),
        **_of_payments(bills, payments, limit),
        **_of_delays(statuses),
    }
    return pd.DataFrame(columns, index=raw.index)


def _of_limit(bills: Floats, limit: Floats) -> dict[str, Floats]:
    used = bills / limit
    oldest_first = np.arange(6, dtype=np.float64)[::-1]
    centred = oldest_first - oldest_first.mean()
    return {
        **{f"utilisation_{month}": used[:, month - 1] for month in _MONTHS},
        "utilisation_mean": used.mean(axis=1),
        "utilisation_max": used.max(axis=1),
        "utilisation_min": used.min(axis=1),
        "utilisation_deviation": used.std(axis=1),
        "utilisation_change": used[:, 0] - used[:, 5],
        "utilisation_half_change": used[:, :3].mean(axis=1) - used[:, 3:].mean(axis=1),
        "utilisation_slope": used @ centred / (centred @ centred),
        "unused_limit": limit[:, 0] - bills[:, 0],
        "least_unused": limit[:, 0] - bills.max(axis=1),
        "months_over_limit": (bills > limit).sum(axis=1),
        "months_without_bill": (bills <= 0).sum(axis=1),
    }


def _of_payments(bills: Floats, payments: Floats, limit: Floats) -> dict[str, Floats]:
    owed, paid = bills[:, 1:], payments[:, :5]
    shares = _ratio(paid, owed)
    left = (owed - paid) / limit
    spent = (bills[:, :5] - owed + paid) / limit
    return {
        **{f"paid_share_{pair}": shares[:, pair - 1] for pair in _PAIRS},
        "paid_share_total": _ratio(paid.sum(axis=1), owed.clip(min=0).sum(axis=1)),
        "paid_share_least": np.fmin.reduce(shares, axis=1),
        "payments_total": payments.sum(axis=1),
        "payments_to_limit": payments.sum(axis=1) / limit[:, 0],
        "payments_max": payments.max(axis=1),
        "payments_min": payments.min(axis=1),
        "payments_deviation": payments.std(axis=1),
        "bills_total": bills.sum(axis=1),
        "months_unpaid": (payments == 0).sum(axis=1),
        **{f"carried_over_{pair}": left[:, pair - 1] for pair in _PAIRS},
        "carried_over_mean": left.mean(axis=1),
        **{f"spent_to_limit_{pair}": spent[:, pair - 1] for pair in _PAIRS},
        "spent_to_limit_total": spent.sum(axis=1),
    }


def _of_delays(statuses: Floats) -> dict[str, Floats]:
    late, months = statuses > 0, np.maximum(statuses, 0)
    ever = late.any(axis=1)
    return {
        "months_late": late.sum(axis=1),
        "months_very_late": (statuses >= 2).sum(axis=1),
        "longest_delay": months.max(axis=1),
        "delay_total": months.sum(axis=1),
        "late_in_a_row": np.cumprod(late, axis=1).sum(axis=1),
        "delay_weighted": months @ _WEIGHTS,
        "months_since_late": np.where(ever, late.argmax(axis=1), np.nan),
        "delay_change": months[:, 0] - months[:, 1],
        "delay_half_change": months[:, :3].sum(axis=1) - months[:, 3:].sum(axis=1),
        "status_against_worst": statuses[:, 0] - statuses[:, 1:].max(axis=1),
        "status_mean": statuses.mean(axis=1),
        "status_max": statuses.max(axis=1),
        "status_min": statuses.min(axis=1),
        "months_unused": (statuses == -2).sum(axis=1),
        "months_paid_in_full": (statuses == -1).sum(axis=1),
        "months_revolving": (statuses == 0).sum(axis=1),
    }


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole up to a limit, NaN where there is nothing to divide by."""
    shares = np.full(part.shape, np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    bounded: Floats = np.minimum(shares, _LARGEST_RATIO)
    return bounded
