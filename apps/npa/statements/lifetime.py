"""`lifetime.lifetime_pd` as SQL, for loans in stage 2 with a PD over twelve months. Pure."""

from apps.npa.lifetime import BITS, MOST_YEARS, PD_DIGITS, STEP_DIGITS, YEAR
from apps.npa.statements.words import APART

# Gives a quotient digits enough to be rounded right.
_MANY = f"1.{'0' * 26}"


def _step(value: str) -> str:
    return f"round({value}, {STEP_DIGITS})"


def _powers() -> str:
    """Return a subquery of `w`, `years` and the rest, with `power`: w to so many years."""
    inner = f"SELECT *, w AS square, 1::numeric AS power FROM begun {APART}"  # noqa: S608
    for bit in range(BITS):
        inner = f"""
            SELECT pd, rate, years, rest, w, {_step("square * square")} AS square,
                CASE WHEN years & {2**bit} <> 0 THEN {_step("power * square")} ELSE power END
                    AS power
            FROM ({inner}) b{bit} {APART}
        """  # noqa: S608 - the parts are ours
    return inner


def lifetime(of: str) -> str:
    """Return a subquery of one row, `lifetime`, for a row of the relation `of`; else of none.

    The row has the columns `stage`, `pd_12_months`, `months_left` and `annual_rate`.
    """
    return f"""
    WITH begun AS (
        SELECT pd, rate, LEAST(months / {YEAR}, {MOST_YEARS}) AS years, months %% {YEAR} AS rest,
            {_step(f"(1 - pd) * {_MANY} / (1 + rate)")} AS w
        FROM (SELECT {of}.pd_12_months AS pd, {of}.months_left AS months,
            {of}.annual_rate AS rate) given
        WHERE {of}.stage = 2 AND {of}.pd_12_months IS NOT NULL AND {of}.months_left IS NOT NULL
    )
    SELECT LEAST(1, GREATEST(pd, round(
        {_step(f"pd * added * {_MANY} / (1 + rate / 2)")}
        + {_step(f"power * pd * rest * {_MANY} / ({YEAR} + rate * rest / 2)")}, {PD_DIGITS}
    ))) AS lifetime
    FROM (
        SELECT p.*, CASE WHEN w = 1 THEN years
            ELSE {_step(f"(1 - power) * {_MANY} / (1 - w)")} END AS added
        FROM ({_powers()}) p {APART}
    ) s
    """  # noqa: S608 - the parts are ours
