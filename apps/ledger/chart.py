"""The chart of accounts, and the events that are posted. Pure.

Every amount is posted to one of these accounts, of one branch and one currency. The number is what
an accounting system knows an account by; it never changes once it was exported.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a balance of the account is: what the lender has, owes, is worth, earned, or notes."""

    ASSET = "asset"
    LIABILITY = "liability"
    # What is the lender's own: no movement between its accounts is profit or loss.
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"
    # Amounts kept in evidence outside of the balance sheet, for example interest on a loan whose
    # interest is no income until it is paid.
    MEMORANDUM = "memorandum"


class Side(StrEnum):
    """The two sides of an entry."""

    DEBIT = "debit"
    CREDIT = "credit"

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


class Account(StrEnum):
    """The accounts a loan book needs."""

    CASH = "cash"
    PRINCIPAL = "principal"
    INTEREST_RECEIVABLE = "interest_receivable"
    FEES_RECEIVABLE = "fees_receivable"
    PENAL_RECEIVABLE = "penal_receivable"
    TAX_RECEIVABLE = "tax_receivable"
    # What one branch has for or owes to another: an entry balances within its branch, so a loan
    # that moves leaves one branch and reaches the other against this account.
    INTER_BRANCH = "inter_branch"
    INTEREST_SUSPENSE = "interest_suspense"
    PROVISIONS = "provisions"
    UNIDENTIFIED = "unidentified"
    ADVANCES = "advances"
    TAX_PAYABLE = "tax_payable"
    THIRD_PARTY_PAYABLE = "third_party_payable"
    RETAINED_EARNINGS = "retained_earnings"
    # What a regulator demands beyond the expected loss; out of profit, not to be distributed.
    LOSS_RESERVE = "loss_reserve"
    INTEREST_INCOME = "interest_income"
    FEE_INCOME = "fee_income"
    PENAL_INCOME = "penal_income"
    RECOVERY_INCOME = "recovery_income"
    PROVISION_EXPENSE = "provision_expense"
    WRITE_OFF_EXPENSE = "write_off_expense"
    WAIVER_EXPENSE = "waiver_expense"
    MEMORANDUM_INTEREST = "memorandum_interest"
    MEMORANDUM_CONTRA = "memorandum_contra"

    @property
    def number(self) -> int:
        """The account's number in journal exports."""
        return _CHART[self].number

    @property
    def kind(self) -> Kind:
        """Asset, liability, income, expense or memorandum."""
        return _CHART[self].kind

    @property
    def normal(self) -> Side:
        """The side that makes the balance grow."""
        return _CHART[self].normal


class Event(StrEnum):
    """What happened, as one entry records it."""

    DISBURSEMENT = "disbursement"
    DISBURSEMENT_REVERSAL = "disbursement_reversal"
    INTEREST_ACCRUAL = "interest_accrual"
    FEE = "fee"
    PENAL_CHARGE = "penal_charge"
    TAX = "tax"
    REPAYMENT = "repayment"
    WAIVER = "waiver"
    WRITE_OFF = "write_off"
    RECOVERY = "recovery"
    REFUND = "refund"
    REVERSAL = "reversal"
    INTEREST_TO_SUSPENSE = "interest_to_suspense"
    PROVISION = "provision"
    RESERVE = "reserve"
    RESERVE_RELEASE = "reserve_release"
    TRANSFER = "transfer"


# An entry of these events, and no other, takes back another entry, line by line.
REVERSALS = (Event.REVERSAL, Event.DISBURSEMENT_REVERSAL)

# What a borrower owes; what they paid ahead counts against it.
OWED = (
    Account.PRINCIPAL,
    Account.INTEREST_RECEIVABLE,
    Account.FEES_RECEIVABLE,
    Account.PENAL_RECEIVABLE,
    Account.TAX_RECEIVABLE,
)
BORROWERS = (*OWED, Account.ADVANCES)

# What a loan holds in its branch and takes along to another one: what it is worth and owes. What
# was earned, spent, and what is owed to others for it stays with the branch that earned and owes.
HELD_BY_LOAN = (
    *BORROWERS,
    Account.INTEREST_SUSPENSE,
    Account.PROVISIONS,
    Account.MEMORANDUM_INTEREST,
    Account.MEMORANDUM_CONTRA,
)


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    kind: Kind
    normal: Side


_CHART = {
    Account.CASH: _Entry(1000, Kind.ASSET, Side.DEBIT),
    Account.PRINCIPAL: _Entry(1100, Kind.ASSET, Side.DEBIT),
    Account.INTEREST_RECEIVABLE: _Entry(1200, Kind.ASSET, Side.DEBIT),
    Account.FEES_RECEIVABLE: _Entry(1210, Kind.ASSET, Side.DEBIT),
    Account.PENAL_RECEIVABLE: _Entry(1220, Kind.ASSET, Side.DEBIT),
    Account.TAX_RECEIVABLE: _Entry(1230, Kind.ASSET, Side.DEBIT),
    Account.INTER_BRANCH: _Entry(1900, Kind.ASSET, Side.DEBIT),
    Account.INTEREST_SUSPENSE: _Entry(2000, Kind.LIABILITY, Side.CREDIT),
    Account.PROVISIONS: _Entry(2100, Kind.LIABILITY, Side.CREDIT),
    Account.UNIDENTIFIED: _Entry(2200, Kind.LIABILITY, Side.CREDIT),
    Account.ADVANCES: _Entry(2210, Kind.LIABILITY, Side.CREDIT),
    Account.TAX_PAYABLE: _Entry(2300, Kind.LIABILITY, Side.CREDIT),
    Account.THIRD_PARTY_PAYABLE: _Entry(2400, Kind.LIABILITY, Side.CREDIT),
    Account.RETAINED_EARNINGS: _Entry(3000, Kind.EQUITY, Side.CREDIT),
    Account.LOSS_RESERVE: _Entry(3100, Kind.EQUITY, Side.CREDIT),
    Account.INTEREST_INCOME: _Entry(4000, Kind.INCOME, Side.CREDIT),
    Account.FEE_INCOME: _Entry(4100, Kind.INCOME, Side.CREDIT),
    Account.PENAL_INCOME: _Entry(4200, Kind.INCOME, Side.CREDIT),
    Account.RECOVERY_INCOME: _Entry(4300, Kind.INCOME, Side.CREDIT),
    Account.PROVISION_EXPENSE: _Entry(5000, Kind.EXPENSE, Side.DEBIT),
    Account.WRITE_OFF_EXPENSE: _Entry(5100, Kind.EXPENSE, Side.DEBIT),
    Account.WAIVER_EXPENSE: _Entry(5200, Kind.EXPENSE, Side.DEBIT),
    Account.MEMORANDUM_INTEREST: _Entry(9000, Kind.MEMORANDUM, Side.DEBIT),
    Account.MEMORANDUM_CONTRA: _Entry(9100, Kind.MEMORANDUM, Side.CREDIT),
}
