"""Who took part in a decision, as SQL: one text for the triggers and for the lists of people.

Whoever took or submitted the application, held or judged its case, decided or signed, asked for or
answered an exception, or was on record in the case with one of these steps, does not answer an
appeal against the outcome. Claims that ended stand in the audit trail only. Who made a link to the
applicant's own pages held it and may have asked by it; what the link is for is not told apart.
"""

PART_VERBS = (
    "applications.submitted",
    "applications.reopened",
    "decisions.approved",
    "decisions.declined",
    "decisions.case_claimed",
    "decisions.case_assigned",
    "decisions.verdict_given",
    "decisions.verdict_taken_back",
    "decisions.countersigned",
    "decisions.countersign_refused",
    "decisions.reopened",
    "decisions.override_asked",
    "decisions.override_authorised",
    "decisions.override_refused",
    "portal.link_issued",
)
_VERBS = ", ".join(f"'{verb}'" for verb in PART_VERBS)


def took_part(person: str, application: str, *, before: str) -> str:
    """Return the SQL condition that a person took part in an application before a moment.

    The arguments are SQL expressions. Steps of the audit trail count up to the moment: what is
    done because of the appeal itself comes after it.
    """
    return f"""(
        EXISTS (
            SELECT 1 FROM applications_application a WHERE a.id = {application}
                AND {person} IN (a.submitted_by_id, a.taken_by_id)
        )
        OR EXISTS (
            SELECT 1 FROM decisions_decision d WHERE d.application_id = {application}
                AND d.decided_at < {before}
                AND {person} IN (d.submitted_by_id, d.decided_by_id, d.countersigned_by_id)
        )
        OR EXISTS (
            SELECT 1 FROM decisions_reviewcase c WHERE c.application_id = {application}
                AND c.opened_at < {before}
                AND {person} IN (c.claimed_by_id, c.verdict_by_id)
        )
        OR EXISTS (
            SELECT 1 FROM decisions_override o WHERE o.application_id = {application}
                AND {person} IN (o.requested_by_id, o.answered_by_id)
        )
        OR EXISTS (
            SELECT 1 FROM audit_event e
            WHERE e."case" = 'applications.application:' || {application}::text
                AND e."case" <> ''
                AND e.actor = 'accounts.user:' || {person}::text
                AND e.occurred_at < {before} AND e.verb IN ({_VERBS})
        )
    )"""  # noqa: S608 - the names are ours


INDEPENDENT = f"""
    IF NEW.reviewer_id IS NOT NULL AND NEW.reviewer_id IS DISTINCT FROM OLD.reviewer_id AND
        {took_part("NEW.reviewer_id", "NEW.application_id", before="NEW.received_at")} THEN
        RAISE EXCEPTION 'appeals_appeal_independent: who took part in the decision does not answer'
            ' the appeal' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.second_by_id IS NOT NULL AND NEW.second_by_id IS DISTINCT FROM OLD.second_by_id AND
        {took_part("NEW.second_by_id", "NEW.application_id", before="NEW.received_at")} THEN
        RAISE EXCEPTION 'appeals_appeal_independent: who took part in the decision does not sign'
            ' the answer to the appeal' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# A decision that follows an appeal is made by who holds the appeal, and by nobody else.
ONLY_ON_APPEAL = """
    IF EXISTS (
        SELECT 1 FROM decisions_decision r
        WHERE r.application_id = NEW.application_id AND r.number = NEW.number - 1
            AND r.outcome = 'refer' AND r.failure = 'appealed'
    ) AND NOT EXISTS (
        SELECT 1 FROM appeals_appeal p
        WHERE p.application_id = NEW.application_id
            AND p.status IN ('assigned', 'awaiting_second')
            AND p.reviewer_id = NEW.decided_by_id
            AND (NEW.countersigned_by_id IS NULL OR NEW.countersigned_by_id <> p.reviewer_id)
    ) THEN
        RAISE EXCEPTION 'appeals_decision_on_appeal: only who holds the appeal decides it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# What is appealed against was not given as it was asked for: a decline, or less than asked.
AGAINST_A_DECISION = """
    IF NOT EXISTS (
        SELECT 1 FROM decisions_decision d
        JOIN applications_application a ON a.id = d.application_id
        WHERE d.id = NEW.decision_id AND d.application_id = NEW.application_id
            AND (d.outcome = 'decline' OR d.outcome = 'approve' AND
                (d.amount, d.term_months) IS DISTINCT FROM (a.amount, a.term_months))
    ) THEN
        RAISE EXCEPTION 'appeals_appeal_against: an appeal is against a decline or an offer of less'
            ' than was asked for' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
