"""Gather what a policy may ask about an application. Nothing is filled in: unknown stays None."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from apps.applications import affordability as arithmetic
from apps.applications import selectors as applications
from apps.applications.affordability import Affordability, Security
from apps.applications.models import Application
from apps.core import dates
from apps.decisions import books, debts, selectors, sources
from apps.decisions.books import Books
from apps.decisions.policy_inputs import Value, exact
from apps.decisions.sources import Borrowing

_BUREAU = (
    ("bureau_score", "score"),
    ("delinquencies_24m", "delinquencies_24m"),
    ("accounts_delinquent_now", "accounts_delinquent_now"),
    ("bankruptcies", "bankruptcies"),
    ("public_records", "public_records"),
    ("enquiries_6m", "enquiries_6m"),
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """The part of an application that may be tried otherwise, and what follows from it."""

    amount: Decimal
    term_months: int
    affordability: Affordability
    pd: float | None


@dataclass(frozen=True)
class Gathered:
    """Everything about an application that does not depend on amount and term."""

    standing: Mapping[str, Value]
    born: date | None
    applied_date: date
    # What the borrower owes us or answers for beside this; None where it is not known.
    others_with_us: Decimal | None
    # What is offered as security, by its value.
    securities: tuple[Security, ...] = ()

    def inputs(self, request: Request) -> dict[str, Value]:
        """Return the policy's inputs for this request."""
        ratios = {one.code: one.value for one in request.affordability.ratios}
        return self.at(request.amount, request.term_months, ratios=ratios, pd=request.pd)

    def at(
        self,
        amount: Decimal,
        term_months: int,
        *,
        ratios: Mapping[str, Decimal | None],
        pd: float | None,
    ) -> dict[str, Value]:
        """Return the policy's inputs for an amount and a term at these ratios and this risk."""
        return {
            **self.standing,
            **ratios,
            "pd": None if pd is None else exact(pd),
            "amount": amount,
            "term_months": Decimal(term_months),
            "age_at_maturity_years": self._age_at_maturity(term_months),
            "exposure_with_us": total(self.others_with_us, amount),
        }

    def _age_at_maturity(self, term_months: int) -> Value:
        if self.born is None:
            return None
        if term_months not in self._ages:
            last_day = dates.add_months(self.applied_date, term_months)
            self._ages[term_months] = _age(self.born, last_day)
        return self._ages[term_months]

    @cached_property
    def _ages(self) -> dict[int, Decimal]:
        """The age at the end of each term that was tried; many amounts are tried at one term."""
        return {}


@dataclass(frozen=True)
class Known:
    """What was read of an application before: our own book, and what apps above know."""

    book: Books
    borrowing: Borrowing | None


def gather(application: Application, *, known: Known | None = None) -> Gathered:
    """Return what is known about an application from its frozen facts and our own book.

    Who has read the book before says what is `known` of it.
    """
    customer, employment = application.customer, application.employment
    if known is None:
        known = Known(books.read(application), sources.borrowing(application))
    book, borrowing = known.book, known.borrowing
    born = customer.date_of_birth
    guaranteed, others = book.guaranteed, total(book.approved, book.guaranteed)
    if borrowing is not None:
        guaranteed = total(guaranteed, borrowing.guaranteed)
        others = total(others, borrowing.guaranteed, borrowing.owed)
    standing: dict[str, Value] = {
        "age_years": None if born is None else _age(born, application.applied_date),
        "country": customer.country or None,
        "annual_income": getattr(employment, "gross_annual_income", None),
        "net_monthly_income": getattr(employment, "net_monthly_income", None),
        "income_gap": arithmetic.income_gap(
            declared=getattr(employment, "net_monthly_income", None),
            documented=getattr(employment, "documented_net_monthly_income", None),
        ),
        "income_verification": getattr(employment, "verification", None) or None,
        "employment_months": _count(getattr(employment, "months_employed", None)),
        "blocked": book.blocked,
        "guarantees_with_us": guaranteed,
        "guarantor_exposure": _guarantor_exposure(application, book),
        "defaults_with_us": None if borrowing is None else Decimal(borrowing.defaults),
        **_bureau(application),
    }
    securities = () if book.security_value is None else (Security(None, book.security_value),)
    return Gathered(standing, born, application.applied_date, others, securities)


def unscored(application: Application, affordability: Affordability) -> dict[str, Value]:
    """Return the inputs of an application that no model scored."""
    request = Request(
        amount=application.amount,
        term_months=application.term_months,
        affordability=affordability,
        pd=None,
    )
    return gather(application).inputs(request)


def total(*amounts: Decimal | None) -> Decimal | None:
    """Return the sum, which is not known where a part of it is not."""
    known = [one for one in amounts if one is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _guarantor_exposure(application: Application, book: Books) -> Value:
    """Return the most that a guarantor would owe us or answer for, were this approved.

    0 where no customer of ours answers for it; not known where one does so in another currency,
    or owes us or answers for something in one.
    """
    if not book.is_guaranteed:
        return Decimal(0)
    given, currency = applications.guarantees(application), application.currency
    if any(one.currency != currency for one in given):
        return None
    people = [one.customer_id for one in given]
    owed, answered = _of_guarantors(application, people)
    nothing, most = Decimal(0), Decimal(0)
    for one in given:
        exposed = total(
            one.amount, owed.get(one.customer_id, nothing), answered.get(one.customer_id, nothing)
        )
        if exposed is None:
            return None
        most = max(most, exposed)
    return most


def _of_guarantors(
    application: Application, people: list[uuid.UUID]
) -> tuple[Mapping[uuid.UUID, Decimal | None], Mapping[uuid.UUID, Decimal | None]]:
    """Return what guarantors owe us and answer for beside an application, on its day."""
    key, currency = application.pk, application.currency
    day = debts.day_of(status=application.status, applied_date=application.applied_date)
    if day is None:
        return (
            selectors.approved_amounts(people, currency=currency, besides=key),
            applications.guaranteed_by(people, currency=currency, besides=key),
        )
    owed, answered = (
        {
            person: debts.besides(rows, application=key, currency=currency, day=day)
            for person, rows in found(people).items()
        }
        for found in (debts.owed, debts.answered)
    )
    return owed, answered


def _bureau(application: Application) -> dict[str, Value]:
    report = application.bureau_report
    if report is None:
        names = [name for name, _column in _BUREAU]
        return {
            **dict.fromkeys([*names, "bureau_report_age_days", "credit_history_months"]),
            "bureau_report": False,
        }
    oldest = report.oldest_account_date
    history = None if oldest is None else dates.months_between(oldest, application.applied_date)
    return {
        "bureau_report": True,
        "bureau_report_age_days": Decimal((application.applied_date - report.pulled_date).days),
        "credit_history_months": _count(history),
        **{name: _count(getattr(report, column)) for name, column in _BUREAU},
    }


def _age(born: date, on: date) -> Decimal:
    return Decimal(dates.age_in_years(born, on))


def _count(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number)
