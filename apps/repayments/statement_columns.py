"""Which column of a statement is what: recognised by the headings banks and Safaricom use. Pure.

A statement often begins with lines about the account; the header is the first line that names a
day and an amount. M-Pesa is the organisation statement as it is downloaded from Safaricom's portal
for a pay bill or till number: `Receipt No., Completion Time, Initiation Time, Details, Transaction
Status, Paid In, Withdrawn, Balance, ..., Other Party Info, ..., A/C No.`
"""

from collections.abc import Mapping, Sequence

from apps.core.tables import OUR_COLUMNS

BANK, MPESA = "bank", "mpesa"
LAYOUTS = (BANK, MPESA)
# So many lines about the account may stand above the header.
MOST_LINES_ABOVE = 30
DAY, AMOUNT, SIGN, CREDIT, DEBIT = "day", "amount", "sign", "credit", "debit"
REFERENCE, NARRATIVE, ACCOUNT, PARTY = "reference", "narrative", "account", "party"
PHONE, STATUS, CURRENCY = "phone", "status", "currency"
# For each role the headings by which it is known, the better one first.
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    DAY: (
        *("value date", "value dt", "completion time", "transaction date", "txn date"),
        *("tran date", "posting date", "booking date", "post date", "date"),
    ),
    CREDIT: (
        *("paid in", "credit", "credit amount", "credit amt", "deposit", "deposits"),
        *("deposit amount", "deposit amt", "money in", "amount credited", "cr", "credits"),
    ),
    DEBIT: (
        *("withdrawn", "debit", "debit amount", "debit amt", "withdrawal", "withdrawals"),
        *("withdrawal amount", "withdrawal amt", "money out", "paid out", "dr", "debits"),
    ),
    AMOUNT: ("amount", "transaction amount", "txn amount"),
    SIGN: ("dr cr", "cr dr", "debit credit", "credit debit", "dr cr indicator", "type"),
    REFERENCE: (
        *("receipt no", "receipt number", "utr", "utr no", "utr number", "transaction id"),
        *("transaction reference", "bank reference", "reference", "reference no"),
        *("reference number", "ref no", "ref no cheque no", "chq ref no", "cheque ref no"),
        *("ref cheque no", "cheque no", "chq no", "transaction code"),
    ),
    NARRATIVE: (
        *("narration", "narrative", "details", "description", "particulars", "remarks"),
        *("transaction details", "transaction remarks", "transaction particulars"),
    ),
    ACCOUNT: ("a c no", "account reference", "loan number", "loan no", "loan"),
    PARTY: ("other party info", "payer", "payer name", "remitter", "remitter name", "paid by"),
    PHONE: ("phone", "phone number", "mobile", "mobile number", "msisdn", "telephone"),
    STATUS: ("transaction status", "status"),
    CURRENCY: ("currency", "ccy"),
}
ROLES = tuple(_HEADINGS)
_NOTHING_TOLD: Mapping[str, str] = {}
_MPESA_NEEDS = ("receipt no", "completion time", "transaction status", "paid in")


def header_roles(
    cells: Sequence[str], layout: str, told: Mapping[str, str] = _NOTHING_TOLD
) -> dict[str, int] | None:
    """Return which role stands at which place of a line, or None where the line is no header.

    A header names the day, and what came in: a credit, or an amount. That of an M-Pesa statement
    names receipt, completion time, status and what was paid in. What `told` says of a role counts
    before the headings that are known, and must stand in the line.
    """
    names = [plain(cell) for cell in cells]
    wanted = {role: plain(heading) for role, heading in told.items() if heading}
    needs = _MPESA_NEEDS if layout == MPESA else ()
    if not all(need in names for need in (*needs, *wanted.values())):
        return None
    roles = {
        role: names.index(heading)
        for role, headings in _HEADINGS.items()
        if (heading := next((one for one in headings if one in names), None)) is not None
    }
    roles |= {role: names.index(heading) for role, heading in wanted.items()}
    is_header = DAY in roles and (CREDIT in roles or AMOUNT in roles)
    return roles if is_header else None


def plain(heading: str) -> str:
    """Return a heading as it is compared: lower case, words only, what is in brackets left out."""
    text = heading.split("(", maxsplit=1)[0].casefold()
    if text.strip() in OUR_COLUMNS:
        return ""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in text).split())
