"""The statements by which the early signals of a lender's whole book are found and written. Pure.

What each signal means stands in `warning`. Parameters are the lender, the day, the classes of loans
that are gone, the kinds of events that bring money, and the lender's numbers by their codes.
Snapshots of days lie in a table for each month: each join with them names the days it can need, or
every month there ever was would be read.
"""

FIND = """
CREATE TEMPORARY TABLE collections_found ON COMMIT DROP AS
WITH live AS MATERIALIZED (
    SELECT loan_id, customer_id, dpd_ifrs FROM npa_loanday
    WHERE entity_id = %(entity)s AND day = %(day)s AND asset_class <> ALL(%(gone)s)
), dues AS MATERIALIZED (
    SELECT one.loan_id, one.due_date, one.principal + one.interest + one.fee AS amount
    FROM loans_instalment one JOIN live USING (loan_id)
    WHERE one.in_force AND one.due_date <= %(day)s
), placed AS (
    SELECT loan_id, due_date,
        row_number() OVER (PARTITION BY loan_id ORDER BY due_date DESC) AS place
    FROM dues WHERE due_date + %(late_days)s <= %(day)s
), asked AS MATERIALIZED (
    SELECT loan_id, due_date + %(late_days)s AS day FROM placed WHERE place <= %(late_in_a_row)s
), came AS MATERIALIZED (
    SELECT one.loan_id, one.day, sum(one.amount) AS amount
    FROM repayments_accountevent one JOIN live USING (loan_id)
    WHERE one.status = 'live' AND one.kind = ANY(%(money)s) AND one.day <= %(day)s
        AND one.day > %(day)s - greatest(2 * %(falling_days)s, %(partial_within)s)
    GROUP BY one.loan_id, one.day
), shares AS (
    SELECT loan_id,
        sum(amount) FILTER (WHERE is_due AND is_now) AS due,
        sum(amount) FILTER (WHERE is_due AND NOT is_now) AS due_before,
        coalesce(sum(amount) FILTER (WHERE NOT is_due AND is_now), 0) AS paid,
        coalesce(sum(amount) FILTER (WHERE NOT is_due AND NOT is_now), 0) AS paid_before
    FROM (
        SELECT loan_id, amount, TRUE AS is_due, due_date > %(day)s - %(falling_days)s AS is_now
        FROM dues WHERE due_date > %(day)s - 2 * %(falling_days)s
        UNION ALL
        SELECT loan_id, amount, FALSE, day > %(day)s - %(falling_days)s
        FROM came WHERE day > %(day)s - 2 * %(falling_days)s
    ) AS moved
    GROUP BY loan_id
), points AS (
    SELECT loan_id, floor(
        100 * (least(paid_before, due_before) * due - least(paid, due) * due_before)
        / (due * due_before)
    )::integer AS fallen
    FROM shares WHERE due > 0 AND due_before > 0
), reports AS (
    SELECT DISTINCT ON (one.customer_id)
        one.customer_id, one.bureau, one.pulled_date, one.enquiries_6m, one.delinquencies_24m
    FROM customers_bureaureport one
    WHERE one.customer_id IN (SELECT customer_id FROM live) AND one.pulled_date <= %(day)s
    ORDER BY one.customer_id, one.pulled_date DESC, one.created_at DESC
), compared AS (
    SELECT last.customer_id,
        last.enquiries_6m - prior.enquiries_6m AS enquiries,
        last.delinquencies_24m - prior.delinquencies_24m AS delinquencies
    FROM reports last CROSS JOIN LATERAL (
        SELECT one.enquiries_6m, one.delinquencies_24m FROM customers_bureaureport one
        WHERE one.customer_id = last.customer_id AND one.bureau = last.bureau
            AND one.pulled_date < last.pulled_date
        ORDER BY one.pulled_date DESC, one.created_at DESC LIMIT 1
    ) prior
    WHERE last.pulled_date > %(day)s - %(enquiries_within)s
)
SELECT asked.loan_id, 'late_in_a_row' AS code, %(late_in_a_row)s::integer AS value
FROM asked LEFT JOIN npa_loanday seen
    ON seen.loan_id = asked.loan_id AND seen.day = asked.day
    AND seen.day BETWEEN (SELECT min(day) FROM asked) AND %(day)s
GROUP BY asked.loan_id
HAVING count(*) = %(late_in_a_row)s
    AND bool_and(coalesce(seen.dpd_ifrs, 0) >= %(late_days)s)
UNION ALL
SELECT loan_id, 'broken_promise', count(*)::integer
FROM repayments_promise JOIN live USING (loan_id)
WHERE status = 'broken' AND promised_date <= %(day)s
    AND promised_date > %(day)s - %(broken_within)s
GROUP BY loan_id
UNION ALL
SELECT came.loan_id, 'partial_payments', count(*)::integer
FROM came JOIN npa_loanday seen ON seen.loan_id = came.loan_id AND seen.day = came.day
    AND seen.day BETWEEN %(day)s - %(partial_within)s + 1 AND %(day)s
WHERE seen.dpd_ifrs > 0 AND came.day > %(day)s - %(partial_within)s
GROUP BY came.loan_id HAVING count(*) >= %(partial_payments)s
UNION ALL
SELECT loan_id, 'falling_share', fallen FROM points WHERE fallen >= %(falling_points)s
UNION ALL
SELECT loan_id, 'enquiries', compared.enquiries
FROM compared JOIN live USING (customer_id) WHERE compared.enquiries >= %(enquiries)s
UNION ALL
SELECT loan_id, 'delinquencies', compared.delinquencies
FROM compared JOIN live USING (customer_id) WHERE compared.delinquencies >= 1
UNION ALL
SELECT live.loan_id, 'job_lost', count(*)::integer
FROM collections_contact said JOIN live USING (customer_id)
WHERE said.outcome = 'job_lost' AND said.made_on <= %(day)s
    AND said.made_on > %(day)s - %(job_lost_within)s
GROUP BY live.loan_id
UNION ALL
SELECT live.loan_id, 'sibling', max(other.dpd_ifrs)::integer
FROM live JOIN live other
    ON other.customer_id = live.customer_id AND other.loan_id <> live.loan_id
WHERE other.dpd_ifrs >= %(sibling_days)s
GROUP BY live.loan_id
"""

ENDED = """
UPDATE collections_earlysignal standing SET ended_on = %(day)s
WHERE standing.entity_id = %(entity)s AND standing.ended_on IS NULL AND NOT EXISTS (
    SELECT 1 FROM collections_found found
    WHERE found.loan_id = standing.loan_id AND found.code = standing.code
)
"""

CHANGED = """
UPDATE collections_earlysignal standing SET value = found.value
FROM collections_found found
WHERE standing.loan_id = found.loan_id AND standing.code = found.code
    AND standing.ended_on IS NULL AND standing.value <> found.value
"""

BEGUN = """
INSERT INTO collections_earlysignal (entity_id, loan_id, code, value, began_on)
SELECT %(entity)s, found.loan_id, found.code, found.value, %(day)s
FROM collections_found found WHERE NOT EXISTS (
    SELECT 1 FROM collections_earlysignal standing
    WHERE standing.loan_id = found.loan_id AND standing.code = found.code
        AND standing.ended_on IS NULL
)
"""
