"""A sample of each layout of statements: what its columns are called, and how rows are written.

Its references begin with a word by which its rows are passed over: uploaded as it is, nobody's
money comes of it. Pure.
"""

from datetime import date

from apps.repayments import statement_columns as columns

# What the references of samples begin with.
SAMPLE = "SAMPLE-"
_BANK = (
    *("Value Date", "Narration", "Ref No", "Withdrawal Amount", "Deposit Amount"),
    "Closing Balance",
)
_MPESA = (
    *("Receipt No.", "Completion Time", "Initiation Time", "Details", "Transaction Status"),
    *("Paid In", "Withdrawn", "Balance", "Other Party Info", "A/C No."),
)


def sample(layout: str, day: date) -> list[list[str]]:
    """Return header and rows of a layout: money that came in, and money that went out."""
    if layout == columns.MPESA:
        when, payer = f"{day:%d-%m-%Y} 10:15:04", "254700000001 - ASHA EXAMPLE"
        paid = ["Pay Bill", "Completed", "9500.00", "", "109500.00", payer, "L-A-2026-000123"]
        cost = ["Pay Bill Charge", "Completed", "", "55.00", "109445.00", "", ""]
        rows = [[f"{SAMPLE}1", when, when, *paid], [f"{SAMPLE}2", when, when, *cost]]
        return [list(_MPESA), *rows]
    on = f"{day:%d/%m/%Y}"
    return [
        list(_BANK),
        [on, "NEFT L-A-2026-000123 ASHA EXAMPLE", f"{SAMPLE}1", "", "9793.00", "109793.00"],
        [on, "Charges of the month", f"{SAMPLE}2", "50.00", "", "109743.00"],
    ]
