"""Correct what an appeal shows to be wrong: a new row with its source, never a changed one."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.customers import checks, policies, selectors, sentences
from apps.customers.models import Customer, Employment, Household, NoObligations, Obligation
from apps.customers.services import _ground

# What can be corrected, by where it stands.
INCOME = ("gross_annual_income", "net_monthly_income")
WORK = (*INCOME, "months_employed")
OBLIGATIONS, HOME = "obligations_monthly", "home"
_KEPT = ("type", "employer", "currency", *WORK, "basic_monthly_pay", "verification")
# What documents show of a net income; it says nothing of a corrected one.
_DOCUMENTED = ("documented_net_monthly_income", "documented_by")


@transaction.atomic
def correct_facts(
    *, actor: User, customer: Customer, values: Mapping[str, Any], source: str, now: datetime
) -> list[str]:
    """Record corrected facts as of today, and return which; `source` names what shows them.

    Work and income become a new row beside the former ones, obligations a total that replaces what
    stood, the home is changed on the record. The caller has checked each value by itself.

    Raises NotPermitted, and DomainError beside a net income that would lie above gross.
    """
    _ground.permit(policies.may_correct, actor=actor, customer=customer)
    customer = _ground.lock(customer)
    today = _ground.today(customer, now)
    work = {name: values[name] for name in WORK if name in values}
    if work:
        _work(actor, customer, work, today)
    if OBLIGATIONS in values:
        _obligations(actor, customer, values[OBLIGATIONS], today)
    if HOME in values:
        Household.objects.update_or_create(customer=customer, defaults={"home": values[HOME]})
    done = sorted(values)
    audit.record(actor, "customers.facts_corrected", customer, facts=done, source=source)
    return done


def _work(actor: User, customer: Customer, work: Mapping[str, Any], today: date) -> None:
    before = selectors.current_employment(customer, today)
    names = _KEPT if "net_monthly_income" in work else (*_KEPT, *_DOCUMENTED)
    kept = {} if before is None else {name: getattr(before, name) for name in names}
    if work.keys() & set(INCOME):
        _require_net_within_gross({**kept, **work})
        # Somebody other than the applicant has looked at the paper that shows the income.
        kept["verification"] = Employment.Verification.DOCUMENTS
    Employment.objects.create(
        pk=uuid.uuid4(),
        customer=customer,
        as_of=today,
        recorded_by=actor,
        **{
            "currency": customer.entity.currency,
            **kept,
            **work,
        },
    )


def _require_net_within_gross(work: Mapping[str, Any]) -> None:
    net, gross = work["net_monthly_income"], work["gross_annual_income"]
    if checks.is_net_above_gross(net=net, gross=gross):
        raise sentences.refuse("net_monthly_income", "net_above_gross")


def _obligations(actor: User, customer: Customer, total: Decimal, today: date) -> None:
    for one in selectors.standing_obligations(customer, today):
        one.ended_date = max(today, one.from_date)
        one.save(update_fields=["ended_date", "updated_at"])
    if total:
        Obligation.objects.create(
            pk=uuid.uuid4(),
            customer=customer,
            kind=Obligation.Kind.TOTAL,
            currency=customer.entity.currency,
            monthly_payment=total,
            from_date=today,
            recorded_by=actor,
        )
    else:
        NoObligations.objects.create(
            pk=uuid.uuid4(),
            customer=customer,
            declared_date=today,
            channel="paper",
            recorded_by=actor,
        )
