"""What became of loans by the ends of months: turns, and how many of a window. Pure: SQL text.

Values of TURNS are `entity`, `rolled`, `since` and `day`; those of OUTCOMES `entity`, `summed`,
`day`, and `since_6` and `since_12`, where the windows began, empty where months are missing.
"""

from apps.portfolio.figures import FLOWS, STOCKS
from apps.portfolio.figures import OUTCOMES as COLUMNS
from apps.portfolio.turns import CURES, DEFAULTS, Turned

_GONE = "('closed', 'written_off')"


def _listed(kinds: tuple[Turned, ...]) -> str:
    return ", ".join(f"'{one}'" for one in kinds)


def _on_books(day: str) -> str:
    return f"""
        SELECT loan_id, branch_id, currency, principal, npa_date IS NOT NULL AS is_bad
        FROM npa_loanday
        WHERE day = {day} AND entity_id = %(entity)s AND asset_class NOT IN {_GONE}
    """  # noqa: S608 - the parts are ours


# A loan that left in between has its last row on the day it left.
TURNS = f"""
    INSERT INTO portfolio_turn (
        rolled_id, entity_id, loan_id, branch_id, product_id, currency, disbursed_date, day, kind,
        principal
    )
    SELECT %(rolled)s, %(entity)s, t.loan_id, t.branch_id, l.product_id, t.currency,
        l.disbursed_date, %(day)s, t.kind, t.principal
    FROM (
        SELECT coalesce(a.loan_id, b.loan_id) AS loan_id,
            coalesce(a.branch_id, b.branch_id) AS branch_id,
            coalesce(a.currency, b.currency) AS currency,
            coalesce(a.principal, b.principal) AS principal,
            CASE
                WHEN a.is_bad AND b.is_bad IS NOT TRUE THEN '{Turned.DEFAULTED}'
                WHEN NOT a.is_bad AND b.is_bad THEN '{Turned.CURED}'
                WHEN left_as.asset_class = 'written_off' THEN '{Turned.WRITTEN_OFF}'
                WHEN left_as.asset_class = 'closed' AND b.is_bad THEN '{Turned.REPAID}'
            END AS kind
        FROM ({_on_books("%(since)s")}) b
        FULL JOIN ({_on_books("%(day)s")}) a ON a.loan_id = b.loan_id
        LEFT JOIN LATERAL (
            SELECT g.asset_class FROM npa_loanday g
            WHERE a.loan_id IS NULL AND g.loan_id = b.loan_id AND g.day > %(since)s
                AND g.day <= %(day)s AND g.asset_class IN {_GONE}
            ORDER BY g.day DESC LIMIT 1
        ) left_as ON TRUE
    ) t
    JOIN loans_loan l ON l.id = t.loan_id
    WHERE t.kind IS NOT NULL
"""  # noqa: S608 - the parts are ours


def _part(source: str, **columns: str) -> str:
    """Return a query of the outcomes that a source says, and zero for all others."""
    values = ", ".join(f"{columns.get(name, '0')} AS {name}" for name in COLUMNS)
    return f"SELECT branch_id, product_id, currency, {values} FROM ({source}) one"  # noqa: S608


def _stood(since: str) -> str:
    """Return how many loans were on the books where a window began, and did not perform."""
    return f"""
        SELECT d.branch_id, d.product_id, d.currency, d.loans, d.npa_loans
        FROM portfolio_summedday s JOIN portfolio_daytotal d ON d.summed_id = s.id
        WHERE s.entity_id = %(entity)s AND s.day = {since}::date
    """  # noqa: S608 - the parts are ours


def _turned(since: str, kinds: tuple[Turned, ...], *, was_bad: bool) -> str:
    """Return the loans, as they stood where a window began, that turned within it."""
    return f"""
        SELECT d.branch_id, l.product_id, d.currency
        FROM npa_loanday d JOIN loans_loan l ON l.id = d.loan_id
        WHERE d.day = {since}::date AND d.entity_id = %(entity)s AND d.asset_class NOT IN {_GONE}
            AND d.npa_date IS {"NOT NULL" if was_bad else "NULL"}
            AND d.loan_id IN (
                SELECT loan_id FROM portfolio_turn
                WHERE entity_id = %(entity)s AND day > {since}::date AND day <= %(day)s
                    AND kind IN ({_listed(kinds)})
            )
    """  # noqa: S608 - the parts are ours


# Each loan that came to perform again, at the first time.
_BACK = f"""
    SELECT DISTINCT ON (t.loan_id) t.branch_id, t.product_id, t.currency,
        EXISTS (
            SELECT FROM portfolio_turn o
            WHERE o.loan_id = t.loan_id AND o.day > t.day AND o.day <= %(day)s
                AND o.kind IN ({_listed(DEFAULTS)})
        )::int AS stopped
    FROM portfolio_turn t
    WHERE t.entity_id = %(entity)s AND t.day > %(since_12)s::date AND t.day <= %(day)s
        AND t.kind = '{Turned.CURED}'
    ORDER BY t.loan_id, t.day
"""  # noqa: S608 - the parts are ours
_PARTS = (
    _part(_stood("%(since_6)s"), performed_6="loans - npa_loans"),
    _part(_turned("%(since_6)s", DEFAULTS, was_bad=False), defaulted_6="1"),
    _part(_stood("%(since_12)s"), performed_12="loans - npa_loans", impaired_12="npa_loans"),
    _part(_turned("%(since_12)s", DEFAULTS, was_bad=False), defaulted_12="1"),
    _part(_turned("%(since_12)s", CURES, was_bad=True), cured_12="1"),
    _part(_BACK, back_12="1", again_12="stopped"),
)
CLEARED = f"""
    UPDATE portfolio_daytotal SET {", ".join(f"{name} = 0" for name in COLUMNS)}
    WHERE summed_id = %(summed)s
"""  # noqa: S608 - the parts are ours


_NAMES = ", ".join(COLUMNS)
_OTHERS = (*STOCKS, *FLOWS)
# A branch and product of which nothing is on the books any more has a row of outcomes alone.
OUTCOMES = f"""
    INSERT INTO portfolio_daytotal (
        summed_id, branch_id, product_id, currency, {_NAMES}, {", ".join(_OTHERS)}
    )
    SELECT %(summed)s, branch_id, product_id, currency,
        {", ".join(f"sum({name})" for name in COLUMNS)}, {", ".join("0" for _name in _OTHERS)}
    FROM ({" UNION ALL ".join(_PARTS)}) x
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (summed_id, branch_id, product_id, currency) DO UPDATE
    SET ({_NAMES}) = ({", ".join(f"excluded.{name}" for name in COLUMNS)})
"""  # noqa: S608 - the parts are ours
