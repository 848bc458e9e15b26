"""The features of a loan at the end of a month, version 1: how it was paid until then.

What is late is counted in days past due (the plain difference) at the ends of months. An amount is
a share of what was lent, so that loans of any size and currency are alike.
"""

from ml.schema import Feature, Schema

__all__ = ["SCHEMA", "SEGMENT"]

# The name under which models on this schema are registered and chosen.
SEGMENT = "behaviour"

_MOST_DAYS = 36500
_MOST_MONTHS = 1200
_NO_RECORD = "The loan has no record of that month."
_NO_AMOUNTS = "The record has days only, no amounts."


def _days(name: str, group: str = "days_late") -> Feature:
    return Feature(
        name,
        "integer",
        group=group,
        unit="days",
        minimum=0,
        maximum=_MOST_DAYS,
        direction=1,
        available="behavioural",
    )


def _count(name: str) -> Feature:
    return Feature(
        name,
        "integer",
        group="months_late",
        unit="months",
        minimum=0,
        maximum=12,
        direction=1,
        available="behavioural",
    )


SCHEMA = Schema(
    "loan_behaviour",
    1,
    (
        Feature(
            "months_on_book",
            "integer",
            group="age",
            unit="months",
            minimum=0,
            maximum=_MOST_MONTHS,
            available="behavioural",
        ),
        _days("days_now"),
        _days("days_worst_3m"),
        _days("days_worst_6m"),
        _days("days_worst_12m"),
        Feature(
            "days_rise_3m",
            "integer",
            group="direction_of_travel",
            unit="days",
            minimum=-_MOST_DAYS,
            maximum=_MOST_DAYS,
            missing="allowed",
            missing_meaning=_NO_RECORD,
            direction=1,
            available="behavioural",
        ),
        _count("months_late_3m"),
        _count("months_late_12m"),
        _count("months_30_days_12m"),
        _count("months_late_in_a_row"),
        Feature(
            "instalments_missed",
            "integer",
            group="days_late",
            unit="count",
            minimum=0,
            maximum=100_000,
            missing="allowed",
            missing_meaning=_NO_AMOUNTS,
            direction=1,
            available="behavioural",
        ),
        Feature(
            "principal_left",
            "number",
            group="amounts",
            unit="fraction",
            minimum=0,
            maximum=1000,
            missing="allowed",
            missing_meaning=_NO_AMOUNTS,
            direction=1,
            available="behavioural",
        ),
        Feature(
            "due_share",
            "number",
            group="amounts",
            unit="fraction",
            minimum=0,
            maximum=1000,
            missing="allowed",
            missing_meaning=_NO_AMOUNTS,
            direction=1,
            available="behavioural",
        ),
    ),
)
