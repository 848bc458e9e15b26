"""Put together the key facts of an offer: from application, decision, product and schedule."""

from datetime import date
from decimal import Decimal
from typing import Any

from apps.accounts.models import Entity
from apps.applications.models import Application
from apps.core import dates
from apps.decisions.models import Decision
from apps.letters import regimes
from apps.offers import contingent, contract, hooks, rate_rise
from apps.offers.key_facts import (
    Agreement,
    Colending,
    Contingent,
    FeeFact,
    Floating,
    Instalment,
    KeyFacts,
)
from apps.products.models import Conditions, Fee, Product
from apps.schedules import cost
from apps.schedules.terms import FeeTiming, Method, Row, Schedule, Terms


def gather(
    application: Application,
    decision: Decision,
    schedule: Schedule,
    *,
    number: str,
    language: str,
    term_months: int,
    offered: date,
    valid_until: date,
) -> KeyFacts:
    """Return the key facts of a loan with a schedule; `contract.missing` found nothing missing.

    Raises TermsRefused where fees leave nothing to pay out.
    """
    product, terms = application.product, schedule.terms
    conditions, entity = product.conditions, product.entity
    sanctioned = dates.local_date(decision.decided_at, entity.time_zone)
    return KeyFacts(
        regime=regimes.regime_of(entity.country),
        number=number,
        product=product.named(language),
        is_secured=product.secured,
        sanctioned_date=sanctioned,
        offered_date=offered,
        valid_until=valid_until,
        is_staged=conditions.is_staged,
        staged_clause=conditions.staged_clause,
        term_months=term_months,
        rate_type=conditions.rate_type,
        floating=_floating(conditions, schedule),
        fees=_fees(product, schedule, language),
        contingent=_contingent(application, conditions, sanctioned),
        agreement=_agreement(conditions, entity),
        colending=_colending(conditions, terms.annual_rate),
        is_colent=conditions.is_colent,
        cooling_off_days=product.cooling_off_days,
        allocation_order=tuple(conditions.allocation_order),
        own_loan=hooks.own_loan(
            application, schedule.terms.disbursed_on, max(schedule.terms.disbursed_on, valid_until)
        ),
        **_scheduled(schedule),
    )


def _scheduled(schedule: Schedule) -> dict[str, Any]:
    """Return what follows from the schedule alone: instalments, cost, and every row."""
    terms, rows = schedule.terms, schedule.rows
    return {
        "currency": terms.currency,
        "principal": terms.principal,
        "disbursal_date": terms.disbursed_on,
        "method": terms.method.value,
        "frequency": terms.frequency.value,
        "instalments": len(rows),
        "instalment": _regular(terms, rows),
        "last_instalment": rows[-1].instalment,
        "first_due_date": rows[0].due_on,
        "last_due_date": rows[-1].due_on,
        "annual_rate": terms.annual_rate,
        "day_count": terms.day_count.value,
        "first_period": terms.first_period.value,
        "upfront_interest": schedule.upfront_interest,
        "net_disbursed": schedule.net_disbursed,
        "total_interest": schedule.total_interest,
        "total_payable": schedule.total_payable,
        "apr": cost.apr(schedule),
        "effective_annual": cost.effective_annual(schedule),
        "schedule": tuple(_line(row) for row in rows),
    }


def _regular(terms: Terms, rows: tuple[Row, ...]) -> Decimal:
    """Return the instalment that is not the first, which may be broken, nor the last.

    Where each is less than the one before, whose first is the largest, it is the first.
    """
    if terms.method == Method.EQUAL_PRINCIPAL or len(rows) <= 2:
        return rows[0].instalment
    return rows[1].instalment


def _line(row: Row) -> Instalment:
    return Instalment(
        number=row.number,
        due_date=row.due_on,
        opening=row.opening,
        principal=row.principal,
        interest=row.interest,
        fee=row.fee,
        instalment=row.instalment,
        closing=row.closing,
    )


def _fees(product: Product, schedule: Schedule, language: str) -> tuple[FeeFact, ...]:
    said: dict[str, Fee] = {fee.code: fee for fee in product.fees.all()}
    return tuple(
        FeeFact(
            code=fee.code,
            name=said[fee.code].named(language),
            amount=fee.amount,
            timing=fee.timing.value,
            times=len(schedule.rows) if fee.timing == FeeTiming.EACH_INSTALMENT else 1,
            is_third_party=fee.is_third_party,
            kept_on_exit=bool(said[fee.code].kept_on_exit),
        )
        for fee in schedule.terms.fees
    )


def _floating(conditions: Conditions, schedule: Schedule) -> Floating | None:
    if conditions.benchmark_rate is None or conditions.reset_months is None:
        return None
    effect = rate_rise.of(schedule)
    return Floating(
        benchmark=conditions.benchmark,
        benchmark_rate=conditions.benchmark_rate,
        spread=schedule.terms.annual_rate - conditions.benchmark_rate,
        reset_months=conditions.reset_months,
        instalment_up=effect.instalment,
        instalments_up=effect.instalments,
    )


def _contingent(application: Application, conditions: Conditions, sanctioned: date) -> Contingent:
    country = application.product.entity.country
    return Contingent(
        penal_charge_rate=conditions.penal_charge_rate,
        bounce_charge=conditions.bounce_charge,
        foreclosure_rate=conditions.foreclosure_rate,
        is_free_to_prepay=contingent.is_free_to_prepay(
            is_indian=regimes.regime_of(country) == regimes.INDIA,
            is_floating=conditions.rate_type == Conditions.RateType.FLOATING,
            # Every customer is a person.
            is_individual=True,
            is_business=application.purpose in contract.BUSINESS,
            sanctioned=sanctioned,
        ),
        switching_charge=conditions.switching_charge,
    )


def _agreement(conditions: Conditions, entity: Entity) -> Agreement:
    return Agreement(
        recovery_clause=conditions.recovery_clause,
        grievance_clause=conditions.grievance_clause,
        nodal_officer=entity.nodal_officer,
        nodal_phone=entity.nodal_phone,
        nodal_email=entity.nodal_email,
        is_transferable=conditions.is_transferable,
        is_digital=conditions.is_digital,
        recovery_agent=conditions.recovery_agent,
    )


def _colending(conditions: Conditions, blended: Decimal) -> Colending | None:
    share, rate = conditions.colender_share, conditions.colender_rate
    if share is None or rate is None:
        return None
    own = 1 - share
    return Colending(
        lender=conditions.colender,
        share=share,
        rate=rate,
        own_share=own,
        own_rate=((blended - share * rate) / own).quantize(Decimal("0.000001")),
        blended_rate=blended,
    )
