"""What a lender knows of a repeat customer: the earlier loans, summed up at the new application.

Only loans closed before the new one was asked for count. Stamps of creation run an hour behind
all others (UTC against the lender's own time), so an hour is added before they are compared.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ml.datasets._declaring import count, number
from ml.schema import Feature

ASKED_LAG = pd.Timedelta(hours=1)
_DAY = 86_400
_LONGEST_DELAY = 60.0
_FORGETTING = 0.6
_NONE = {"missing_meaning": "No earlier loan is known, or too few of them."}
_NEVER = {"missing_meaning": "No earlier loan was late."}

# Column of an earlier loan -> how it is summed up over a customer's loans.
_SUMMARIES: Mapping[str, tuple[str, ...]] = {
    "amount": ("sum", "mean", "max", "min", "std", "first"),
    "term": ("mean", "max", "min"),
    "first_delay": ("sum", "mean", "max", "min", "std", "first"),
    "close_delay": ("mean", "max", "first"),
    "open_days": ("sum", "mean", "max", "std"),
    "open_share": ("mean", "max", "min", "std"),
    "settling_days": ("mean", "max"),
    "first_late": ("sum", "mean"),
    "first_very_late": ("sum", "mean"),
    "close_late": ("sum", "mean"),
    "close_very_late": ("sum", "mean"),
    "first_overdue": ("sum", "mean"),
    "close_overdue": ("sum", "mean"),
    "early": ("sum", "mean"),
    "monthly_rate": ("mean", "max", "min"),
    "gap_days": ("mean", "max", "min"),
}
# Column -> how many of the latest loans are shown one by one.
_LATEST: Mapping[str, int] = {
    "first_delay": 3,
    "close_delay": 3,
    "open_share": 3,
    "amount": 3,
    "term": 3,
    "open_days": 1,
    "settling_days": 1,
    "monthly_rate": 1,
    "gap_days": 1,
    "early": 1,
}
_RECENT = (
    *("first_delay", "close_delay", "first_late", "close_late", "close_very_late"),
    *("first_overdue", "close_overdue", "open_share"),
)
_TRENDS = ("first_delay", "close_delay", "open_share", "amount")
_UNITS = {
    "amount": "NGN",
    "term": "days",
    "first_delay": "days",
    "close_delay": "days",
    "open_days": "days",
    "settling_days": "days",
    "first_overdue": "days",
    "close_overdue": "days",
    "gap_days": "days",
}
# A lender is sure of these: the later the earlier loans were paid, the riskier the next.
_LATE = frozenset(
    {
        "first_delay",
        "close_delay",
        "first_late",
        "first_very_late",
        "close_late",
        "close_very_late",
        "first_overdue",
        "close_overdue",
    }
)
_SPREADS = frozenset({"std", "min", "first"})


def _of_columns() -> Iterator[Feature]:
    for column, summaries in _SUMMARIES.items():
        for how in summaries:
            yield _number(f"{column}_{how}", column, spread=how in _SPREADS)
    for column, loans in _LATEST.items():
        for back in range(1, loans + 1):
            yield _number(f"{column}_latest_{back}", column)
    for column in _RECENT:
        yield _number(f"{column}_recent", column)
    for column in _TRENDS:
        yield number(f"{column}_trend", "Earlier loans", **_NONE)


def _of_time() -> Iterator[Feature]:
    for name in ("since_closed", "since_asked", "customer_for"):
        yield number(name, "Earlier loans", unit="days", minimum=0, **_NONE)
    for name in ("loans_a_month", "share_of_time_in_debt"):
        yield number(name, "Earlier loans", minimum=0, **_NONE)
    for late in ("first_late", "close_late"):
        yield number(f"loans_since_{late}", "Late payments", minimum=0, direction=-1, **_NEVER)
        yield number(
            f"days_since_{late}", "Late payments", unit="days", minimum=0, direction=-1, **_NEVER
        )


def _number(name: str, column: str, *, spread: bool = False) -> Feature:
    late = column in _LATE
    return number(
        name,
        "Late payments" if late else "Earlier loans",
        unit=_UNITS.get(column, "fraction"),
        direction=1 if late and not spread else 0,
        **_NONE,
    )


DECLARED: tuple[Feature, ...] = (
    count("earlier_loans", "Earlier loans"),
    *_of_columns(),
    *_of_time(),
)


def summed_up(applications: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the history of each application, in its order; no loans count 0, the rest missing.

    Both frames have `customerid` and `asked`; `earlier` has the published columns as well.
    """
    loans = _known_loans(applications, earlier)
    customers = loans.groupby("customerid")
    columns = {
        "earlier_loans": customers.size(),
        **{
            f"{column}_{how}": customers[column].agg(how)
            for column, summaries in _SUMMARIES.items()
            for how in summaries
        },
        **_latest(loans),
        **{f"{column}_recent": _recent_mean(loans, column) for column in _RECENT},
        **{f"{column}_trend": _slope(loans, column) for column in _TRENDS},
        **_since(loans),
    }
    history = pd.DataFrame(columns).reindex(applications["customerid"])
    history["earlier_loans"] = history["earlier_loans"].fillna(0).astype(np.int64)
    return history.set_index(applications.index)


def _known_loans(applications: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the loans closed before the application, oldest first, with what is derived."""
    asked = applications[["customerid", "asked"]].rename(columns={"asked": "now"})
    merged = earlier.merge(asked, on="customerid")
    loans = merged[merged["closeddate"] < merged["now"]].sort_values(["customerid", "asked"])
    rest = (loans["termdays"] - 30).clip(lower=0)
    last_due = loans["firstduedate"] + pd.to_timedelta(rest, unit="D")
    first_delay = _whole_days(loans["firstrepaiddate"], loans["firstduedate"])
    close_delay = _whole_days(loans["closeddate"], last_due)
    open_days = _days(loans["closeddate"] - loans["asked"])
    open_share = open_days / loans["termdays"]
    previous = loans.groupby("customerid")["closeddate"].shift()
    return loans.assign(
        amount=loans["loanamount"],
        term=loans["termdays"],
        first_delay=first_delay,
        close_delay=close_delay,
        open_days=open_days,
        open_share=open_share,
        settling_days=_days(loans["closeddate"] - loans["firstrepaiddate"]),
        first_late=1.0 * (first_delay > 0),
        first_very_late=1.0 * (first_delay > 3),
        close_late=1.0 * (close_delay > 0),
        close_very_late=1.0 * (close_delay > 7),
        first_overdue=first_delay.clip(0, _LONGEST_DELAY),
        close_overdue=close_delay.clip(0, _LONGEST_DELAY),
        early=1.0 * (open_share < 0.5),
        monthly_rate=(loans["totaldue"] / loans["loanamount"] - 1) / loans["termdays"] * 30,
        gap_days=_days(loans["asked"] - previous),
        closed_ago=_days(loans["now"] - loans["closeddate"]),
        asked_ago=_days(loans["now"] - loans["asked"]),
        back=loans.groupby("customerid").cumcount(ascending=False),
    )


def _latest(loans: pd.DataFrame) -> dict[str, pd.Series]:
    by_place = {
        back: loans[loans["back"] == back].set_index("customerid")
        for back in range(max(_LATEST.values()))
    }
    return {
        f"{column}_latest_{back + 1}": by_place[back][column]
        for column, shown in _LATEST.items()
        for back in range(shown)
    }


def _recent_mean(loans: pd.DataFrame, column: str) -> pd.Series:
    """Return the mean in which each older loan counts 0.6 of the one after it."""
    weight = _FORGETTING ** loans["back"]
    customer = loans["customerid"]
    mean: pd.Series = (loans[column] * weight).groupby(customer).sum()
    mean /= weight.groupby(customer).sum()
    return mean


def _slope(loans: pd.DataFrame, column: str) -> pd.Series:
    """Return the change per loan of the least-squares line, missing below two loans."""
    customers = loans.groupby("customerid")
    place = customers["back"].transform("mean") - loans["back"]
    value = loans[column] - customers[column].transform("mean")
    slope: pd.Series = (place * value).groupby(loans["customerid"]).sum()
    squares = (place * place).groupby(loans["customerid"]).sum()
    slope /= squares.where(squares > 0)
    return slope


def _since(loans: pd.DataFrame) -> dict[str, pd.Series]:
    customers = loans.groupby("customerid")
    customer_for = customers["asked_ago"].max()
    a_day_at_least = customer_for.clip(lower=1)
    since = {
        "since_closed": customers["closed_ago"].min(),
        "since_asked": customers["asked_ago"].min(),
        "customer_for": customer_for,
        "loans_a_month": customers.size() / a_day_at_least * 30,
        "share_of_time_in_debt": customers["open_days"].sum() / a_day_at_least,
    }
    for late in ("first_late", "close_late"):
        those = loans[loans[late] > 0].groupby("customerid")
        since[f"loans_since_{late}"] = those["back"].min().astype(np.float64)
        since[f"days_since_{late}"] = those["closed_ago"].min()
    return since


def _days(time: pd.Series) -> pd.Series:
    days: pd.Series = time.dt.total_seconds() / _DAY
    return days


def _whole_days(later: pd.Series, earlier: pd.Series) -> pd.Series:
    """Return calendar days between two stamps, negative when the first came early."""
    return _days(later.dt.normalize() - earlier.dt.normalize())
