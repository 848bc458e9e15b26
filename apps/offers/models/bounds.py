"""What the database itself checks of an offer, as SQL. Pure.

An offer is made under the latest decision of its application, while that decision approves it, and
stays within what was decided, however it is written; so is its acceptance and its taking up.
"""

from apps.decisions.models.bounds import LATEST, beyond

_DECIDED = LATEST.replace("$ID", "NEW.application_id")
_STANDS = """
    IF decided.outcome IS DISTINCT FROM 'approve' OR decided.status <> 'approved'
        OR decided.decided_at < decided.submitted_at
        OR NEW.decision_id IS DISTINCT FROM (
            SELECT id FROM decisions_decision
            WHERE application_id = NEW.application_id ORDER BY number DESC LIMIT 1
        )
    THEN
        RAISE EXCEPTION '$NAME: no approving decision binds for this offer'
            USING ERRCODE = 'check_violation';
    END IF;
"""

# A counter-offer that was taken up in its time goes on to bind after it, as for loans.
_NOT_TAKEN_UP = beyond("decided.asked_amount", "decided.annual_rate", "decided.asked_term_months")
WITHIN_DECISION = (
    _DECIDED
    + _STANDS.replace("$NAME", "offers_offer_within_decision")
    + f"""
    IF NEW.annual_rate IS DISTINCT FROM decided.annual_rate
        OR NEW.currency IS DISTINCT FROM decided.currency
        OR NEW.principal > decided.asked_amount
        OR (decided.valid_until AT TIME ZONE decided.time_zone)::date < NEW.valid_until
            AND (decided.override_id IS NOT NULL OR decided.is_counter_offer IS FALSE
                OR {_NOT_TAKEN_UP})
        OR {beyond("NEW.principal", "NEW.annual_rate", "NEW.term_months")}
    THEN
        RAISE EXCEPTION 'offers_offer_within_decision: principal, term, rate or time is beyond'
            ' what was decided' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
)

STILL_DECIDED = (
    _DECIDED + _STANDS.replace("$NAME", "offers_offer_still_decided") + "    RETURN NEW;\n"
)
