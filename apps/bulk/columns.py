"""The columns an application can be taken in from, and how each is read. Pure.

The names are those of the template and of the API. Which of them a row needs follows from the
rules of the form: a customer who is on record already needs less than a new one.
"""

from dataclasses import dataclass

TEXT, NUMBER, MONEY, WHOLE, DAY, CHOICE, YES_NO = (
    *("text", "number", "money", "whole", "day", "choice", "yes_no"),
)
REQUEST, PERSON, CONSENT, WORK, HOME, DEBTS, BUREAU, SECURITY = (
    *("request", "person", "consent", "work", "home", "debts", "bureau", "security"),
)
SECTIONS = (REQUEST, PERSON, CONSENT, WORK, HOME, DEBTS, BUREAU, SECURITY)
# The reference of the template's example; a file that still holds it means no application by it.
EXAMPLE_REFERENCE = "EXAMPLE"


@dataclass(frozen=True)
class Column:
    """One column: its section, how its cells are read, and what an example shows."""

    name: str
    section: str
    kind: str = TEXT
    longest: int = 200
    example: str = ""
    # Of one country alone, or of secured products alone.
    country: str = ""


def _of(section: str, *columns: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, section, kind, example=example) for name, kind, example in columns)


COLUMNS: tuple[Column, ...] = (
    Column("reference", REQUEST, longest=60, example=EXAMPLE_REFERENCE),
    *_of(
        REQUEST,
        ("product", CHOICE, ""),
        ("amount", MONEY, ""),
        ("term_months", WHOLE, "24"),
        ("purpose", CHOICE, ""),
    ),
    Column("purpose_note", REQUEST, longest=300),
    Column("customer_number", PERSON, longest=20),
    *_of(
        PERSON,
        ("full_name", TEXT, "Asha Example"),
        ("date_of_birth", DAY, "1988-04-12"),
        ("phone", TEXT, ""),
        ("email", TEXT, "asha@example.com"),
        ("street", TEXT, "14 Example Road"),
        ("city", TEXT, ""),
        ("region", TEXT, ""),
        ("postal_code", TEXT, ""),
        ("country", CHOICE, ""),
        ("language", CHOICE, "en"),
    ),
    Column("pan", PERSON, longest=40, example="ABCPE1234K", country="IN"),
    Column("aadhaar", PERSON, longest=40, country="IN"),
    Column("ke_national_id", PERSON, longest=40, example="23456789", country="KE"),
    Column("kra_pin", PERSON, longest=40, country="KE"),
    Column("confirmed_distinct", PERSON, YES_NO),
    *_of(
        CONSENT,
        ("consent_credit_assessment", YES_NO, "yes"),
        ("consent_automated_decision", YES_NO, "yes"),
        ("consent_bureau_enquiry", YES_NO, "yes"),
        ("consent_wording", TEXT, ""),
        ("consent_channel", CHOICE, "paper"),
        ("consent_given_on", DAY, ""),
        ("consent_evidence", TEXT, "BOX-12/0042"),
    ),
    *_of(
        WORK,
        ("employment_type", CHOICE, "salaried"),
        ("employer", TEXT, "Example Mills"),
        ("months_employed", WHOLE, "60"),
        ("gross_annual_income", MONEY, "900000"),
        ("net_monthly_income", MONEY, "60000"),
        ("basic_monthly_pay", MONEY, "40000"),
        ("income_as_of", DAY, ""),
        ("income_verified", CHOICE, "documents"),
        ("documented_net_monthly_income", MONEY, "60000"),
        ("documented_by", CHOICE, "payslip"),
    ),
    *_of(
        HOME,
        ("home", CHOICE, "rent"),
        ("dependants", WHOLE, "2"),
        ("monthly_expenses", MONEY, "18000"),
    ),
    *_of(
        DEBTS,
        ("obligations_monthly", MONEY, "5000"),
        ("obligations_as_of", DAY, ""),
        ("no_obligations_on", DAY, ""),
        ("no_obligations_channel", CHOICE, ""),
    ),
    *_of(
        BUREAU,
        ("bureau", TEXT, "Example Bureau"),
        ("bureau_reference", TEXT, "R-0042"),
        ("bureau_pulled_on", DAY, ""),
        ("bureau_score", WHOLE, "760"),
        ("oldest_account_date", DAY, "2015-06-01"),
        ("delinquencies_24m", WHOLE, "0"),
        ("months_since_delinquency", WHOLE, ""),
        ("enquiries_6m", WHOLE, "1"),
        ("open_accounts", WHOLE, "4"),
        ("total_accounts", WHOLE, "9"),
        ("public_records", WHOLE, "0"),
        ("months_since_public_record", WHOLE, ""),
        ("bankruptcies", WHOLE, "0"),
        ("accounts_delinquent_now", WHOLE, "0"),
        ("revolving_balance", MONEY, "24000"),
        ("revolving_utilisation", NUMBER, "0.24"),
    ),
    *_of(
        SECURITY,
        ("collateral_kind", CHOICE, ""),
        ("collateral_description", TEXT, ""),
        ("collateral_price", MONEY, ""),
        ("collateral_valuation", MONEY, ""),
        ("collateral_valued_on", DAY, ""),
    ),
)
BY_NAME = {column.name: column for column in COLUMNS}
IDENTITIES = ("pan", "aadhaar", "ke_national_id", "kra_pin")
# What the file itself must have, whoever its customers are.
NEEDED = ("product", "amount", "term_months", "purpose")
# By one of these a row says who asks.
WHO = ("customer_number", *IDENTITIES, "phone")


def of_section(section: str) -> tuple[Column, ...]:
    """Return the columns of a section, in their order."""
    return tuple(column for column in COLUMNS if column.section == section)


def of_country(country: str) -> tuple[Column, ...]:
    """Return the columns a lender in that country needs."""
    return tuple(column for column in COLUMNS if column.country in ("", country))
