"""Earlier loans summed up at a new application: hand-made customers, and nothing of the future."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import datasets
from ml.datasets._superlender_history import DECLARED, summed_up

TERMS = {"loanamount": 10_000.0, "totaldue": 13_000.0, "termdays": 30}


def _loan(asked: str, due: str, repaid: str, closed: str, **rest: object) -> dict[str, object]:
    stamps = {"asked": asked, "firstduedate": due, "firstrepaiddate": repaid, "closeddate": closed}
    dates = {name: pd.Timestamp(stamp) for name, stamp in stamps.items()}
    return {"customerid": "alice", **TERMS, **dates, **rest}


IN_TIME = _loan("2017-01-01 12:00", "2017-01-31", "2017-01-30 10:00", "2017-01-31 12:00")
LATE = _loan(
    "2017-02-10 12:00", "2017-03-12", "2017-03-17 10:00", "2017-03-22 12:00", loanamount=20_000.0
)
STILL_OPEN = _loan("2017-03-23", "2017-04-22", "2017-05-30", "2017-05-31")
NOW = pd.Timestamp("2017-04-01 12:00")


def _asked(*customers: str) -> pd.DataFrame:
    return pd.DataFrame({"customerid": customers, "asked": NOW}, index=range(5, 5 + len(customers)))


def test_it_sums_up_a_customer() -> None:
    history = summed_up(_asked("alice"), pd.DataFrame([LATE, IN_TIME])).loc[5]

    expected = {
        "earlier_loans": 2,
        "amount_sum": 30_000,
        "amount_mean": 15_000,
        "amount_first": 10_000,
        "amount_latest_1": 20_000,
        "amount_latest_2": 10_000,
        "amount_trend": 10_000,
        "first_delay_latest_1": 5,
        "first_delay_latest_2": -1,
        "first_delay_mean": 2,
        "first_delay_trend": 6,
        "first_delay_recent": (5 + 0.6 * -1) / 1.6,
        "first_late_sum": 1,
        "first_very_late_mean": 0.5,
        "close_delay_max": 10,
        "close_very_late_sum": 1,
        "close_overdue_mean": 5,
        "open_days_mean": 35,
        "open_share_latest_1": 40 / 30,
        "settling_days_max": 5 + 2 / 24,
        "early_sum": 0,
        "gap_days_latest_1": 10,
        "monthly_rate_max": 0.3,
        "since_closed": 10,
        "since_asked": 50,
        "customer_for": 90,
        "loans_a_month": 2 / 3,
        "share_of_time_in_debt": 70 / 90,
        "loans_since_close_late": 0,
        "days_since_close_late": 10,
    }
    assert history[list(expected)].to_dict() == pytest.approx(expected)


def test_it_counts_the_last_instalment_of_a_long_loan() -> None:
    long = _loan("2017-01-01", "2017-01-31", "2017-01-31", "2017-03-04", termdays=60)

    history = summed_up(_asked("alice"), pd.DataFrame([long])).loc[5]

    assert (history["first_delay_max"], history["close_delay_max"]) == (0, 2)


def test_it_never_looks_past_the_application() -> None:
    known = summed_up(_asked("alice"), pd.DataFrame([IN_TIME, LATE]))

    with_open = summed_up(_asked("alice"), pd.DataFrame([IN_TIME, LATE, STILL_OPEN]))

    pd.testing.assert_frame_equal(known, with_open)


def test_it_knows_nothing_of_a_new_customer() -> None:
    history = summed_up(_asked("bob", "alice"), pd.DataFrame([IN_TIME]))

    assert history["earlier_loans"].tolist() == [0, 1]
    assert history.loc[5].drop("earlier_loans").isna().all()
    assert np.isnan(
        history.loc[6, ["amount_std", "amount_trend", "gap_days_mean"]].astype(float)
    ).all()
    assert np.isnan(history.loc[6, "days_since_close_late"])


def test_it_declares_what_it_sums_up() -> None:
    history = summed_up(_asked("alice"), pd.DataFrame([IN_TIME]))

    assert list(history.columns.sort_values()) == sorted(feature.name for feature in DECLARED)


def test_it_refuses_two_records_of_one_person(tmp_path: Path) -> None:
    loan = "customerid,creationdate,loanamount,totaldue,termdays,referredby,bad\n"
    earlier = "customerid,creationdate,loanamount,totaldue,termdays,closeddate,firstduedate,"
    people = "customerid,birthdate,bank_name_clients\nalice,1990-01-01,A\nalice,1991-01-01,A\n"
    for name, table in (
        ("perf", f"{loan}alice,2017-07-01,10000,13000,30,,0\n"),
        ("prevloans", f"{earlier}firstrepaiddate\n"),
        ("demographics", people),
    ):
        (tmp_path / f"superlender_{name}.csv.gz").write_bytes(gzip.compress(table.encode()))

    with pytest.raises(ValueError, match="Customer alice has two records"):
        datasets.load("superlender", tmp_path)
