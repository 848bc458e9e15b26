"""What columns, sections, states and formats are called on pages and in templates."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.bulk import columns

SECTIONS: Mapping[str, object] = {
    columns.REQUEST: gettext_lazy("Request"),
    columns.PERSON: gettext_lazy("Person"),
    columns.CONSENT: gettext_lazy("Consents"),
    columns.WORK: gettext_lazy("Work and income"),
    columns.HOME: gettext_lazy("Household"),
    columns.DEBTS: gettext_lazy("Obligations"),
    columns.BUREAU: gettext_lazy("Bureau report"),
    columns.SECURITY: gettext_lazy("Collateral"),
}
COLUMNS: Mapping[str, object] = {
    "reference": gettext_lazy("Own reference of the row"),
    "product": gettext_lazy("Product"),
    "amount": gettext_lazy("Amount"),
    "term_months": gettext_lazy("Term in months"),
    "purpose": gettext_lazy("Purpose"),
    "purpose_note": gettext_lazy("Purpose in words"),
    "customer_number": gettext_lazy("Customer number"),
    "full_name": gettext_lazy("Full name"),
    "date_of_birth": gettext_lazy("Date of birth"),
    "phone": gettext_lazy("Telephone"),
    "email": gettext_lazy("E-mail"),
    "street": gettext_lazy("Street address"),
    "city": gettext_lazy("Town or city"),
    "region": gettext_lazy("State or county"),
    "postal_code": gettext_lazy("Postal code"),
    "country": gettext_lazy("Country of residence"),
    "language": gettext_lazy("Language of letters"),
    "pan": gettext_lazy("PAN"),
    "aadhaar": gettext_lazy("Aadhaar"),
    "ke_national_id": gettext_lazy("Kenyan national ID"),
    "kra_pin": gettext_lazy("KRA PIN"),
    "confirmed_distinct": gettext_lazy("Another person than who has the same telephone or e-mail"),
    "consent_credit_assessment": gettext_lazy("Consents to use of data to assess credit"),
    "consent_automated_decision": gettext_lazy("Consents to an automated decision"),
    "consent_bureau_enquiry": gettext_lazy("Consents to an enquiry at a credit bureau"),
    "consent_wording": gettext_lazy("Version of the wording consented to"),
    "consent_channel": gettext_lazy("How the consents were given"),
    "consent_given_on": gettext_lazy("Day the consents were given"),
    "consent_evidence": gettext_lazy("Where the consents are kept"),
    "employment_type": gettext_lazy("Kind of work"),
    "employer": gettext_lazy("Employer or business"),
    "months_employed": gettext_lazy("Months in this work"),
    "gross_annual_income": gettext_lazy("Gross income a year"),
    "net_monthly_income": gettext_lazy("Net income a month"),
    "basic_monthly_pay": gettext_lazy("Basic pay a month"),
    "income_as_of": gettext_lazy("Income as of"),
    "income_verified": gettext_lazy("Income verified"),
    "documented_net_monthly_income": gettext_lazy("Net income a month by documents"),
    "documented_by": gettext_lazy("Documents that show it"),
    "home": gettext_lazy("Home"),
    "dependants": gettext_lazy("Dependants"),
    "monthly_expenses": gettext_lazy("Household expenses a month"),
    "obligations_monthly": gettext_lazy("All obligations together, a month"),
    "obligations_as_of": gettext_lazy("Obligations as of"),
    "no_obligations_on": gettext_lazy("Declared on that there are no obligations"),
    "no_obligations_channel": gettext_lazy("How that was declared"),
    "bureau": gettext_lazy("Bureau"),
    "bureau_reference": gettext_lazy("Report number"),
    "bureau_pulled_on": gettext_lazy("Report date"),
    "bureau_score": gettext_lazy("Bureau score"),
    "oldest_account_date": gettext_lazy("Oldest account opened"),
    "delinquencies_24m": gettext_lazy("Times 30 or more days late in two years"),
    "months_since_delinquency": gettext_lazy("Months since the last late payment"),
    "enquiries_6m": gettext_lazy("Enquiries in six months"),
    "open_accounts": gettext_lazy("Open accounts"),
    "total_accounts": gettext_lazy("Accounts ever"),
    "public_records": gettext_lazy("Public records"),
    "months_since_public_record": gettext_lazy("Months since the last public record"),
    "bankruptcies": gettext_lazy("Bankruptcies"),
    "accounts_delinquent_now": gettext_lazy("Accounts late now"),
    "revolving_balance": gettext_lazy("Revolving balance"),
    "revolving_utilisation": gettext_lazy("Share of revolving limits used (0.30 is 30 %)"),
    "collateral_kind": gettext_lazy("Kind of collateral"),
    "collateral_description": gettext_lazy("Description of the collateral"),
    "collateral_price": gettext_lazy("Purchase price of the collateral"),
    "collateral_valuation": gettext_lazy("Valuation of the collateral"),
    "collateral_valued_on": gettext_lazy("Valued on"),
}
ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("utf-16", gettext_lazy("UTF-16 (Excel: Unicode text)")),
    ("windows-1252", gettext_lazy("Windows-1252 (Western Europe)")),
]
DELIMITERS = [
    ("auto", gettext_lazy("As the header shows")),
    ("comma", gettext_lazy("Comma")),
    ("semicolon", gettext_lazy("Semicolon")),
    ("tab", gettext_lazy("Tab")),
]
DECIMALS = [
    ("point", gettext_lazy("Point: 1,234.50")),
    ("comma", gettext_lazy("Comma: 1.234,50")),
]
DATES = [
    ("iso", "2026-11-30"),
    ("day_first", "30/11/2026"),
    ("day_first_points", "30.11.2026"),
    ("month_first", "11/30/2026"),
]
# Tone, symbol and words of a file's state.
_STATES: Mapping[str, tuple[str, str, object]] = {
    "received": ("neutral", "circle-dashed", gettext_lazy("Columns to be told")),
    "checking": ("info", "loader", gettext_lazy("Being checked")),
    "checked": ("progress", "clipboard-check", gettext_lazy("Checked")),
    "running": ("info", "loader", gettext_lazy("Being taken in")),
    "finished": ("success", "circle-check", gettext_lazy("Finished")),
    "cancelled": ("warning", "circle-slash", gettext_lazy("Stopped")),
    "discarded": ("neutral", "archive", gettext_lazy("Discarded")),
}
_ROWS: Mapping[str, tuple[str, str, object]] = {
    "waiting": ("neutral", "clock", gettext_lazy("Waiting")),
    "good": ("success", "circle-check", gettext_lazy("Can be taken in")),
    "known": ("neutral", "copy", gettext_lazy("Taken in before")),
    "refused": ("danger", "circle-x", gettext_lazy("Refused")),
    "accepted": ("success", "circle-check", gettext_lazy("Taken in")),
}


def state(code: str) -> dict[str, str]:
    """Return tone, symbol and words of a file's state."""
    return _look(_STATES[code])


def row_state(code: str) -> dict[str, str]:
    """Return tone, symbol and words of a row's state."""
    return _look(_ROWS[code])


def column(name: str) -> str:
    """Return what a column is called; a row's faults may belong to none."""
    return str(COLUMNS[name]) if name in COLUMNS else _("The row")


def _look(found: tuple[str, str, object]) -> dict[str, str]:
    tone, symbol, text = found
    return {"tone": tone, "symbol": symbol, "words": str(text)}
