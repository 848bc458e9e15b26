"""What the database itself checks of payments, as SQL. Pure.

Whoever writes a payment holds its loan's row until the transaction ends, so that two at once
cannot each believe the loan to be unpaid.
"""

WITHIN_LOAN = """
    SELECT principal - given_up AS principal, currency, status INTO lent FROM loans_loan
    WHERE id = NEW.loan_id FOR NO KEY UPDATE;
    IF NEW.status NOT IN ('requested', 'approved', 'instructed', 'paid') THEN
        RETURN NEW;
    END IF;
    IF NEW.currency IS DISTINCT FROM lent.currency OR lent.status NOT IN ('opened', 'active') THEN
        RAISE EXCEPTION 'loans_disbursement_within_loan: the loan is in another currency or state'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.amount + COALESCE((
        SELECT sum(amount) FROM loans_disbursement
        WHERE loan_id = NEW.loan_id AND id <> NEW.id
            AND status IN ('requested', 'approved', 'instructed', 'paid')
    ), 0) > lent.principal THEN
        RAISE EXCEPTION 'loans_disbursement_within_loan: more than is lent would be paid out'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status <> 'requested' AND EXISTS (
        SELECT 1 FROM loans_loan l JOIN offers_offer o ON o.id = l.offer_id
        WHERE l.id = NEW.loan_id
            AND COALESCE(NEW.checked_by_id, NEW.requested_by_id) = ANY (o.link_held_by)
    ) THEN
        RAISE EXCEPTION 'loans_disbursement_independent: who held a link by which the offer may'
            ' have been accepted does not approve its payment' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

TWO_PEOPLE = """
    IF OLD.status = 'approved' AND NEW.status IN ('instructed', 'paid')
        AND NEW.checked_by_id IS NULL
        AND NEW.requested_by_id = COALESCE(
            (SELECT made_by_id FROM loans_paymentfile WHERE id = NEW.payment_file_id),
            NEW.confirmed_by_id
        )
        AND NOT EXISTS (
            SELECT 1 FROM loans_loan l JOIN offers_offer o ON o.id = l.offer_id
            WHERE l.id = NEW.loan_id AND o.accepted_by_id <> NEW.requested_by_id
        )
    THEN
        RAISE EXCEPTION 'loans_disbursement_two_people: one person alone took part in this payment,'
            ' from the acceptance to the bank' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
