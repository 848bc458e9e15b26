"""The public sets: their published counts, what may not be among their features, and gaps."""

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import datasets
from ml.datasets import Dataset, DatasetMissing, _reading

PUBLIC = Path(__file__).parents[3] / "shared" / "data"

needs_data = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason="The public credit data is not beside this checkout."
)

PUBLISHED = [
    ("australian", 690, 44.49),
    ("belanche", 4454, 28.15),
    ("german", 1000, 30.00),
    ("hmeq", 5960, 19.95),
    ("home_credit_sample", 2139, 8.18),
    ("japanese", 690, 44.49),
    ("lendingclub", 42535, 15.12),
    ("south_german", 1000, 30.00),
    ("superlender", 4368, 21.79),
    ("taiwan", 30000, 22.12),
    ("thomas", 1225, 26.37),
    ("xente", 3742, 38.46),
]
EVERY_VARIANT = [
    (name, variant) for name in datasets.names() for variant in datasets.variants(name)
]
# Identifiers, outcomes and what happened after the loan was paid out, in any set.
NEVER = {
    *("BAD", "bad", "approved", "TARGET", "default_next_month", "proxy_high_risk", "has_fraud"),
    *("ID", "SK_ID_CURR", "CustomerId", "customerid", "systemloanid", "loan_no", "referredby"),
    *("loan_status", "funded_amnt", "funded_amnt_inv", "total_pymnt", "total_pymnt_inv"),
    *("total_rec_prncp", "total_rec_int", "total_rec_late_fee", "recoveries"),
    *("collection_recovery_fee", "last_pymnt_d", "last_pymnt_amnt", "last_credit_pull_d"),
    *("debt_settlement_flag", "debt_settlement_flag_date", "settlement_status"),
    *("settlement_date", "settlement_amount", "settlement_percentage", "settlement_term"),
    *("issue_d", "approveddate", "creationdate", "closeddate", "meets_credit_policy"),
}
PRICE = {"int_rate", "grade", "sub_grade_rank", "installment", "totaldue", "interest"}


@cache
def _load(name: str, variant: str | None = None) -> Dataset:
    return datasets.load(name, PUBLIC, variant=variant)


def test_it_knows_every_set() -> None:
    assert [name for name, _, _ in PUBLISHED] == list(datasets.names())


@needs_data
@pytest.mark.parametrize(("name", "rows", "percent_bad"), PUBLISHED)
def test_it_has_the_published_rows_and_rate(name: str, rows: int, percent_bad: float) -> None:
    loaded = _load(name)

    assert len(loaded.frame) == rows
    assert round(100 * loaded.bad.mean(), 2) == percent_bad
    assert loaded.caveat
    assert loaded.licence


@needs_data
@pytest.mark.parametrize(("name", "variant"), EVERY_VARIANT)
def test_it_keeps_its_contract_and_leaks_nothing(name: str, variant: str) -> None:
    loaded = _load(name, variant)

    assert (loaded.name, loaded.variant) == (name, variant)
    assert tuple(loaded.frame.columns) == loaded.schema.names
    assert loaded.schema.encode(loaded.frame).matrix.shape == loaded.frame.shape
    assert not NEVER & set(loaded.schema.names)
    assert (variant == "priced") == bool(PRICE & set(loaded.schema.names))


@needs_data
@pytest.mark.parametrize(("name", "variant"), EVERY_VARIANT)
def test_it_has_no_feature_that_gives_the_outcome_away(name: str, variant: str) -> None:
    loaded = _load(name, variant)

    order = pd.DataFrame(loaded.schema.to_matrix(loaded.frame)).fillna(-1e12).rank()
    bads = loaded.bad.sum()
    wins = order[loaded.bad == 1].sum() - bads * (bads + 1) / 2
    auc = wins / (bads * (len(loaded.bad) - bads))

    highest = np.maximum(auc, 1 - auc).max()
    assert (highest > 0.99) == (variant == "circular")
    assert highest < 0.88 or name == "xente"


@needs_data
@pytest.mark.parametrize(
    ("name", "protected"),
    [
        ("german", {"age", "personal_status_sex", "dependents", "foreign_worker"}),
        ("south_german", {"age", "personal_status_sex", "people_liable", "foreign_worker"}),
        ("taiwan", {"SEX", "MARRIAGE", "AGE"}),
        ("belanche", {"Age", "Marital"}),
        ("superlender", {"age"}),
        ("lendingclub", set()),
        ("hmeq", set()),
        ("thomas", {"YOB", "NKID", "DEP"}),
    ],
)
def test_it_declares_protected_attributes(name: str, protected: set[str]) -> None:
    schema = _load(name).schema

    assert set(schema.protected) == protected
    assert not set(schema.without_sensitive().names) & protected


@needs_data
def test_it_gives_loans_their_month_of_issue() -> None:
    loaded = _load("lendingclub")

    assert loaded.dates is not None
    assert (loaded.dates < np.datetime64("2011-01-01")).sum() == 20814
    assert loaded.dates.max() == np.datetime64("2011-12-01")


@needs_data
def test_it_reads_the_first_loan_of_the_book() -> None:
    """Issued 2007-06-01, its oldest line opened 2003-10-01, sub-grade E2, less than a year."""
    first = _load("lendingclub", "priced").frame.iloc[0]

    assert (first["credit_history_months"], first["sub_grade_rank"]) == (44, 22)
    assert (first["loan_amnt"], first["emp_length_years"], first["zip_area"]) == (7500, 0, 27)
    assert (first["delinq_2yrs"], first["mths_since_last_delinq"]) == (1, 11)


@needs_data
def test_it_reads_no_delinquency_as_missing_in_the_oldest_reports() -> None:
    frame = _load("lendingclub").frame

    assert (frame["mths_since_last_delinq"] == 0).sum() == 1
    assert frame["mths_since_last_delinq"].isna().sum() == 26926 + 820


@needs_data
def test_it_sums_up_six_months_of_a_card() -> None:
    """The first card: limit 20,000; status 2, 2, -1, -1, -2, -2; bills 3,913, 3,102, 689, 0..."""
    first = _load("taiwan", "fe").frame.iloc[0]

    assert first["utilisation_1"] == 3913 / 20000
    assert first["utilisation_change"] == 3913 / 20000
    assert (first["months_late"], first["longest_delay"], first["late_in_a_row"]) == (2, 2, 2)
    assert (first["months_since_late"], first["months_unused"]) == (0, 2)
    assert (first["paid_share_1"], first["paid_share_2"]) == (0, 1)
    assert np.isnan(first["paid_share_3"])
    assert first["spent_to_limit_1"] == (3913 - 3102) / 20000
    assert first["carried_over_1"] == 3102 / 20000


@needs_data
def test_it_says_that_a_proxy_is_no_default() -> None:
    assert "proxy" in _load("xente").caveat
    assert "approval itself" in _load("australian").caveat


@needs_data
def test_it_reads_the_same_twice() -> None:
    once, again = (datasets.load("superlender", PUBLIC) for _ in range(2))

    assert once.schema.hash == again.schema.hash
    pd.testing.assert_frame_equal(once.frame, again.frame)


def test_it_takes_the_folder_as_text_too(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match=r"nowhere, so no public data"):
        datasets.load("german", str(tmp_path / "nowhere"))


def test_it_refuses_an_unknown_set_and_an_unknown_variant(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no public set 'german2'; there are australian, "):
        datasets.load("german2", tmp_path)
    with pytest.raises(ValueError, match="german has no variant 'fe'; it has standard"):
        datasets.load("german", tmp_path, variant="fe")


@pytest.mark.parametrize("name", datasets.names())
def test_it_says_what_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match="There is no folder"):
        datasets.load(name, tmp_path / "nowhere")
    with pytest.raises(DatasetMissing, match=r"\.csv\.gz is not in "):
        datasets.load(name, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip at all",
        gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9],
        gzip.compress(b"", mtime=0),
        b"\x1f\x8b\x08",
    ],
)
def test_it_refuses_a_broken_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "hmeq.csv.gz").write_bytes(content)

    with pytest.raises(DatasetMissing, match=r"^hmeq\.csv\.gz cannot be read as a table: "):
        datasets.load("hmeq", tmp_path)


@pytest.mark.parametrize(
    ("table", "lacking"), [("LOAN,MORTDUE\n1,2\n", "BAD"), ("BAD,LOAN\n1,2\n", "MORTDUE")]
)
def test_it_names_the_column_that_a_file_lacks(table: str, lacking: str, tmp_path: Path) -> None:
    (tmp_path / "hmeq.csv.gz").write_bytes(gzip.compress(table.encode()))

    with pytest.raises(DatasetMissing, match=f"no column {lacking}"):
        datasets.load("hmeq", tmp_path)


def test_it_checks_the_published_sum(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    published = "3c0fc0d9a9c7e4c2bc5ab4f2ad4e6a7ab7e5d0a06ff0f8a6b8fb0b4bd8e1c3a1"

    assert _reading.read(tmp_path, "t.csv")["a"].tolist() == [1]
    with pytest.raises(DatasetMissing, match="not the published file: its SHA-256 is"):
        _reading.read(tmp_path, "t.csv", sha256=published)
