"""What each loan of a borrower was at the end of a day, from what happened to it and its security.

The same facts that the day-end reads for a whole book by one statement, read here for one borrower
by other means: the accounts are replayed up to the day, and items are worth what the register says
of the day. Yesterday's class is that of the last snapshot before the day.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField
from django.db.models.functions import Cast

from apps.collateral import worths
from apps.collateral.models import Lien, Valuation
from apps.collateral.worths import Worth
from apps.decisions.models import Decision
from apps.loans.models import Loan
from apps.npa import findings, lifetime, stood
from apps.npa.facility import ZERO, Facility
from apps.npa.grading import GONE
from apps.npa.models import DayEnd, Finding, LoanDay, Override
from apps.npa.stood import Figures
from apps.repayments import reading, replaying, writing
from apps.repayments.models import AccountEvent
from apps.repayments.replaying import Account

_OVER_30 = 30
# What restructures a loan where the borrower was in financial difficulty (rule book 1.13).
_CHANGES_OF_TERMS = ("restructure", "reschedule", "moratorium")


@dataclass(frozen=True, kw_only=True)
class Stood:
    """A loan at the end of a day: what was owed, what is classed, and what the night wrote."""

    loan: Loan
    figures: Figures
    facility: Facility
    override: Override | None
    # The last snapshot before the day, and that of the day; None where no day-end wrote one.
    before: LoanDay | None
    snapshot: LoanDay | None


def of_borrower(loan: Loan, day: date) -> list[Stood]:
    """Return the loans a borrower had with the lender of a loan at the end of a day.

    By their numbers. The loan itself is among them where it had been paid out and was not over.
    """
    running = [(one, _account(one, day)) for one in _running(loan, day)]
    accounts = {one.pk: account for one, account in running if not _was_over(one, account)}
    loans = [one for one, _account_ in running if one.pk in accounts]
    owed = _figures(accounts, day)
    snapshots = _snapshots(loans, day)
    before = _before(loan, loans, day)
    secured = _security(loans, day)
    overrides = {one.loan_id: one for one in Override.objects.in_force(day).filter(loan__in=loans)}
    told = _found(loans, day)
    scored = _scored(loans)
    restructured = {one.pk: _restructured(one, accounts[one.pk], loans, day) for one in loans}
    found = []
    for one in loans:
        figures = owed[one.pk]
        override = overrides.get(one.pk)
        facility = _facility(
            one,
            figures,
            day,
            before=before.get(one.pk),
            override=override.asset_class if override else "",
        )
        pd = scored.get(one.application_id)
        known = secured.get(one.application_id, {}) | restructured[one.pk] | told.get(one.pk, {})
        known |= {
            "pd_origination": pd,
            "pd_12_months": pd,
            "months_left": lifetime.months_left(figures.last_due, day),
            "annual_rate": one.annual_rate,
        }
        owed_then = known.pop("owed_then", ZERO)
        if owed_then:
            known["repaid_share"] = (owed_then - figures.principal) / owed_then
        found.append(
            Stood(
                loan=one,
                figures=figures,
                facility=replace(facility, **known),
                override=override,
                before=before.get(one.pk),
                snapshot=snapshots.get(one.pk),
            )
        )
    return [_with_exposure(one, found) for one in found]


def _with_exposure(one: Stood, all_: Iterable[Stood]) -> Stood:
    """Return a loan that was restructured with all that the borrower owes in its currency."""
    if one.facility.restructured_on is None:
        return one
    same = [each.facility for each in all_ if each.facility.currency == one.facility.currency]
    exposure = sum((each.outstanding for each in same), ZERO)
    return replace(one, facility=replace(one.facility, exposure=exposure))


def last_ended(entity: uuid.UUID, *, before: date | None = None) -> date | None:
    """Return the last day of a lender that has snapshots, of those before a day if one is told."""
    ended = DayEnd.objects.filter(entity=entity, status__in=("finished", "closed"))
    if before is not None:
        ended = ended.filter(day__lt=before)
    return ended.order_by("-day").values_list("day", flat=True).first()


def _running(loan: Loan, day: date) -> list[Loan]:
    rows = Loan.objects.filter(
        customer=loan.customer_id,
        branch__entity=loan.branch.entity_id,
        disbursed_date__lte=day,
        status__in=("active", "closed", "written_off"),
    )
    rows = rows.select_related(
        *("product__conditions", "application", "account", "branch__entity")
    ).order_by("number")
    return [one for one in rows if one.status == "active" or _moved_after(one, day)]


def _moved_after(loan: Loan, day: date) -> bool:
    """Say whether something happened to a loan that is over now: it may have run on the day."""
    account = getattr(loan, "account", None)
    return account is not None and account.moved_on is not None and account.moved_on > day


def _was_over(loan: Loan, account: Account) -> bool:
    return loan.status != "active" and writing.state_of(account.position) != "active"


def _account(loan: Loan, day: date) -> Account:
    return replaying.replay(
        reading.contract(loan), reading.happened(loan), upto=day, points=reading.points(loan.pk)
    )


def _figures(accounts: Mapping[uuid.UUID, Account], day: date) -> dict[uuid.UUID, Figures]:
    earned, went = reading.earned_at_payout(list(accounts)), reading.paid_out(list(accounts), day)
    return {
        key: stood.figures(
            one.position,
            day,
            earned_at_payout=earned.get(key, ZERO),
            not_paid_out=one.contract.terms.lent - went.get(key, ZERO),
        )
        for key, one in accounts.items()
    }


def _snapshots(loans: Iterable[Loan], day: date) -> dict[uuid.UUID, LoanDay]:
    return {row.loan_id: row for row in LoanDay.objects.filter(day=day, loan__in=list(loans))}


def _before(loan: Loan, loans: Iterable[Loan], day: date) -> dict[uuid.UUID, LoanDay]:
    """Return the last snapshots before a day, but for loans that were over then."""
    last = last_ended(loan.branch.entity_id, before=day)
    rows = LoanDay.objects.filter(day=last, loan__in=list(loans)) if last else ()
    return {row.loan_id: row for row in rows if row.asset_class not in GONE}


def _facility(
    loan: Loan, figures: Figures, day: date, *, before: LoanDay | None, override: str
) -> Facility:
    assert loan.disbursed_date is not None  # noqa: S101 - asked for with a day
    return Facility(
        key=loan.pk,
        currency=loan.currency,
        opened_on=loan.disbursed_date,
        outstanding=figures.outstanding,
        oldest_due=figures.oldest_due,
        missed=figures.missed,
        purpose=loan.application.purpose,
        exposure_at_start=loan.principal - _given_up(loan, day),
        security_at_start=ZERO,
        override=override,
        **(_was(before, override) if before else {}),
    )


def _given_up(loan: Loan, day: date) -> Decimal:
    is_given_up = loan.given_up_date is not None and loan.given_up_date <= day
    return loan.given_up if is_given_up else ZERO


def _was(before: LoanDay, override: str) -> dict[str, Any]:
    """Return what was said the day before; by the rules alone where an override is over.

    So the class goes on as if there had been none.
    """
    is_over = not override and before.override_id is not None and before.computed_since is not None
    return {
        "was_class": before.computed if is_over else before.asset_class,
        "was_class_since": before.computed_since if is_over else before.class_since,
        "was_npa_date": before.computed_npa_date if is_over else before.npa_date,
        "was_aged_from": before.computed_aged_from if is_over else before.aged_from,
        "was_computed": before.computed,
        "was_computed_since": before.computed_since,
        "was_computed_npa_date": before.computed_npa_date,
        "was_computed_aged_from": before.computed_aged_from,
    }


def _found(loans: Iterable[Loan], day: date) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the fields of facilities that two people's findings fill."""
    rows = Finding.objects.in_force(day).filter(loan__in=list(loans))
    told: dict[uuid.UUID, list[tuple[str, str]]] = {}
    for loan, kind, value in rows.values_list("loan_id", "kind", "value"):
        told.setdefault(loan, []).append((kind, value))
    return {loan: findings.fields(pairs) for loan, pairs in told.items()}


def _scored(loans: Iterable[Loan]) -> dict[uuid.UUID, Decimal]:
    """Return the PD of the last decision that a score was for, by application."""
    rows = Decision.objects.filter(
        application__in=[one.application_id for one in loans], score_run__isnull=False
    ).order_by("application_id", "number")
    # Rounded by the database, as the night has it done.
    pd = Cast("score_run__pd", DecimalField(max_digits=9, decimal_places=6))
    return dict(rows.values_list("application_id", pd))


# --- restructuring --------------------------------------------------------------------------------
def _restructured(loan: Loan, account: Account, loans: Iterable[Loan], day: date) -> dict[str, Any]:
    """Return the fields of a facility that a restructuring for financial difficulty fills."""
    event = (
        AccountEvent.objects.filter(
            loan=loan,
            kind="change",
            status="live",
            day__lte=day,
            parameters__change__in=_CHANGES_OF_TERMS,
            parameters__parameters__difficulty=True,
        )
        .order_by("-day", "-position")
        .first()
    )
    if event is None:
        return {}
    rows = [row for row in account.in_force.rows if row.due_on > event.day]
    then = LoanDay.objects.filter(loan=loan, day=event.day - timedelta(days=1)).first()
    first = min((row.due_on for row in rows if row.principal + row.interest > 0), default=None)
    late = (
        first is not None
        and LoanDay.objects.filter(
            loan__in=list(loans), day__gte=first, day__lt=day, dpd_ifrs__gt=_OVER_30
        ).exists()
    )
    return {
        "restructured_on": event.day,
        "class_when_restructured": then.asset_class if then else "",
        "first_payment_on": first,
        "owed_then": max((row.opening for row in rows), default=ZERO),
        "defaulted_since": late,
    }


# --- security -------------------------------------------------------------------------------------
def _security(loans: Iterable[Loan], day: date) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the fields of facilities that items fill, by the application they secure."""
    applications = [one.application_id for one in loans]
    liens = Lien.objects.filter(application__in=applications, status="standing")
    liens = liens.select_related("item").order_by("item_id", "rank")
    found = worths.on_day({lien.item for lien in liens}, day)
    valued = _valuations(found)
    per_loan: dict[uuid.UUID, list[_Secured]] = {}
    for lien in liens:
        worth = found[lien.item_id]
        if worth.valuation is not None and lien.application_id is not None:
            secured = _of_lien(lien, worth, valued[lien.item_id])
            per_loan.setdefault(lien.application_id, []).append(secured)
    return {application: _fields(each) for application, each in per_loan.items()}


@dataclass(frozen=True, kw_only=True)
class _Secured:
    """What one lien brings: now, by the valuation before, by the first; and of the full value."""

    worth: Worth
    brings: Decimal
    brought: Decimal
    began: Decimal
    value: Decimal


def _of_lien(lien: Lien, worth: Worth, valued: list[Valuation]) -> _Secured:
    earlier = [one for one in valued if _order(one) < _order(worth.valuation)]
    before = earlier[-1] if earlier else worth.valuation
    return _Secured(
        worth=worth,
        brings=worth.realised[lien.pk].gets,
        brought=replace(worth, valuation=before).realised[lien.pk].gets,
        began=replace(worth, valuation=valued[0]).realised[lien.pk].gets,
        value=worth.shares[lien.pk].gets,
    )


def _fields(secured: list[_Secured]) -> dict[str, Any]:
    counting = [one for one in secured if one.worth.terms.counts]
    fresh = [one for one in counting if not one.worth.is_stale]
    stale = [one for one in counting if one.worth.is_stale]
    best = min(counting, key=lambda one: (-one.brings, one.worth.item.kind), default=None)
    return {
        "security": sum((one.brings for one in fresh), ZERO),
        "security_stale": sum((one.brings for one in stale), ZERO),
        "security_assessed": sum((one.brought for one in counting), ZERO) if counting else None,
        "security_at_start": sum((one.began for one in counting), ZERO),
        "deposits": sum((one.value for one in secured if one.worth.terms.keeps_standard), ZERO),
        "security_kind": best.worth.item.kind if best else "",
    }


def _valuations(found: Mapping[uuid.UUID, Worth]) -> dict[uuid.UUID, list[Valuation]]:
    """Return the valuations of items that nobody has corrected, the oldest first."""
    rows = Valuation.objects.filter(item__in=list(found), corrected_by__isnull=True)
    listed: dict[uuid.UUID, list[Valuation]] = {key: [] for key in found}
    for row in rows.order_by("valued_date", "recorded_at", "id"):
        listed[row.item_id].append(row)
    return listed


def _order(one: Valuation | None) -> tuple[Any, ...]:
    assert one is not None  # noqa: S101 - asked for where there is one
    return (one.valued_date, one.recorded_at, one.pk)
