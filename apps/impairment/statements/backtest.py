"""What became of the loans that a run measured: defaults of the year after. Pure: SQL text.

Values are `run`, `entity`, `days` (the end of the month of the run and those after it), `until`
(the last day of the year), `branches`, `products` (None: all) and `currency`; of `CASES` also `day`
(that of the run), `months` and `followed` (the last day of default of which it is known what came
back).
"""

from apps.impairment.statements import words
from apps.impairment.statements.history import CAME_BACK, DEFAULTED, RECOVERED, SEEN

_DEFAULTED = f"""
    WITH {SEEN}, {DEFAULTED}
"""
_MEASURED = """
    r.run_id = %(run)s AND r.stage IN (1, 2) AND r.branch_id = ANY(%(branches)s::uuid[])
    AND (%(products)s::uuid[] IS NULL OR r.product_id = ANY(%(products)s::uuid[]))
    AND r.currency = %(currency)s
"""
# By band: loans, what was expected of them, and how many defaulted.
BANDS = f"""
    {_DEFAULTED}
    SELECT r.band, count(*), avg(r.pd_12), count(d.loan_id)
    FROM impairment_loanloss r LEFT JOIN defaulted d ON d.loan_id = r.loan_id
    WHERE {_MEASURED} GROUP BY r.band ORDER BY r.band
"""  # noqa: S608 - the parts are ours
# Each default: what was expected of it, and what happened; what came back where it is known.
CASES = f"""
    {_DEFAULTED}
    SELECT r.ead, r.annual_rate, r.months_left, r.is_bullet, r.lgd,
        {words.late("r.days_late")}, d.owed, {words.age("d.day", "%(day)s::date")},
        CASE WHEN d.day <= %(followed)s THEN {RECOVERED} END
    FROM impairment_loanloss r JOIN defaulted d ON d.loan_id = r.loan_id
    JOIN loans_loan l ON l.id = d.loan_id
    LEFT JOIN offers_offer o ON o.id = l.offer_id
    {CAME_BACK}
    WHERE {_MEASURED} AND d.owed > 0 ORDER BY d.loan_id
"""  # noqa: S608 - the parts are ours
