"""Customers of a Ugandan shop, from their transactions (Xente): the target is a stand-in."""

from pathlib import Path

from ml.datasets import _reading
from ml.datasets._dataset import About, Dataset, assemble, checked_variant
from ml.datasets._declaring import category, count, number

VARIANTS = ("standard", "circular")
_ABOUT = About(
    "xente",
    caveat=(
        "The target is a proxy: the least engaged of three clusters on recency, frequency and"
        " money. It says nothing about repayment, so no figure on this set is a claim of"
        " predictive quality. The circular variant shows a model the columns that define it."
    ),
    licence="Zindi competition data: not redistributable.",
)
_SEEN = {"available": "behavioural"}
_MONEY = {"unit": "UGX", **_SEEN}
_SHARE = {"unit": "fraction", "minimum": 0, "maximum": 1, **_SEEN}
_FEATURES = (
    number("avg_amount", "Amounts", **_MONEY),
    number("std_amount", "Amounts", minimum=0, **_MONEY),
    number("min_amount", "Amounts", **_MONEY),
    number("max_amount", "Amounts", **_MONEY),
    number("avg_value", "Amounts", minimum=0, **_MONEY),
    number("std_value", "Amounts", minimum=0, **_MONEY),
    number("min_value", "Amounts", minimum=0, **_MONEY),
    number("max_value", "Amounts", minimum=0, **_MONEY),
    number("debit_ratio", "Kinds of transaction", **_SHARE),
    number("credit_ratio", "Kinds of transaction", **_SHARE),
    number("transaction_hour_mean", "Habits", unit="hours", minimum=0, maximum=24, **_SEEN),
    number("transaction_dayofweek_mean", "Habits", minimum=0, maximum=6, **_SEEN),
    number("weekend_transaction_ratio", "Habits", **_SHARE),
    count("unique_products", "Variety", **_SEEN),
    count("unique_providers", "Variety", **_SEEN),
    number("avg_daily_transactions", "Habits", minimum=0, **_SEEN),
    category("primary_channel", "Habits", [f"ChannelId_{number}" for number in (1, 2, 3, 5)]),
    category(
        "primary_category",
        "Habits",
        "airtime data_bundles financial_services movies other ticket transport tv utility_bill",
    ),
    category("primary_pricing_strategy", "Habits", "0 1 2 4"),
)
# What the clusters were made of, and sums that give it away.
_CIRCULAR = (
    number("recency_days", "Recency", unit="days", minimum=0, **_SEEN),
    count("transaction_count", "Frequency", **_SEEN),
    number("total_value", "Money", minimum=0, **_MONEY),
    number("total_amount", "Money", **_MONEY),
    number("positive_amount_sum", "Money", minimum=0, **_MONEY),
    count("negative_amount_count", "Frequency", **_SEEN),
    count("velocity_last_30_days", "Recency", **_SEEN),
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 3,742 customers, 38.46 % in the least engaged cluster.

    DatasetMissing if the file is absent. `has_fraud` is left out: it is an outcome.
    """
    checked_variant(_ABOUT.name, variant, VARIANTS)
    raw = _reading.read(folder, "xente_customers.csv.gz", needed=["proxy_high_risk"])
    features = (*_FEATURES, *(_CIRCULAR if variant == "circular" else ()))
    return assemble(_ABOUT, features, raw, bad=raw["proxy_high_risk"], variant=variant)
