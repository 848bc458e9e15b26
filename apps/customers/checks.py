"""What an entry must satisfy before it is written: presence, form, ranges, and no contradictions.

Pure. Each function returns the entry in canonical form or raises Refused with every finding.
"""

import dataclasses
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from apps.core import dates
from apps.core.money import MINOR_UNITS, money
from apps.customers import contact, identity
from apps.customers.entries import (
    AddressEntry,
    BlockEntry,
    BureauEntry,
    ChangeEntry,
    CustomerEntry,
    EmploymentEntry,
    HouseholdEntry,
    NoObligationsEntry,
    ObligationEntry,
)
from apps.customers.findings import Finding, Findings, Refused

Number = TypeVar("Number", int, Decimal)

COUNTRIES = tuple(identity.KINDS_BY_COUNTRY)
YOUNGEST, OLDEST = 18, 100
# Nobody's income or debt of a consumer lender reaches this; a typing error does.
LARGEST_AMOUNT = Decimal(10) ** 12
EARLIEST = date(1930, 1, 1)
MAX_MONTHS = 720
# Published ranges: CIBIL 300-900, Metropol (Kenya) 200-900, FICO 300-850.
BUREAU_SCORES = {"IN": (300, 900), "KE": (200, 900), "US": (300, 850)}
BUREAU_COUNTS = {
    "delinquencies_24m": 100,
    "months_since_delinquency": MAX_MONTHS,
    "enquiries_6m": 200,
    "open_accounts": 500,
    "total_accounts": 1000,
    "public_records": 100,
    "months_since_public_record": MAX_MONTHS,
    "bankruptcies": 50,
    "accounts_delinquent_now": 500,
}
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)


def customer(entry: CustomerEntry, *, today: date) -> CustomerEntry:
    """Check a customer to register."""
    found = Findings()
    if entry.country not in COUNTRIES:
        raise Refused({"country": Finding("not_a_choice")})
    clean = dataclasses.replace(
        entry,
        full_name=found.clean("full_name", contact.name, entry.full_name) or "",
        date_of_birth=found.clean("date_of_birth", birth, entry.date_of_birth, today=today),
        phone=found.clean("phone", contact.phone, entry.phone, country=entry.country) or "",
        email=found.clean("email", contact.email, entry.email) or "",
        language=found.clean("language", _language, entry.language) or "",
        identities=identities(found, entry.identities, entry.country),
        address=_address(found, entry.address, entry.country),
    )
    kinds = identity.KINDS_BY_COUNTRY[entry.country]
    if kinds and not any(entry.identities.get(kind, "").strip() for kind in kinds):
        found.add(kinds[0], f"identity_needed_{entry.country.lower()}")
    found.finish()
    return clean


def change(entry: ChangeEntry, *, country: str, today: date) -> ChangeEntry:
    """Check new details of a customer who lives in `country`; empty personal values stay empty."""
    found = Findings()
    clean = dataclasses.replace(
        entry,
        full_name=found.clean("full_name", contact.name, entry.full_name) or "",
        language=found.clean("language", _language, entry.language) or "",
        city=found.clean("city", contact.line, entry.city, limit=80) or "",
        region=found.clean("region", contact.line, entry.region, limit=80, required=False) or "",
        postal_code=found.clean(
            "postal_code", contact.postal_code, entry.postal_code, country=country
        )
        or "",
        email=found.clean("email", contact.email, entry.email) or "",
        street=found.clean("street", contact.line, entry.street, limit=200, required=False) or "",
        identities=identities(found, entry.identities, country),
    )
    if entry.phone.strip():
        phone = found.clean("phone", contact.phone, entry.phone, country=country)
        clean = dataclasses.replace(clean, phone=phone or "")
    if entry.date_of_birth is not None:
        found.clean("date_of_birth", birth, entry.date_of_birth, today=today)
    if entry.remove_email and clean.email:
        found.add("remove_email", "email_kept_and_removed")
    found.finish()
    return clean


def employment(
    entry: EmploymentEntry, *, today: date, types: set[str], proofs: set[str], currency: str
) -> EmploymentEntry:
    """Check work and income in the lender's currency; net and basic pay cannot exceed gross.

    What documents show may lie above or below what is declared, but the document must be named.
    """
    found = Findings()
    _choice(found, "type", entry.type, types)
    _day(found, "as_of", entry.as_of, latest=today)
    _currency_of(found, entry.currency, currency)
    gross, net, basic = entry.gross_annual_income, entry.net_monthly_income, entry.basic_monthly_pay
    for name, value in (("gross_annual_income", gross), ("net_monthly_income", net)):
        if value is None:
            found.add(name, "required")
        _amount(found, name, value, entry.currency)
    _amount(found, "basic_monthly_pay", basic, entry.currency)
    _documented(found, entry, proofs)
    _between(found, "months_employed", entry.months_employed, least=0, most=MAX_MONTHS)
    employer = found.clean("employer", contact.line, entry.employer, limit=120, required=False)
    found.finish()
    if is_net_above_gross(net=net, gross=gross):
        found.add("net_monthly_income", "net_above_gross")
    if basic is not None and basic * 12 > gross:
        found.add("basic_monthly_pay", "basic_above_gross")
    found.finish()
    return dataclasses.replace(entry, employer=employer or "")


def is_net_above_gross(*, net: Decimal, gross: Decimal) -> bool:
    """Say whether twelve months of net income are more than the gross income of the year."""
    return net * 12 > gross


def household(entry: HouseholdEntry, *, homes: set[str], currency: str) -> HouseholdEntry:
    """Check the household; expenses are in the lender's currency."""
    found = Findings()
    _choice(found, "home", entry.home, homes)
    _between(found, "dependants", entry.dependants, least=0, most=30)
    _amount(found, "monthly_expenses", entry.monthly_expenses, currency)
    found.finish()
    return entry


def obligation(
    entry: ObligationEntry, *, today: date, kinds: set[str], currency: str
) -> ObligationEntry:
    """Check a debt paid elsewhere, in the lender's currency."""
    found = Findings()
    _choice(found, "kind", entry.kind, kinds)
    _day(found, "from_date", entry.from_date, latest=today)
    _currency_of(found, entry.currency, currency)
    if entry.monthly_payment is None:
        found.add("monthly_payment", "required")
    _amount(found, "monthly_payment", entry.monthly_payment, entry.currency)
    _amount(found, "outstanding", entry.outstanding, entry.currency)
    lender = found.clean("lender", contact.line, entry.lender, limit=120, required=False)
    found.finish()
    return dataclasses.replace(entry, lender=lender or "")


def no_obligations(
    entry: NoObligationsEntry, *, today: date, earliest: date, channels: set[str]
) -> NoObligationsEntry:
    """Check a declaration that nothing is paid elsewhere, made from `earliest` to `today`."""
    found = Findings()
    _day(found, "declared_date", entry.declared_date, latest=today)
    if entry.declared_date is not None and EARLIEST <= entry.declared_date < earliest:
        found.add("declared_date", "date_too_early", earliest=earliest.isoformat())
    _choice(found, "channel", entry.channel, channels)
    found.finish()
    return entry


def block(entry: BlockEntry, *, today: date, grounds: set[str]) -> BlockEntry:
    """Check whom not to lend to: exactly one of a customer and an official number, and why."""
    found = Findings()
    clean = dataclasses.replace(
        entry,
        customer_number=found.clean(
            "customer_number", contact.line, entry.customer_number, limit=20, required=False
        )
        or "",
        number=_blocked_number(found, entry),
        source=found.clean("source", contact.line, entry.source, limit=120) or "",
    )
    if not clean.customer_number and not entry.kind and not entry.number.strip():
        found.add("customer_number", "block_nobody")
    if clean.customer_number and (entry.kind or entry.number.strip()):
        found.add("customer_number", "block_twice")
    _choice(found, "ground", entry.ground, grounds)
    _day(found, "from_date", entry.from_date, latest=today)
    if entry.until_date is not None and entry.from_date is not None:
        earliest = max(entry.from_date, today)
        if entry.until_date < earliest:
            found.add("until_date", "date_too_early", earliest=earliest.isoformat())
    found.finish()
    return clean


def bureau(entry: BureauEntry, *, country: str, today: date) -> BureauEntry:
    """Check a bureau report: counts and score in range, dates in order, no contradictions."""
    found = Findings()
    name = found.clean("bureau", contact.line, entry.bureau, limit=60)
    reference = found.clean("reference", contact.line, entry.reference, limit=80, required=False)
    _day(found, "pulled_date", entry.pulled_date, latest=today)
    _currency(found, entry.currency)
    least, most = BUREAU_SCORES[country]
    _between(found, "score", entry.score, least=least, most=most)
    for field, largest in BUREAU_COUNTS.items():
        _between(found, field, getattr(entry, field), least=0, most=largest)
    utilisation = entry.revolving_utilisation
    _between(found, "revolving_utilisation", utilisation, least=Decimal(0), most=Decimal(10))
    _amount(found, "revolving_balance", entry.revolving_balance, entry.currency)
    found.finish()
    if entry.oldest_account_date is not None:
        _day(found, "oldest_account_date", entry.oldest_account_date, latest=entry.pulled_date)
    _contradictions(found, entry)
    found.finish()
    return dataclasses.replace(entry, bureau=name or "", reference=reference or "")


def birth(value: date | None, *, today: date) -> date:
    """Return the date of birth of somebody who may borrow: 18 to 100 years old today."""
    if value is None:
        raise Finding("required")
    if value > today:
        raise Finding("date_in_future")
    age = dates.age_in_years(value, today)
    if age < YOUNGEST:
        raise Finding("too_young", years=YOUNGEST)
    if age > OLDEST:
        raise Finding("too_old", years=OLDEST)
    return value


def identities(found: Findings, given: Mapping[str, str], country: str) -> dict[str, str]:
    """Return the numbers given, in canonical form, noting what is wrong with each."""
    clean = {}
    for kind, text in given.items():
        if not text.strip():
            continue
        if kind not in identity.KINDS_BY_COUNTRY[country]:
            found.add(kind, "identity_of_other_country")
            continue
        number = found.clean(kind, identity.normalise, kind, text)
        if number:
            clean[kind] = number
    return clean


def _blocked_number(found: Findings, entry: BlockEntry) -> str:
    if not entry.kind and not entry.number.strip():
        return ""
    kinds = {kind for kinds in identity.KINDS_BY_COUNTRY.values() for kind in kinds}
    if entry.kind not in kinds:
        found.add("kind", "not_a_choice" if entry.kind else "required")
        return ""
    if not entry.number.strip():
        found.add("number", "required")
        return ""
    return found.clean("number", identity.normalise, entry.kind, entry.number) or ""


def _documented(found: Findings, entry: EmploymentEntry, proofs: set[str]) -> None:
    documented = entry.documented_net_monthly_income
    _amount(found, "documented_net_monthly_income", documented, entry.currency)
    if documented is not None:
        _choice(found, "documented_by", entry.documented_by, proofs)
    elif entry.documented_by:
        found.add("documented_net_monthly_income", "required")


def _contradictions(found: Findings, entry: BureauEntry) -> None:
    if _more(entry.open_accounts, entry.total_accounts):
        found.add("open_accounts", "open_above_total")
    if _more(entry.accounts_delinquent_now, entry.open_accounts):
        found.add("accounts_delinquent_now", "late_above_open")
    since = entry.months_since_delinquency
    if entry.delinquencies_24m and since is not None and since > 24:
        found.add("months_since_delinquency", "late_within_two_years")
    if _more(entry.bankruptcies, entry.public_records):
        found.add("bankruptcies", "bankruptcies_above_records")


def _more(part: int | None, whole: int | None) -> bool:
    return part is not None and whole is not None and part > whole


def _address(found: Findings, entry: AddressEntry, country: str) -> AddressEntry:
    return AddressEntry(
        street=found.clean("street", contact.line, entry.street, limit=200) or "",
        city=found.clean("city", contact.line, entry.city, limit=80) or "",
        region=found.clean("region", contact.line, entry.region, limit=80, required=False) or "",
        postal_code=found.clean(
            "postal_code", contact.postal_code, entry.postal_code, country=country
        )
        or "",
    )


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise Finding("not_a_choice")
    return text


def _choice(found: Findings, field: str, value: str, choices: set[str]) -> None:
    if not value:
        found.add(field, "required")
    elif value not in choices:
        found.add(field, "not_a_choice")


def _currency(found: Findings, value: str) -> None:
    if value not in MINOR_UNITS:
        found.add("currency", "not_a_choice")


def _currency_of(found: Findings, value: str, lenders: str) -> None:
    # Amounts of several currencies would be added up as if they were one.
    if value != lenders:
        found.add("currency", "currency_of_lender", currency=lenders)


def _day(found: Findings, field: str, value: date | None, *, latest: date) -> None:
    if value is None:
        found.add(field, "required")
    elif value > latest:
        found.add(field, "date_too_late", latest=latest.isoformat())
    elif value < EARLIEST:
        found.add(field, "date_too_early", earliest=EARLIEST.isoformat())


def _between(
    found: Findings, field: str, value: Number | None, *, least: Number, most: Number
) -> None:
    if value is None:
        return
    if isinstance(value, Decimal) and not value.is_finite():
        found.add(field, "not_a_number")
    elif not least <= value <= most:
        found.add(field, "out_of_range", least=least, most=most)


def _amount(found: Findings, field: str, value: Decimal | None, currency: str) -> None:
    if value is None or currency not in MINOR_UNITS:
        return
    if not value.is_finite():
        found.add(field, "not_a_number")
    elif value < 0:
        found.add(field, "negative")
    elif value > LARGEST_AMOUNT:
        found.add(field, "amount_too_large")
    elif value != money(value, currency):
        found.add(field, "too_many_decimals")
