"""What the database itself checks of the ledger, as SQL.

The service, a shell and a statement typed by hand all meet the same triggers. They look at all
rows of a statement at once, so that 100,000 entries by COPY cost little more than without them.

Why nothing can be added to an entry later: its lines are numbered from 1 without a gap within one
statement, so a second statement meets the primary key; and an entry without lines never commits.
Most are written by one statement with their lines; what is not waits in a row for the commit, which
looks at all of them at once.
"""

# Postings share it, a closing holds it alone: nothing slips into a day while it is being closed.
# The first number is arbitrary and ours ("LEDG").
CLOSING_LOCK = 1279607879

ENTRIES_FIT = """
    PERFORM FROM (SELECT DISTINCT branch_id FROM written) w JOIN accounts_branch b
        ON b.id = w.branch_id ORDER BY b.id FOR KEY SHARE OF b;
    SELECT w.branch_id INTO culprit FROM (SELECT DISTINCT branch_id FROM written) w
    WHERE NOT EXISTS (SELECT FROM accounts_branch b WHERE b.id = w.branch_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_entry_branch_known: there is no branch %', culprit
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_entry_branch_known';
    END IF;
    FOR entity IN
        SELECT DISTINCT b.entity_id FROM written w JOIN accounts_branch b ON b.id = w.branch_id
        ORDER BY 1
    LOOP
        PERFORM pg_advisory_xact_lock_shared($LOCK, hashtext(entity::text));
    END LOOP;
    SELECT w.reference INTO culprit FROM (
        SELECT branch_id, day, min(reference) AS reference FROM written GROUP BY branch_id, day
    ) w JOIN accounts_branch b ON b.id = w.branch_id
    WHERE w.day <= (
        SELECT c.day FROM ledger_closing c WHERE c.entity_id = b.entity_id
        ORDER BY c.day DESC LIMIT 1
    )
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_entry_day_open: % falls into closed days', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_day_open';
    END IF;
    SELECT w.reference INTO culprit FROM written w WHERE w.loan_id IS NOT NULL AND (
        EXISTS (SELECT FROM ledger_entry e WHERE e.loan_id = w.loan_id AND e.currency < w.currency)
        OR EXISTS (
            SELECT FROM ledger_entry e WHERE e.loan_id = w.loan_id AND e.currency > w.currency
        )
    )
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_entry_loan_currency: the loan of % is in another currency', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_loan_currency';
    END IF;
    SELECT w.reference INTO culprit FROM written w JOIN ledger_entry o ON o.id = w.reverses_id
    WHERE o.reverses_id IS NOT NULL OR w.day < o.day
        OR (w.branch_id, w.currency, w.loan_id, w.customer_id)
            IS DISTINCT FROM (o.branch_id, o.currency, o.loan_id, o.customer_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_entry_true_reversal: % takes back what it cannot', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_true_reversal';
    END IF;
    INSERT INTO ledger_awaited (entries)
    SELECT array_agg(w.id) FROM written w
    WHERE (SELECT l.number FROM ledger_line l WHERE l.entry_id = w.id AND l.number = 1) IS NULL
    HAVING count(*) > 0;
    RETURN NULL;
""".replace("$LOCK", str(CLOSING_LOCK))

LINES_FIT = """
    SELECT entry_id INTO culprit FROM written GROUP BY entry_id
    HAVING sum(debit) <> sum(credit) OR count(*) < 2 OR min(number) <> 1
        OR max(number) <> count(*)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_line_balanced: entry % does not balance, or is not whole', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_line_balanced';
    END IF;
    SELECT min(w.entry_id) FILTER (WHERE e.id IS NULL OR (w.day, w.branch_id, w.currency, w.loan_id)
            IS DISTINCT FROM (e.day, e.branch_id, e.currency, e.loan_id)),
        bool_or(e.reverses_id IS NOT NULL)
    INTO culprit, reverses
    FROM written w LEFT JOIN ledger_entry e ON e.id = w.entry_id;
    IF culprit IS NOT NULL THEN
        RAISE EXCEPTION 'ledger_line_of_its_entry: a line says otherwise than entry %', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_line_of_its_entry';
    END IF;
    IF NOT COALESCE(reverses, FALSE) THEN
        RETURN NULL;
    END IF;
    SELECT w.entry_id INTO culprit FROM written w
    JOIN ledger_entry e ON e.id = w.entry_id AND e.reverses_id IS NOT NULL
    LEFT JOIN ledger_line o ON o.entry_id = e.reverses_id AND o.number = w.number
    GROUP BY w.entry_id, e.reverses_id
    HAVING NOT bool_and(
            (w.account, w.debit, w.credit) IS NOT DISTINCT FROM (o.account, o.credit, o.debit)
        )
        OR count(*) <> (SELECT count(*) FROM ledger_line l WHERE l.entry_id = e.reverses_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_line_mirrors: entry % is no mirror of what it reverses', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_line_mirrors';
    END IF;
    RETURN NULL;
"""

# At commit, once for all entries of a statement that ended without their lines.
HAVE_LINES = """
    SELECT one INTO culprit FROM unnest(NEW.entries) AS one
    WHERE (SELECT number FROM ledger_line WHERE entry_id = one AND number = 1) IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger_entry_has_lines: entry % has no lines', culprit
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_has_lines';
    END IF;
    DELETE FROM ledger_awaited WHERE id = NEW.id;
    RETURN NULL;
"""

CLOSED_IN_ORDER = """
    PERFORM pg_advisory_xact_lock($LOCK, hashtext(NEW.entity_id::text));
    IF EXISTS (
        SELECT 1 FROM ledger_closing c WHERE c.entity_id = NEW.entity_id AND c.day >= NEW.day
    ) THEN
        RAISE EXCEPTION 'ledger_closing_in_order: this day was closed before'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_closing_in_order';
    END IF;
    RETURN NEW;
""".replace("$LOCK", str(CLOSING_LOCK))
