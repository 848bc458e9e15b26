"""The sums over the snapshots of a day, set-based: by class, and who is largest.

Read by the pages that show months, and measured against thresholds. What is no longer on the books
- repaid, written off - has a last snapshot without amounts, and counts for nothing here.
"""

from datetime import date
from typing import Any

from django.db import connection

from apps.accounts.models import Entity
from apps.npa import grading
from apps.npa.measures import PAR_DAYS, Largest, Measure, Totals
from apps.npa.models import PortfolioDay

_SUM = """
    INSERT INTO npa_portfolioday (
        entity_id, day, branch_id, currency, asset_class, bucket, is_restructured, loans,
        principal, interest, charges, suspended, secured, unsecured, provision, reserve,
        npa_loans, npa_principal, npa_provision, over_30
    )
    SELECT entity_id, day, branch_id, currency, asset_class, bucket,
        position(%(restructured)s IN flags) > 0, count(*),
        sum(principal), sum(interest_due + interest_earned), sum(charges_due),
        sum(interest_suspended + fees_suspended + penal_suspended),
        sum(secured), sum(unsecured), sum(provision), sum(reserve),
        count(*) FILTER (WHERE npa_date IS NOT NULL),
        coalesce(sum(principal) FILTER (WHERE npa_date IS NOT NULL), 0),
        coalesce(sum(provision) FILTER (WHERE npa_date IS NOT NULL), 0),
        coalesce(sum(principal) FILTER (WHERE dpd_ifrs > %(par)s), 0)
    FROM npa_loanday
    WHERE day = %(day)s AND entity_id = %(entity)s AND NOT asset_class = ANY(%(gone)s)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
# Only those who owe the most are looked up, and put in order where they are several.
_BORROWER = """
    WITH owed AS MATERIALIZED (
        SELECT currency, customer_id, sum(principal) AS principal FROM npa_loanday
        WHERE day = %(day)s AND entity_id = %(entity)s GROUP BY 1, 2
    )
    SELECT currency, min(c.number), principal
    FROM owed JOIN (SELECT currency, max(principal) AS principal FROM owed GROUP BY 1) most
        USING (currency, principal)
    JOIN customers_customer c ON c.id = owed.customer_id
    GROUP BY currency, principal
"""
_SECTOR = """
    SELECT DISTINCT ON (currency) currency, purpose, principal FROM (
        SELECT d.currency, a.purpose, sum(d.principal) AS principal FROM npa_loanday d
        JOIN loans_loan l ON l.id = d.loan_id
        JOIN applications_application a ON a.id = l.application_id
        WHERE d.day = %(day)s AND d.entity_id = %(entity)s GROUP BY 1, 2
    ) lent ORDER BY currency, principal DESC, purpose
"""
_BRANCH = """
    SELECT DISTINCT ON (currency) currency, b.code, principal FROM (
        SELECT currency, branch_id, sum(principal) AS principal FROM npa_portfolioday
        WHERE day = %(day)s AND entity_id = %(entity)s GROUP BY 1, 2
    ) lent JOIN accounts_branch b ON b.id = lent.branch_id
    ORDER BY currency, principal DESC, b.code
"""
_LARGEST = {
    Measure.LARGEST_BORROWER: _BORROWER,
    Measure.LARGEST_SECTOR: _SECTOR,
    Measure.LARGEST_BRANCH: _BRANCH,
}


def write_sums(entity: Entity, day: date) -> int:
    """Write the sums of a day in place of those that were there; return how many rows."""
    PortfolioDay.objects.filter(entity=entity, day=day).delete()
    values: dict[str, Any] = {
        "entity": entity.pk,
        "day": day,
        "par": PAR_DAYS,
        "gone": list(grading.GONE),
        "restructured": grading.RESTRUCTURED,
    }
    with connection.cursor() as cursor:
        # For this and for who is largest: a million rows are joined in memory, not on disk.
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(_SUM, values)
        return int(cursor.rowcount)


def totals(rows: Any) -> dict[str, Totals]:
    """Return what some sums come to, by currency."""
    found: dict[str, Totals] = {}
    for row in rows:
        before = found.get(row.currency, Totals())
        found[row.currency] = Totals(
            loans=before.loans + row.loans,
            principal=before.principal + row.principal,
            npa_loans=before.npa_loans + row.npa_loans,
            npa_principal=before.npa_principal + row.npa_principal,
            npa_provision=before.npa_provision + row.npa_provision,
            over_30=before.over_30 + row.over_30,
        )
    return found


def largest(entity: Entity, day: date) -> dict[str, dict[Measure, Largest]]:
    """Return the largest borrower, sector and branch of a day, by currency."""
    found: dict[str, dict[Measure, Largest]] = {}
    with connection.cursor() as cursor:
        for measure, statement in _LARGEST.items():
            cursor.execute(statement, {"entity": entity.pk, "day": day})
            for currency, name, principal in cursor.fetchall():
                found.setdefault(currency, {})[measure] = Largest(name, principal)
    return found
