"""Add up what a lender's portfolio came to day by day. Pure: SQL text.

Values are `entity`, `days` (a list, of one month), `month` (its first day), `zone` of the lender,
and `first` and `last` of the days as moments. Snapshots and instalments are gone through once for
all days together.
"""

from collections.abc import Iterable, Mapping

from apps.portfolio.bands import in_sql
from apps.portfolio.figures import FLOWS, MONEY, OUTCOMES, PAR_DAYS, STOCKS, Movement

_GONE = "('closed', 'written_off')"
_DAY = "s.entity_id = %(entity)s AND s.day = ANY(%(days)s)"
_OVER = "".join(
    f", coalesce(sum(d.principal) FILTER (WHERE d.dpd_ifrs > {days}), 0)" for days in PAR_DAYS
)
BANDS = f"""
    INSERT INTO portfolio_dayband (
        summed_id, branch_id, product_id, currency, asset_class, band, {", ".join(STOCKS)}
    )
    SELECT s.id, d.branch_id, l.product_id, d.currency, d.asset_class, {in_sql("d.dpd_ifrs")},
        count(*), sum(d.principal), sum(d.provision),
        count(*) FILTER (WHERE d.npa_date IS NOT NULL),
        coalesce(sum(d.principal) FILTER (WHERE d.npa_date IS NOT NULL), 0),
        coalesce(sum(d.provision) FILTER (WHERE d.npa_date IS NOT NULL), 0)
        {_OVER}
    FROM portfolio_summedday s
    JOIN npa_loanday d ON d.day = s.day AND d.entity_id = s.entity_id
    JOIN loans_loan l ON l.id = d.loan_id
    WHERE {_DAY} AND d.day = ANY(%(days)s) AND d.asset_class NOT IN {_GONE}
    GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - the parts are ours

_PLACE = ("day", "branch_id", "product_id", "currency")


def _of(columns: Mapping[str, str], source: str) -> str:
    """Return a query of the flows that a source says, and zero for all others."""
    values = ", ".join(f"coalesce({columns.get(name, '0')}, 0) AS {name}" for name in FLOWS)
    return f"SELECT {', '.join(_PLACE)}, {values} FROM ({source}) one GROUP BY 1, 2, 3, 4"  # noqa: S608


def _sum(side: str, *, where: str) -> str:
    return f"sum({side}) FILTER (WHERE {where})"


def _are(movement: Movement) -> str:
    """Return the condition of the lines a sum of money is made of."""
    accounts = ", ".join(f"'{one}'" for one in movement.accounts)
    event = "" if movement.event is None else f" AND event = '{movement.event}'"
    return f"account IN ({accounts}){event}"


_LINES = """
    SELECT n.day, n.branch_id, l.product_id, n.currency, n.account, n.debit, n.credit,
        coalesce(o.event, e.event) AS event
    FROM ledger_line n
    JOIN accounts_branch b ON b.id = n.branch_id AND b.entity_id = %(entity)s
    JOIN ledger_entry e ON e.id = n.entry_id
    LEFT JOIN ledger_entry o ON o.id = e.reverses_id
    JOIN loans_loan l ON l.id = n.loan_id
    WHERE n.day = ANY(%(days)s)
"""
_MONEY = _of(
    {
        name: _sum("debit - credit" if one.is_debit else "credit - debit", where=_are(one))
        for name, one in MONEY.items()
    },
    f"SELECT * FROM ({_LINES}) line WHERE {' OR '.join(_are(one) for one in MONEY.values())}",  # noqa: S608
)
# Of the schedule that was in force as their due date ended, whatever took its place since: so a
# change of schedule leaves alone what fell due before it.
_BEGAN = "(v.starts_on IS NULL OR v.starts_on <= {0}.due_date)"
_FELL_DUE = f"""
    SELECT i.id, i.loan_id, i.due_date, i.principal + i.interest + i.fee AS due
    FROM loans_instalment i JOIN loans_scheduleversion v ON v.id = i.schedule_id
    WHERE i.in_force AND i.due_date = ANY(%(days)s) AND {_BEGAN.format("i")}
    UNION ALL
    SELECT i.id, i.loan_id, i.due_date, i.principal + i.interest + i.fee
    FROM loans_scheduleversion v JOIN loans_instalment i ON i.schedule_id = v.id
    WHERE v.ends_on > %(month)s AND v.ends_on > i.due_date AND NOT i.in_force
        AND i.due_date = ANY(%(days)s) AND {_BEGAN.format("i")}
"""  # noqa: S608 - the parts are ours
# What fell due on the days of loans that were on the books then, or left them that very day.
_DUE = _of(
    {
        "instalments": "count(*)",
        "on_time": "count(*) FILTER (WHERE paid >= due)",
        "paid_share": "sum(round(least(paid / due, 1), 6))",
        "due": "sum(due)",
        "collected": "sum(least(paid, due))",
    },
    f"""
        SELECT i.due_date AS day, d.branch_id, l.product_id, d.currency, i.due, p.paid
        FROM ({_FELL_DUE}) i
        JOIN npa_loanday d ON d.day = i.due_date AND d.loan_id = i.loan_id
            AND d.entity_id = %(entity)s
        JOIN loans_loan l ON l.id = i.loan_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(a.amount), 0) AS paid
            FROM loans_allocation a
            JOIN ledger_entry e ON e.id = a.entry_id
            LEFT JOIN ledger_entry o ON o.id = e.reverses_id
            WHERE a.instalment_id = i.id AND e.day <= i.due_date
                AND coalesce(o.event, e.event) = 'repayment'
        ) p
        WHERE d.day = ANY(%(days)s) AND i.due > 0
    """,  # noqa: S608 - the parts are ours
)
# What came after its due date. Of what fell due in the month only what was counted as due then, and
# beside it: with the branch the loan was in on that day. So no more is collected than was due. What
# is unpaid is carried into another schedule under the same number, and is paid there.
_LATE = _of(
    {"collected": "sum(amount)"},
    f"""
        SELECT e.day, d.branch_id, l.product_id, d.currency, a.amount
        FROM ledger_entry e
        JOIN accounts_branch b ON b.id = e.branch_id AND b.entity_id = %(entity)s
        LEFT JOIN ledger_entry o ON o.id = e.reverses_id
        JOIN loans_allocation a ON a.entry_id = e.id
        JOIN loans_instalment i ON i.id = a.instalment_id AND i.due_date < e.day
            AND i.due_date >= date_trunc('month', e.day)
        JOIN npa_loanday d ON d.day = i.due_date AND d.loan_id = i.loan_id
            AND d.entity_id = %(entity)s AND d.day >= %(month)s
        JOIN loans_loan l ON l.id = i.loan_id
        WHERE e.day = ANY(%(days)s) AND coalesce(o.event, e.event) = 'repayment'
            AND EXISTS (
                SELECT FROM loans_instalment c JOIN loans_scheduleversion v ON v.id = c.schedule_id
                WHERE c.loan_id = i.loan_id AND c.number = i.number AND c.due_date = i.due_date
                    AND (c.in_force OR v.ends_on > c.due_date) AND {_BEGAN.format("c")}
            )
    """,  # noqa: S608 - the parts are ours
)
_ARREARS = _of(
    {"arrears_collected": "sum(amount)"},
    """
        SELECT e.day, e.branch_id, l.product_id, e.currency, a.amount
        FROM ledger_entry e
        JOIN accounts_branch b ON b.id = e.branch_id AND b.entity_id = %(entity)s
        LEFT JOIN ledger_entry o ON o.id = e.reverses_id
        JOIN loans_allocation a ON a.entry_id = e.id
        JOIN loans_instalment i ON i.id = a.instalment_id
            AND i.due_date < date_trunc('month', e.day)
        JOIN loans_loan l ON l.id = i.loan_id
        WHERE e.day = ANY(%(days)s) AND coalesce(o.event, e.event) = 'repayment'
    """,
)
_DECISIONS = _of(
    {
        "approved": "count(*) FILTER (WHERE outcome = 'approve')",
        "declined": "count(*) FILTER (WHERE outcome = 'decline')",
    },
    """
        SELECT (c.decided_at AT TIME ZONE %(zone)s)::date AS day, a.branch_id, a.product_id,
            a.currency, c.outcome
        FROM decisions_decision c
        JOIN applications_application a ON a.id = c.application_id
        JOIN accounts_branch b ON b.id = a.branch_id AND b.entity_id = %(entity)s
        WHERE c.decided_at >= %(first)s AND c.decided_at < %(last)s
            AND (c.decided_at AT TIME ZONE %(zone)s)::date = ANY(%(days)s)
            AND c.outcome IN ('approve', 'decline')
    """,
)
_OUTSTANDING = _of(
    {"principal_days": "sum(principal)"},
    f"""
        SELECT s.day, d.branch_id, d.product_id, d.currency, d.principal
        FROM portfolio_summedday s JOIN portfolio_dayband d ON d.summed_id = s.id WHERE {_DAY}
    """,  # noqa: S608 - the parts are ours
)
_SOURCES = (_MONEY, _DUE, _LATE, _ARREARS, _DECISIONS, _OUTSTANDING)


def _summed(names: Iterable[str]) -> str:
    return ", ".join(f"sum(x.{name})" for name in names)


FLOWS_OF_DAYS = f"""
    INSERT INTO portfolio_dayflow (summed_id, branch_id, product_id, currency, {", ".join(FLOWS)})
    SELECT s.id, x.branch_id, x.product_id, x.currency, {_summed(FLOWS)}
    FROM ({" UNION ALL ".join(_SOURCES)}) x
    JOIN portfolio_summedday s ON s.day = x.day AND {_DAY}
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - the parts are ours

# What is on the books, and what happened since the first of the month as far as it is added up.
# Outcomes follow once all days are added up.
TOTALS = f"""
    INSERT INTO portfolio_daytotal (
        summed_id, branch_id, product_id, currency, {", ".join((*STOCKS, *FLOWS, *OUTCOMES))}
    )
    SELECT s.id, x.branch_id, x.product_id, x.currency, {_summed((*STOCKS, *FLOWS))},
        {", ".join("0" for _name in OUTCOMES)}
    FROM portfolio_summedday s
    CROSS JOIN LATERAL (
        SELECT branch_id, product_id, currency, {", ".join(STOCKS)},
            {", ".join(f"0 AS {name}" for name in FLOWS)}
        FROM portfolio_dayband WHERE summed_id = s.id
        UNION ALL
        SELECT f.branch_id, f.product_id, f.currency,
            {", ".join("0" for _name in STOCKS)}, {", ".join(f"f.{name}" for name in FLOWS)}
        FROM portfolio_summedday o JOIN portfolio_dayflow f ON f.summed_id = o.id
        WHERE o.entity_id = s.entity_id
            AND o.day BETWEEN date_trunc('month', s.day)::date AND s.day
    ) x
    WHERE {_DAY}
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - the parts are ours
# How many entries the ledger holds for each of some days.
ENTRIES = """
    SELECT e.day, count(*) FROM ledger_entry e
    JOIN accounts_branch b ON b.id = e.branch_id AND b.entity_id = %(entity)s
    WHERE e.day = ANY(%(days)s) GROUP BY 1
"""
