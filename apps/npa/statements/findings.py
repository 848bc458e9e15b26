"""What people found, as columns of the relation `facility`. Pure: SQL text.

The same as `npa.findings` reads of the rows in force.
"""

from apps.npa.findings import COUNTED, INVESTMENT_GRADE, Kind
from apps.npa.statements.words import literal, literals

# Each field of a facility: what the rows in force of a loan make of it, NULL where none does.
_MADE = {
    "is_fraud": f"bool_or(TRUE) FILTER (WHERE kind = '{Kind.FRAUD}')",
    "reviewed": f"max(value) FILTER (WHERE kind = '{Kind.REVIEW}')",
    "form": f"max('crop') FILTER (WHERE kind = '{Kind.CROP_SEASON}')",
    "season_months": f"max(value) FILTER (WHERE kind = '{Kind.CROP_SEASON}')",
    "segment": f"max(value) FILTER (WHERE kind = '{Kind.SEGMENT}')",
    "guarantee": f"max(value) FILTER (WHERE kind = '{Kind.GUARANTEE}')",
    "guarantee_repudiated": f"bool_or(TRUE) FILTER (WHERE kind = '{Kind.REPUDIATION}')",
    "has_escrow": f"bool_or(TRUE) FILTER (WHERE kind = '{Kind.ESCROW}')",
    "restructuring_exempt": f"bool_or(TRUE) FILTER (WHERE kind = '{Kind.SCHEME}')",
    "is_rated_well": f"bool_and(value = {literal(INVESTMENT_GRADE)})"
    f" FILTER (WHERE kind = '{Kind.RATING}')",
    "has_increased_risk": f"bool_or(TRUE) FILTER (WHERE kind = '{Kind.INCREASED_RISK}')",
}
FIELDS = tuple(_MADE)


def found(table: str = "npa_finding") -> str:
    """Return the common table `found`: a row for each loan of which anything is in force.

    `%(day)s` is its value.
    """
    made = ", ".join(f"{made} AS {name}" for name, made in _MADE.items())
    return f"""
    found AS (
        SELECT loan_id, {made} FROM {table}
        WHERE status IN ({literals(COUNTED)}) AND counts_from <= %(day)s
            AND (until_date IS NULL OR until_date >= %(day)s)
            AND (ended_on IS NULL OR ended_on > %(day)s)
        GROUP BY loan_id
    )
    """  # noqa: S608 - the parts are ours


def column(name: str, otherwise: str) -> str:
    """Return a field of a facility: what was found, or else what it is without."""
    cast = "::int" if name == "season_months" else ""
    return f"COALESCE(found.{name}{cast}, {otherwise}) AS {name}"
