"""What the database itself checks of a decision and of what is done under it, as SQL.

A page, the API, the admin, a shell and a statement typed by hand all meet the same triggers.
"""

TRUE_SUBMITTER = """
                    IF NEW.submitted_by_id IS DISTINCT FROM (
                        SELECT submitted_by_id FROM applications_application
                        WHERE id = NEW.application_id
                    ) THEN
                        RAISE EXCEPTION 'decisions_decision_true_submitter: the decision names'
                            ' another person than the one who submitted the application'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """

# Whoever takes a policy back holds its row alone; after that no decision rests on it any more.
POLICY_STANDS = """
    PERFORM 1 FROM decisions_policyversion
    WHERE id = NEW.policy_id AND status = 'approved' FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'decisions_decision_policy_stands: no approved policy decides this'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

TRUE_OVERRIDE = """
    IF NOT EXISTS (
        SELECT 1 FROM decisions_override o
        WHERE o.id = NEW.override_id AND o.application_id = NEW.application_id
            AND o.status = 'authorised' AND o.answered_by_id = NEW.decided_by_id
            AND o.expires_at = NEW.valid_until
            AND NEW.amount <= o.amount AND NEW.term_months <= o.term_months
    ) THEN
        RAISE EXCEPTION 'decisions_decision_true_override: no authorised override'
            ' allows this decision' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# After a decline people approve by an authorised exception, or decide a request that was changed.
DECLINE_STANDS = """
    IF EXISTS (
        SELECT 1 FROM applications_application a
        JOIN LATERAL (
            SELECT outcome, decided_at FROM decisions_decision
            WHERE application_id = a.id ORDER BY number DESC LIMIT 1
        ) last ON TRUE
        WHERE a.id = NEW.application_id AND last.outcome = 'decline'
            AND last.decided_at >= a.submitted_at
    ) THEN
        RAISE EXCEPTION 'decisions_decision_decline_stands: what was declined is approved by an'
            ' authorised exception only' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# Whoever is, or declared to be close to, the borrower or somebody who answers for the loan.
# $PEOPLE names the people asked about, $APPLICATION the application.
_CONNECTED = """
    WITH parties AS (
        SELECT customer_id AS id FROM applications_application WHERE id = $APPLICATION
        UNION
        SELECT customer_id FROM applications_guarantor
        WHERE application_id = $APPLICATION AND customer_id IS NOT NULL
        UNION
        SELECT customer_id FROM collateral_coborrower WHERE application_id = $APPLICATION
    )
    SELECT 1 FROM decisions_declaredinterest i
    WHERE i.person_id IN ($PEOPLE) AND i.ended_at IS NULL AND (
        i.customer_id IN (SELECT id FROM parties)
        OR i.index <> '' AND (
            EXISTS (
                SELECT 1 FROM customers_identitynumber n
                WHERE n.index = i.index AND n.customer_id IN (SELECT id FROM parties)
            )
            OR EXISTS (
                SELECT 1 FROM customers_customer c
                WHERE c.id IN (SELECT id FROM parties)
                    AND i.index IN (c.phone_index, c.email_index)
            )
        )
    )
"""


def _connected(people: str) -> str:
    found = _CONNECTED.replace("$APPLICATION", "NEW.application_id")
    return found.replace("$PEOPLE", people)


INDEPENDENT_REVIEW = f"""
    IF EXISTS (
        SELECT 1 FROM applications_application a
        WHERE a.id = NEW.application_id
            AND (NEW.claimed_by_id IN (a.submitted_by_id, a.taken_by_id)
                OR NEW.verdict_by_id IN (a.submitted_by_id, a.taken_by_id))
    ) THEN
        RAISE EXCEPTION 'decisions_case_independent: who submitted an application does not'
            ' review it' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS ({_connected("NEW.claimed_by_id, NEW.verdict_by_id")}) THEN
        RAISE EXCEPTION 'decisions_case_independent: who is connected with the borrower or a'
            ' guarantor does not review the application' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608 - the names are ours

# What a person took up anew after a mistake, another person decides.
INDEPENDENT_DECISION = f"""
    IF EXISTS ({_connected("NEW.decided_by_id, NEW.countersigned_by_id")}) THEN
        RAISE EXCEPTION 'decisions_decision_independent: who is connected with the borrower or a'
            ' guarantor does not decide the application' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM decisions_decision before
        WHERE before.application_id = NEW.application_id AND before.number = NEW.number - 1
            AND before.outcome = 'refer'
            AND before.decided_by_id IN (NEW.decided_by_id, NEW.countersigned_by_id)
    ) THEN
        RAISE EXCEPTION 'decisions_decision_independent: who took the decision up anew does not'
            ' decide it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608 - the names are ours

# What reviewers give as reasons was on the managed list at some time; services ask for the day.
LISTED_CODES = """
    IF EXISTS (
        SELECT 1 FROM unnest(NEW.verdict_codes) AS given(code)
        WHERE NOT EXISTS (
            SELECT 1 FROM decisions_listedreason l
            WHERE l.code = given.code AND l.status IN ('listed', 'ending', 'ended')
                AND (l.verdict = NEW.verdict OR l.verdict = '' AND l.kind = 'override')
        )
    ) THEN
        RAISE EXCEPTION 'decisions_case_listed_codes: the managed list has no such reason for this'
            ' verdict' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# The latest decision on an application beside the application itself; $ID names the latter.
LATEST = """
    SELECT a.status, a.submitted_at, a.amount AS asked_amount, a.term_months AS asked_term_months,
        a.currency, a.customer_id, a.product_id, d.outcome, d.amount, d.term_months, d.annual_rate,
        d.decided_at, d.valid_until, d.override_id, d.is_counter_offer, e.time_zone
    INTO decided
    FROM applications_application a
    JOIN accounts_branch b ON b.id = a.branch_id
    JOIN accounts_entity e ON e.id = b.entity_id
    LEFT JOIN LATERAL (
        SELECT * FROM decisions_decision
        WHERE application_id = a.id ORDER BY number DESC LIMIT 1
    ) d ON TRUE
    WHERE a.id = $ID;
"""


def payment(amount: str, annual_rate: str, term_months: str) -> str:
    """Return the level payment of three SQL expressions, before rounding. Rule book 9.1."""
    growth = f"power(1 + {annual_rate} / 12, {term_months})"
    return (
        f"CASE WHEN {annual_rate} = 0 THEN {amount} / {term_months}"
        f" ELSE {amount} * {annual_rate} / 12 * {growth} / ({growth} - 1) END"
    )


def beyond(amount: str, annual_rate: str, term_months: str) -> str:
    """Return the SQL condition that terms exceed what `decided` allows.

    More money, a longer term, or - since a shorter term makes it dearer - a larger instalment.
    """
    asked = payment(amount, annual_rate, term_months)
    decided = payment("decided.amount", "decided.annual_rate", "decided.term_months")
    return (
        f"({amount} > decided.amount OR {term_months} > decided.term_months"
        f" OR ({asked}) > ({decided}) + 0.005)"
    )


# Between a decision and its reopening the request changes only within what was decided.
KEPT_AS_DECIDED = (
    LATEST.replace("$ID", "OLD.id")
    + f"""
    IF OLD.status = 'declined'
        OR (NEW.annual_rate, NEW.currency, NEW.customer_id, NEW.product_id)
            IS DISTINCT FROM (OLD.annual_rate, OLD.currency, OLD.customer_id, OLD.product_id)
        OR decided.outcome IS DISTINCT FROM 'approve'
        OR {beyond("NEW.amount", "decided.annual_rate", "NEW.term_months")}
    THEN
        RAISE EXCEPTION 'applications_kept_as_decided: amount, term or rate of a decided'
            ' application change only within what was decided; anything else reopens it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
)
