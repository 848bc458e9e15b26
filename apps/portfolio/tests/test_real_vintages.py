"""Charge-off curves of a real tape equal those taken straight from the file, with pandas alone."""

import csv
import gzip
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from django.core.management import call_command

from apps.accounts.models import Branch, User
from apps.loans.tests.factories import us_platform
from apps.portfolio import services, vintage_rows, vintages
from apps.portfolio.months import Width
from apps.portfolio.vintage_rows import Chosen

TAPE = Path(__file__).parents[4] / "shared" / "data" / "lendingclub_2007_2011.csv.gz"
# All years and both terms are among them.
EVERY = 5
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
# A hundredth of a percentage point.
TOLERANCE = 0.0001

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not TAPE.exists(), reason="the LendingClub tape is not on this machine"),
]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Every fifth line of the tape."""
    path = tmp_path / "sample.csv"
    with gzip.open(TAPE, "rt") as tape, path.open("w", newline="") as file:
        rows = csv.reader(tape)
        table = csv.writer(file)
        table.writerow(next(rows))
        table.writerows(row for place, row in enumerate(rows) if place % EVERY == 0)
    return path


@pytest.fixture
def landed(db: None, sample: Path, tmp_path: Path) -> Branch:
    """The sample in our tables, added up."""
    branch = us_platform()
    rejects, said = tmp_path / "rejects.csv", io.StringIO()
    call_command("import_tape", sample, mapping="lendingclub", rejects=rejects, stdout=said)
    services.summarise(entity=branch.entity, now=NOW)
    return branch


def straight_from(sample: Path) -> pd.DataFrame:
    """Return the share of each quarter's principal that was lost by each age, from the file."""
    frame = pd.read_csv(sample, parse_dates=["issue_d", "last_pymnt_d"])
    frame["vintage"] = frame.issue_d.dt.to_period("Q")
    lost_on = frame.last_pymnt_d.fillna(frame.issue_d).dt.to_period("M").astype("int64")
    frame["age"] = lost_on - frame.issue_d.dt.to_period("M").astype("int64")
    bad = frame[frame.bad == 1]
    lost = (bad.funded_amnt - bad.total_rec_prncp.round(2)).clip(lower=0)
    ages = range(int(bad.age.max()) + 1)
    table = pd.crosstab(bad.vintage, bad.age, values=lost, aggfunc="sum").fillna(0.0)
    cumulative = table.reindex(columns=ages, fill_value=0.0).cumsum(axis=1)
    return cumulative.div(frame.groupby("vintage").funded_amnt.sum(), axis=0).fillna(0.0)


def test_the_curves_are_those_of_the_file(landed: Branch, sample: Path, alice: User) -> None:
    alice.branch = landed
    chosen = Chosen(entity=landed.entity, currency="USD", day=date(2026, 10, 31))

    found = vintage_rows.curves(alice, chosen, width=Width.QUARTER)

    expected = straight_from(sample)
    assert vintages.longest(found) == expected.columns.max()
    assert [f"{one.vintage:%Y-%m}" for one in found] == [
        one.start_time.strftime("%Y-%m") for one in expected.index
    ]
    for curve, (_vintage, wanted) in zip(found, expected.iterrows(), strict=True):
        shares = [float(curve.by_amount(age) or 0) for age in expected.columns]
        assert shares == pytest.approx(wanted.to_list(), abs=TOLERANCE)
    # It would hold of a book without losses, too.
    assert sum(curve.lost[-1].amount for curve in found) > Decimal(1_000_000)
