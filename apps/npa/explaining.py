"""Why a loan has its class on a day: worked out anew, and laid beside what the night stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import borrower_facts, classification, provisioning, rulebook, why
from apps.npa.borrower_facts import Stood
from apps.npa.classification import Classified
from apps.npa.facility import Borrower
from apps.npa.provisioning import Provided
from apps.npa.regimes import Rules
from apps.npa.rulebook import Stored
from apps.npa.why import Judged, Part
from apps.schedules.refusals import Sentence

_OWED = ("principal", "principal_due", "interest_due", "interest_earned", "charges_due")
_LATE = ("oldest_due", "missed")
_CLASSED = (
    *("dpd_rbi", "dpd_ifrs", "bucket", "asset_class", "computed", "npa_date", "class_since"),
    *("aged_from", "stage", "reason", "computed_since", "computed_npa_date"),
    "computed_aged_from",
)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading's sentences, in their order."""

    code: str
    said: tuple[Sentence, ...]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A column of the snapshot that says something else than what is worked out now."""

    column: str
    stored: Any
    computed: Any


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another loan of the borrower: what stood of it, and what its own table made of it."""

    stood: Stood
    judged: Judged
    table: Stored


@dataclass(frozen=True, kw_only=True)
class Explained:
    """The answer for one loan and day. `differences` is None where the night wrote no snapshot."""

    loan: Loan
    day: date
    table: Stored
    stood: Stood
    judged: Judged
    others: tuple[Other, ...]
    provided: Provided
    sections: tuple[Section, ...]
    working: tuple[Part, ...]
    differences: tuple[Difference, ...] | None

    @property
    def rules(self) -> Rules:
        """The rules of the day."""
        return self.table.rules


def explain(loan: Loan, day: date) -> Explained:
    """Work a loan's class and provision out anew for the end of a day.

    Raises DomainError where nothing was lent then, the loan was over, or no rules were in force for
    it or another loan of the borrower.
    """
    table = rulebook.chosen_for(loan, on=day)
    rules = table.rules
    stood = borrower_facts.of_borrower(loan, day)
    if loan.pk not in {one.loan.pk for one in stood}:
        sentence = _("Nothing of this loan was on the books at the end of that day.")
        raise DomainError("not_on_the_books", sentence, fields={"day": sentence})
    tables = [table if one.loan.pk == loan.pk else _table_of_other(one.loan, day) for one in stood]
    judged = _judged(stood, tables, day)
    pairs = list(zip(stood, judged, strict=True))
    its, subject = next(pair for pair in pairs if pair[0].loan.pk == loan.pk)
    provided = provisioning.provide(subject.facility, subject.found, rules, day)
    return Explained(
        loan=loan,
        day=day,
        table=table,
        stood=its,
        judged=subject,
        others=tuple(
            Other(stood=one, judged=each, table=its_table)
            for (one, each), its_table in zip(pairs, tables, strict=True)
            if one is not its
        ),
        provided=provided,
        sections=_sections(subject, judged, provided, day=day),
        working=tuple(why.working(provided, subject.facility, subject.found, rules)),
        differences=_differences(its, subject, provided, table),
    )


def _judged(stood: Sequence[Stood], tables: Sequence[Stored], day: date) -> list[Judged]:
    """Return what became of the loans of a borrower, each by its own table, as the night does."""
    under = {one.facility.key: its.rules for one, its in zip(stood, tables, strict=True)}
    borrower = Borrower(facilities=tuple(one.facility for one in stood))
    found = classification.classify(borrower, tables[0].rules, day, under=under)
    return [
        Judged(facility=_held(one, each, its.rules), found=each, rules=its.rules)
        for one, each, its in zip(stood, found, tables, strict=True)
    ]


def _table_of_other(loan: Loan, day: date) -> Stored:
    """Return the table that another loan is under; its number may be none of the reader's."""
    try:
        return rulebook.chosen_for(loan, on=day)
    except DomainError as refusal:
        sentence = _("Another loan of the borrower: %(why)s") % {"why": refusal}
        raise DomainError(refusal.code, sentence) from refusal


def asked_day(loan: Loan, day: date | None, *, today: date) -> date:
    """Return the day that is asked for, or else the last that was ended with a loan on the books.

    Today where none was. Raises DomainError for a day that is still to come.
    """
    ended = borrower_facts.last_ended(loan.branch.entity_id)
    if day is not None:
        if day > max(today, ended or today):
            sentence = _("This day is still to come.")
            raise DomainError("day_to_come", sentence, fields={"day": sentence})
        return day
    if ended is not None and loan.disbursed_date is not None and ended >= loan.disbursed_date:
        return ended
    return today


def _held(one: Stood, found: Classified, rules: Rules) -> Any:
    """Return the facility with the interest that is in suspense: all of one that is not good."""
    is_bad = not rules.performs(found.asset_class)
    return replace(one.facility, suspended=one.figures.interest if is_bad else Decimal(0))


def _sections(
    subject: Judged, judged: list[Judged], provided: Provided, *, day: date
) -> tuple[Section, ...]:
    one, found, rules = subject.facility, subject.found, subject.rules
    others = [each for each in judged if each is not subject]
    listed = {
        "late": [*why.demand(one, found, rules), *why.bound(one, rules, day)],
        "class": [*why.reason(one, found), *why.next_step(found, rules, day)],
        "borrower": why.together(subject, others),
        "upgrade": why.upgrade(judged, subject, day),
        "loss": why.expected(provided, one, found, rules),
    }
    return tuple(Section(code=code, said=tuple(said)) for code, said in listed.items() if said)


def _differences(
    stood: Stood, subject: Judged, provided: Provided, table: Stored
) -> tuple[Difference, ...] | None:
    stored = stood.snapshot
    if stored is None:
        return None
    computed: dict[str, Any] = {
        **{name: getattr(stood.figures, name) for name in (*_OWED, *_LATE)},
        **{name: getattr(subject.found, name) for name in _CLASSED},
        "secured": provided.secured,
        "unsecured": provided.unsecured,
        "provision": provided.amount,
        "reserve": provided.reserve,
        "rule_table_id": table.pk,
    }
    return tuple(
        Difference(column=name, stored=getattr(stored, name), computed=value)
        for name, value in computed.items()
        if getattr(stored, name) != value
    )
