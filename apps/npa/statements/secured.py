"""What secures every loan on a day, as `collateral.worths` says it, in one statement. Pure: SQL.

An item is worth the lower of price and valuation, less the haircut of its kind, or what a valuer
said a sale would bring if that is less; liens are served by rank. What does not count as security
by its kind is left out (rule book 1.9).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a kind of item is judged on the day."""

    code: str
    haircut: Decimal
    counts: bool
    keeps_standard: bool


_BRINGS = (
    "round(LEAST(LEAST(i.price, v.amount) * (1 - k.haircut),"
    " COALESCE(v.realisable_amount, LEAST(i.price, v.amount) * (1 - k.haircut))), 2)"
)
_VALUED = """
    SELECT DISTINCT ON (v.item_id) v.* FROM collateral_valuation v
    WHERE v.valued_date <= {until}
        AND NOT EXISTS (SELECT FROM collateral_valuation c WHERE c.corrects_id = v.id)
    ORDER BY v.item_id, v.valued_date DESC, v.recorded_at DESC, v.id DESC
"""
_SERVED = """
    GREATEST(0, LEAST(l.secured_amount, {value} - COALESCE(sum(l.secured_amount) OVER (
        PARTITION BY l.item_id ORDER BY l.rank ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0)))
"""


_SHARED = f"""
    served AS (
        SELECT l.application_id, w.kind, w.counts, w.keeps_standard, w.is_stale,
            {_SERVED.format(value="w.brings")} AS brings,
            {_SERVED.format(value="w.brought")} AS brought,
            {_SERVED.format(value="w.began")} AS began,
            {_SERVED.format(value="w.value")} AS value
        FROM collateral_lien l JOIN worth w ON w.item_id = l.item_id
        WHERE l.status = 'standing'
    ),
    security AS (
        SELECT application_id,
            COALESCE(sum(brings) FILTER (WHERE counts AND NOT is_stale), 0) AS security,
            COALESCE(sum(brings) FILTER (WHERE counts AND is_stale), 0) AS security_stale,
            sum(brought) FILTER (WHERE counts) AS security_assessed,
            COALESCE(sum(began) FILTER (WHERE counts), 0) AS security_at_start,
            COALESCE(sum(value) FILTER (WHERE keeps_standard), 0) AS deposits,
            COALESCE((array_agg(kind ORDER BY brings DESC, kind) FILTER (WHERE counts))[1], '')
                AS security_kind
        FROM served WHERE application_id IS NOT NULL GROUP BY application_id
    )
"""  # noqa: S608 - the parts are ours


def security(kinds: Iterable[Kind]) -> str:
    """Return the CTEs up to `security`: one row for each application that anything secures."""
    values = ", ".join(
        f"('{one.code}', {one.haircut}::numeric, {one.counts}, {one.keeps_standard})"
        for one in kinds
    )
    latest = _VALUED.format(until="%(day)s")
    return f"""
    kinds (kind, haircut, counts, keeps_standard) AS (VALUES {values}),
    valued AS ({latest}),
    valued_before AS (
        SELECT DISTINCT ON (v.item_id) v.* FROM collateral_valuation v
        JOIN valued last ON last.item_id = v.item_id AND (v.valued_date, v.recorded_at, v.id)
            < (last.valued_date, last.recorded_at, last.id)
        WHERE NOT EXISTS (SELECT FROM collateral_valuation c WHERE c.corrects_id = v.id)
        ORDER BY v.item_id, v.valued_date DESC, v.recorded_at DESC, v.id DESC
    ),
    valued_first AS (
        SELECT DISTINCT ON (v.item_id) v.* FROM collateral_valuation v
        WHERE NOT EXISTS (SELECT FROM collateral_valuation c WHERE c.corrects_id = v.id)
        ORDER BY v.item_id, v.valued_date, v.recorded_at, v.id
    ),
    worth AS (
        SELECT i.id AS item_id, i.kind, k.counts, k.keeps_standard,
            v.valid_until < %(day)s AS is_stale, LEAST(i.price, v.amount) AS value,
            {_BRINGS} AS brings, COALESCE({_BRINGS.replace("v.", "p.")}, {_BRINGS}) AS brought,
            {_BRINGS.replace("v.", "f.")} AS began
        FROM collateral_item i JOIN kinds k ON k.kind = i.kind
        JOIN valued v ON v.item_id = i.id LEFT JOIN valued_before p ON p.item_id = i.id
        JOIN valued_first f ON f.item_id = i.id
        WHERE i.entity_id = %(entity)s
    ),
    {_SHARED}
"""  # noqa: S608 - kinds come with the program
