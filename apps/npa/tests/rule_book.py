"""The installed rule tables, and facilities and nights to try them with. For tests."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.npa import classification, provisioning, rule_reading
from apps.npa.classification import Classified
from apps.npa.facility import Borrower, Facility
from apps.npa.provisioning import Provided
from apps.npa.regimes import Rules

BANK_BEFORE, BANK, BANK_ECL = "rbi-bank-irac-2021", "rbi-bank-iracp-2025", "rbi-bank-acpir-2026"
BASE, MIDDLE, UPPER = (f"rbi-nbfc-{layer}-iracp-2025" for layer in ("base", "middle", "upper"))
SASRA, CBK, IFRS = "sasra-2010", "cbk-pg-04", "ifrs-9"
LONG_AGO = date(2015, 1, 1)
A_DAY = date(2026, 6, 30)


@cache
def installed() -> dict[str, Rules]:
    """Return the tables of the fixture by code."""
    path = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"
    return {rules.code: rules for rules, _ in rule_reading.read_all(json.loads(path.read_text()))}


def facility(key: str = "A", **said: Any) -> Facility:
    """Return a secured term loan of 1,000,000 rupees in time, but for what is said."""
    known: dict[str, Any] = {
        "currency": "INR",
        "opened_on": LONG_AGO,
        "outstanding": Decimal(1_000_000),
        "security_kind": "vehicle",
        "security": Decimal(1_000_000),
        "exposure_at_start": Decimal(1_000_000),
        "security_at_start": Decimal(1_000_000),
    }
    return Facility(key=key, **(known | said))


def late(days: int, on: date = A_DAY) -> date:
    """Return the due date that is so many days past due by RBI's count: the due date is day 1."""
    return on - timedelta(days=days - 1)


def judged(code: str, *facilities: Facility, on: date = A_DAY) -> tuple[Classified, ...]:
    """Return what becomes of one borrower's facilities."""
    return classification.classify(Borrower(facilities=facilities), installed()[code], on)


def one(code: str, *, on: date = A_DAY, **said: Any) -> Classified:
    """Return what becomes of a borrower's only facility."""
    return judged(code, facility(**said), on=on)[0]


def provided(code: str, *, on: date = A_DAY, **said: Any) -> Provided:
    """Return what is set aside for a borrower's only facility."""
    given = facility(**said)
    return provisioning.provide(given, judged(code, given, on=on)[0], installed()[code], on)


def after(before: Iterable[Facility], found: Iterable[Classified], **said: Any) -> list[Facility]:
    """Return facilities as they enter the next night: yesterday's class is what was found."""
    return [
        replace(
            each,
            was_class=was.asset_class,
            was_computed=was.computed,
            was_computed_since=was.computed_since,
            was_computed_npa_date=was.computed_npa_date,
            was_computed_aged_from=was.computed_aged_from,
            was_class_since=was.class_since,
            was_npa_date=was.npa_date,
            was_aged_from=was.aged_from,
            **said,
        )
        for each, was in zip(before, found, strict=True)
    ]


def npa(since: date, grade: str = "substandard") -> dict[str, Any]:
    """Return what yesterday says of a facility that does not perform since a day."""
    return {
        "was_class": grade,
        "was_class_since": since,
        "was_npa_date": since,
        "was_aged_from": since,
    }
