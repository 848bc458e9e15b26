"""What accounts, events and kinds of accounts are called, in the reader's language."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.ledger.chart import Account, Event, Kind

EVENTS: dict[Event, Any] = {
    Event.DISBURSEMENT: _("Paid out"),
    Event.DISBURSEMENT_REVERSAL: _("Payment taken back"),
    Event.INTEREST_ACCRUAL: _("Interest accrued"),
    Event.FEE: _("Fee"),
    Event.PENAL_CHARGE: _("Penal charge"),
    Event.TAX: _("Tax"),
    Event.REPAYMENT: _("Repayment"),
    Event.WAIVER: _("Waived"),
    Event.WRITE_OFF: _("Written off"),
    Event.RECOVERY: _("Recovered after write-off"),
    Event.REFUND: _("Refunded"),
    Event.REVERSAL: _("Reversed"),
    Event.INTEREST_TO_SUSPENSE: _("Interest moved to suspense"),
    Event.PROVISION: _("Provision"),
    Event.RESERVE: _("Appropriated to the reserve"),
    Event.RESERVE_RELEASE: _("Released from the reserve"),
    Event.TRANSFER: _("Moved"),
}
ACCOUNTS: dict[Account, Any] = {
    Account.CASH: _("Bank"),
    Account.PRINCIPAL: _("Loans outstanding"),
    Account.INTEREST_RECEIVABLE: _("Interest receivable"),
    Account.FEES_RECEIVABLE: _("Fees receivable"),
    Account.PENAL_RECEIVABLE: _("Penal charges receivable"),
    Account.TAX_RECEIVABLE: _("Taxes receivable from borrowers"),
    Account.INTER_BRANCH: _("Between branches"),
    Account.INTEREST_SUSPENSE: _("Interest in suspense"),
    Account.PROVISIONS: _("Provisions"),
    Account.UNIDENTIFIED: _("Receipts not yet placed"),
    Account.ADVANCES: _("Paid in advance by borrowers"),
    Account.TAX_PAYABLE: _("Taxes payable"),
    Account.THIRD_PARTY_PAYABLE: _("Payable to third parties"),
    Account.RETAINED_EARNINGS: _("Retained earnings"),
    Account.LOSS_RESERVE: _("Reserve for credit losses"),
    Account.INTEREST_INCOME: _("Interest income"),
    Account.FEE_INCOME: _("Fee income"),
    Account.PENAL_INCOME: _("Income from penal charges"),
    Account.RECOVERY_INCOME: _("Recoveries after write-off"),
    Account.PROVISION_EXPENSE: _("Expense for provisions"),
    Account.WRITE_OFF_EXPENSE: _("Written off"),
    Account.WAIVER_EXPENSE: _("Waived"),
    Account.MEMORANDUM_INTEREST: _("Interest in evidence"),
    Account.MEMORANDUM_CONTRA: _("Contra of interest in evidence"),
}
# As the borrower reads them: what they owe, and what they paid ahead.
PARTS: dict[Account, Any] = {
    Account.PRINCIPAL: _("Principal"),
    Account.INTEREST_RECEIVABLE: _("Interest"),
    Account.FEES_RECEIVABLE: _("Fees"),
    Account.PENAL_RECEIVABLE: _("Penal charges"),
    Account.TAX_RECEIVABLE: _("Taxes"),
    Account.ADVANCES: _("Paid ahead"),
}
KINDS: dict[Kind, Any] = {
    Kind.ASSET: _("Assets"),
    Kind.LIABILITY: _("Liabilities"),
    Kind.EQUITY: _("Equity"),
    Kind.INCOME: _("Income"),
    Kind.EXPENSE: _("Expenses"),
    Kind.MEMORANDUM: _("In evidence only"),
}
