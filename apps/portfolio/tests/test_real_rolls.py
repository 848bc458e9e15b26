"""Roll rates of a real history of accounts equal an independent count exactly."""

import io
import uuid
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from django.db import connection

from apps.accounts.models import Branch
from apps.core.dates import add_months
from apps.npa import partitions
from apps.portfolio import months
from apps.portfolio.statements.rolling import BOTH

RECORD = Path(__file__).parents[4] / "shared" / "data" / "ccapproval_credit_record.csv.gz"
# So many months before the last; the file has 61.
MONTHS = 24
LAST = date(2020, 12, 31)
# A day in each band of the file, and the class of what left.
DAYS = {"X": 0, "0": 15, "1": 45, "2": 75, "3": 105, "4": 135, "5": 400, "C": 0}
NAMES = {
    "X": "current",
    "0": "1-29",
    "1": "30-59",
    "2": "60-89",
    "3": "90-119",
    "4": "120-149",
    "5": "150+",
    "C": "closed",
}
# What a snapshot holds beside what the file tells.
NOTHING = (
    *("missed", "stage", "principal_due", "interest_due", "interest_earned", "charges_due"),
    *("secured", "unsecured", "rate", "provision", "reserve", "interest_suspended"),
    *("fees_suspended", "penal_suspended"),
)
COLUMNS = (
    *("loan_id", "customer_id", "entity_id", "branch_id", "currency", "day", "class_since"),
    *("dpd_rbi", "dpd_ifrs", "bucket", "asset_class", "computed", "reason", "flags", "principal"),
    *NOTHING,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not RECORD.exists(), reason="the credit record is not on this machine"),
]


@pytest.fixture(scope="module")
def record() -> pd.DataFrame:
    """The last months of the file, one row an account and month, up to the first `C`."""
    frame = pd.read_csv(RECORD)
    frame.columns = ["account", "month", "status"]
    frame = frame[frame.month > -MONTHS].sort_values(["account", "month"])
    # Paid off is where an account ends; the file repeats it month by month.
    ended = (frame.status == "C").groupby(frame.account).cumsum()
    return frame[ended <= 1]


def _day(month: int) -> date:
    return months.last_of(add_months(LAST.replace(day=1), month))


@pytest.fixture
def snapshots(db: None, pune: Branch, record: pd.DataFrame) -> Branch:
    """The file as snapshots at the ends of months."""
    lines = io.StringIO()
    days = {month: _day(month) for month in record.month.unique()}
    for account, month, status in record.itertuples(index=False):
        gone = "closed" if status == "C" else "standard"
        key = uuid.UUID(int=account)
        lines.write(
            f"{key}\t{key}\t{pune.entity_id}\t{pune.pk}\tINR\t{days[month]}\t{days[month]}"
            f"\t{DAYS[status]}\t{DAYS[status]}\tnone\t{gone}\t{gone}\tin_time\t\t100"
            + "\t0" * len(NOTHING)
            + "\n"
        )
    for day in days.values():
        partitions.ensure(day)
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY npa_loanday ({', '.join(COLUMNS)}) FROM STDIN", lines)
    return pune


def _ours(branch: Branch, month: int) -> Counter[tuple[str, str]]:
    values = {"entity": branch.entity_id, "since": _day(month - 1), "day": _day(month)}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT before, after, count(*) FROM ({BOTH}) r GROUP BY 1, 2", values)  # noqa: S608
        return Counter({(before, after): count for before, after, count in cursor.fetchall()})


def test_the_rates_are_those_of_the_file(snapshots: Branch, record: pd.DataFrame) -> None:
    wide = record.pivot_table(index="account", columns="month", values="status", aggfunc="first")
    for month in range(2 - MONTHS, 1):
        both = wide[[month - 1, month]].dropna()
        both = both[both[month - 1] != "C"]
        wanted = Counter(
            (NAMES[before], NAMES[after]) for before, after in both.itertuples(index=False)
        )

        found = _ours(snapshots, month)

        # Accounts of which the file stops telling without saying why are in no pair of its own.
        assert Counter({key: n for key, n in found.items() if key[1] is not None}) == wanted
        assert sum(wanted.values()) > 1_000
