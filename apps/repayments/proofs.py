"""What the nightly proof shows of accounts: they, what was paid, and the ledger say the same.

Each check but the last is one statement over the whole book and names the first loan where it
fails. The last replays whole histories, of some loans each night; `prove_accounts` does all.
"""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from apps.ledger import services as ledger
from apps.ledger.chart import HELD_BY_LOAN
from apps.ledger.proofs import Offender, first_loan, register
from apps.loans.models import Loan
from apps.repayments import reading, replaying
from apps.repayments.models import LoanAccount
from apps.repayments.services import replayed
from apps.schedules.refusals import TermsRefused

# Loans whose history is replayed by each proof; others come the next day.
SAMPLE = 100

_BALANCES = """
    WITH due AS (
        SELECT a.loan_id, sum(i.interest - i.paid_interest) AS interest,
            sum(i.fee - i.paid_fee) AS fee
        FROM repayments_loanaccount a JOIN loans_instalment i ON i.loan_id = a.loan_id
        WHERE i.in_force AND i.due_date <= a.through GROUP BY a.loan_id
    ), asked AS (
        SELECT loan_id,
            sum(amount - settled) FILTER (WHERE parameters ->> 'bucket' = 'interest') AS interest,
            sum(amount - settled) FILTER (WHERE parameters ->> 'bucket' = 'fee') AS fee,
            sum(amount - settled) FILTER (WHERE parameters ->> 'bucket' = 'tax') AS tax,
            sum(amount - settled) FILTER (WHERE parameters ->> 'bucket' = 'penal') AS penal
        FROM repayments_accountevent WHERE kind = 'charge' AND status = 'live' GROUP BY loan_id
    ), says AS (
        SELECT a.loan_id, one.account, one.amount
        FROM repayments_loanaccount a
        LEFT JOIN due USING (loan_id) LEFT JOIN asked USING (loan_id)
        CROSS JOIN LATERAL (VALUES
            ('advances', -a.advances),
            ('interest_receivable', a.unbilled + a.upfront_interest
                + COALESCE(due.interest, 0) + COALESCE(asked.interest, 0)),
            ('fees_receivable', a.upfront_fee + COALESCE(due.fee, 0) + COALESCE(asked.fee, 0)),
            ('tax_receivable', a.upfront_tax + COALESCE(asked.tax, 0)),
            ('penal_receivable', COALESCE(asked.penal, 0))
        ) AS one (account, amount)
    ), booked AS (
        SELECT loan_id, account, sum(debit - credit) AS amount FROM ledger_line
        WHERE account IN ('advances', 'interest_receivable', 'fees_receivable',
            'tax_receivable', 'penal_receivable') AND loan_id IS NOT NULL
        GROUP BY loan_id, account
    )
    SELECT l.number, l.id, says.account || ' ' || says.amount,
        says.account || ' ' || COALESCE(booked.amount, 0)
    FROM says JOIN loans_loan l ON l.id = says.loan_id
    LEFT JOIN booked ON booked.loan_id = says.loan_id AND booked.account = says.account
    WHERE says.amount <> COALESCE(booked.amount, 0)
    ORDER BY l.number, says.account LIMIT 1
"""

_CHARGES = """
    WITH went AS (
        SELECT charge_id, sum(amount) AS amount FROM repayments_chargeallocation
        WHERE charge_id IS NOT NULL GROUP BY charge_id
    )
    SELECT l.number, l.id, COALESCE(went.amount, 0), e.settled
    FROM repayments_accountevent e JOIN loans_loan l ON l.id = e.loan_id
    LEFT JOIN went ON went.charge_id = e.id
    WHERE e.kind = 'charge' AND e.settled <> COALESCE(went.amount, 0)
    ORDER BY l.number LIMIT 1
"""

_EVENTS = """
    SELECT l.number, l.id, e.amount, COALESCE((
        SELECT sum(n.debit - n.credit) FROM ledger_line n
        WHERE n.entry_id = e.entry_id AND n.account = 'cash' AND NOT EXISTS (
            SELECT 1 FROM ledger_entry r WHERE r.reverses_id = e.entry_id)
    ), 0)
    FROM repayments_accountevent e JOIN loans_loan l ON l.id = e.loan_id
    WHERE e.status = 'live' AND e.kind IN ('receipt', 'part_prepayment', 'payoff', 'recovery')
        AND e.amount <> COALESCE((
            SELECT sum(n.debit - n.credit) FROM ledger_line n
            WHERE n.entry_id = e.entry_id AND n.account = 'cash' AND NOT EXISTS (
                SELECT 1 FROM ledger_entry r WHERE r.reverses_id = e.entry_id)
        ), 0)
    ORDER BY l.number LIMIT 1
"""


_BRANCHES = """
    SELECT l.number, l.id, 'nothing outside of its branch', b.code || ' ' || n.account || ' '
        || sum(n.debit - n.credit)
    FROM ledger_line n JOIN loans_loan l ON l.id = n.loan_id
    JOIN accounts_branch b ON b.id = n.branch_id
    WHERE n.branch_id <> l.branch_id AND n.account IN ($HELD)
    GROUP BY l.number, l.id, b.code, n.account HAVING sum(n.debit - n.credit) <> 0
    ORDER BY l.number, b.code, n.account LIMIT 1
""".replace("$HELD", ", ".join(f"'{account.value}'" for account in HELD_BY_LOAN))


def register_all() -> None:
    """Have these proved whenever the ledger is."""
    register(
        "repayments.branches",
        loans_are_in_their_branch,
        sentence=_("What a loan holds stands in its branch, and nowhere else"),
    )
    register(
        "repayments.balances",
        balances_agree,
        sentence=_("What accounts say is owed and paid ahead equals the ledger, loan by loan"),
    )
    register(
        "repayments.charges",
        charges_are_allocated,
        sentence=_("What charges say was paid equals what payments were allocated to"),
    )
    register(
        "repayments.payments",
        payments_are_booked,
        sentence=_("Every payment that counts stands in the ledger with its amount"),
    )
    register(
        "repayments.replay",
        sample_replays,
        sentence=_("The histories of some loans, replayed, give what the books hold"),
    )


def balances_agree() -> Offender | None:
    """Return the first loan whose account says otherwise than the ledger."""
    return first_loan(_BALANCES)


def loans_are_in_their_branch() -> Offender | None:
    """Return the first loan that holds something in a branch that it is not in."""
    return first_loan(_BRANCHES)


def charges_are_allocated() -> Offender | None:
    """Return the first loan with a charge that says it was paid otherwise than allocated."""
    return first_loan(_CHARGES)


def payments_are_booked() -> Offender | None:
    """Return the first loan with a payment that no entry stands for."""
    return first_loan(_EVENTS)


def sample_replays() -> Offender | None:
    """Return the first of some loans whose history gives other books; others each day."""
    return first_difference(
        Loan.objects.filter(account__isnull=False, disbursed_date__isnull=False)
        .extra(order_by=["key"], select={"key": "md5(loans_loan.id::text || current_date::text)"})
        .select_related("product__conditions")[:SAMPLE]
    )


def first_difference(loans: Iterable[Loan]) -> Offender | None:
    """Return the first of some loans whose history, replayed, gives other books than it has."""
    return next((found for loan in loans if (found := difference(loan)) is not None), None)


def difference(loan: Loan) -> Offender | None:
    """Return how the books of a loan differ from what its history gives, or None."""
    row = LoanAccount.objects.get(pk=loan.pk)
    history = reading.happened(loan)
    last = max((one.fact.day for one in history), default=row.through)
    contract = reading.contract(loan)
    try:
        account = replaying.replay(
            contract,
            history,
            upto=max(row.through, last),
            points=reading.points(loan.pk),
        )
    except TermsRefused as refusal:
        return Offender(loan.number, str(refusal.sentence), "", str(loan.pk))
    found, _changes = ledger.foresee(
        loan_id=loan.pk,
        since=contract.paid_out_on,
        derive=lambda _standing: replayed.planned(account, contract.paid_out_on),
        events=reading.DERIVED,
    )
    if found:
        should = ", ".join(f"{one.day} {one.event}" for one in found.posted[:3])
        stands = ", ".join(f"#{one.entry_id}" for one in found.taken_back[:3])
        return Offender(loan.number, should, stands, str(loan.pk))
    says = replayed.figures(account)
    kept = replayed.figures_kept(loan)
    return None if says == kept else Offender(loan.number, str(says), str(kept), str(loan.pk))
