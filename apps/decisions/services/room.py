"""Whether a borrower may be lent to at all, and owe us as much as an approval would make it.

Asked at the moment of the approval: what a machine judged may be weeks old when people decide.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from apps.applications import selectors as applications
from apps.applications.models import Application, Guarantor
from apps.collateral.models import CoBorrower
from apps.core import dates, formatting, prepared
from apps.core.prepared import Given
from apps.customers import selectors as customers
from apps.customers.models import Customer
from apps.decisions import inputs, judging, policy_inputs, rulebook, selectors
from apps.decisions.errors import (
    BorrowerBlocked,
    CoBorrowerBlocked,
    ExposureExceeded,
    GuarantorExceeded,
    PolicyUnusable,
)
from apps.decisions.policy import Rule
from apps.decisions.services import lettering
from apps.decisions.services.basis import Basis

_EXPOSURE = frozenset({"exposure_with_us", "guarantees_with_us", "guarantor_exposure"})


def lock_borrowers(application: Application) -> None:
    """Lock the borrower and every customer who answers beside them, until the transaction ends.

    What one may owe us is judged from other approvals: two at once would each not see the other.
    All are locked in one order, so that two applications cannot wait for each other.
    """
    _CONCERNED.ask(application=application.pk, borrower=application.customer_id)


def lock_each(chosen: Sequence[Application]) -> None:
    """Lock the borrowers of applications for which nobody else answers, in one order for all."""
    borrowers = Customer.objects.filter(pk__in={one.customer_id for one in chosen}).order_by("pk")
    list(borrowers.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def _concerned() -> QuerySet[Customer, tuple[uuid.UUID]]:
    guaranteed = Guarantor.objects.filter(application=Given("application"), customer__isnull=False)
    borrower = Customer.objects.filter(pk=Given("borrower")).values("pk")
    # One list of keys: with an OR the database would go through all customers.
    owing = CoBorrower.objects.filter(application=Given("application")).values("customer")
    keys = guaranteed.values("customer").union(owing, borrower)
    rows = Customer.objects.filter(pk__in=keys).order_by("pk")
    return rows.select_for_update(no_key=True, of=("self",)).values_list("pk")


_CONCERNED = prepared.Query(_concerned)


def require_unblocked(application: Application, *, now: datetime) -> None:
    """Raise BorrowerBlocked where the block list names the borrower or a co-borrower today."""
    today = dates.local_date(now, application.branch.entity.time_zone)
    if customers.is_blocked(application.customer, today):
        raise BorrowerBlocked
    owing = CoBorrower.objects.filter(application=application).values("customer")
    if customers.blocking_any(owing, application.customer.entity_id, today).exists():
        raise CoBorrowerBlocked


def require_room(
    application: Application,
    amount: Decimal,
    *,
    judged_before: Basis,
    now: datetime,
    excepted: Collection[str] = (),
) -> None:
    """Raise ExposureExceeded where the policy would not let the borrower owe us this much today.

    Raises BorrowerBlocked, too. Locks who is concerned until the transaction ends: another case of
    theirs may be decided at this very moment. Where no readable policy is in force there is no
    limit to keep, nor by the rules `excepted`.
    """
    lock_borrowers(application)
    require_unblocked(application, now=now)
    rules = _rules(application, judged_before, now=now)
    if not rules:
        return
    tried = judging.at_terms(application, amount, application.term_months, application.annual_rate)
    known = inputs.unscored(tried, applications.affordability(tried))
    for rule in rules:
        value = known.get(rule.input)
        if rule.code not in excepted and value is not None and not rule.is_met_by(value):
            raise _exceeded(rule, value, application.currency)


def failed(trace: Any) -> list[str]:
    """Return the codes of the rules that a stored trace found not met."""
    return [one["code"] for one in trace["results"] if one["result"] == "failed"] if trace else []


def _rules(application: Application, judged_before: Basis, *, now: datetime) -> list[Rule]:
    entity = application.branch.entity
    version = judged_before.policy or selectors.policy_in_force(
        entity, lettering.local_date(entity, now)
    )
    if version is None:
        return []
    try:
        found = rulebook.policy_of(version)
    except PolicyUnusable:
        return []
    rules = found.rules_for(product=application.product.code, currency=application.currency)
    return [rule for rule in rules if rule.input in _EXPOSURE and rule.outcome == "decline"]


def _exceeded(rule: Rule, value: policy_inputs.Value, currency: str) -> ExposureExceeded:
    whose = GuarantorExceeded if rule.input == "guarantor_exposure" else ExposureExceeded
    return whose(rule.sentence, _shown(value, currency))


def _shown(value: policy_inputs.Value, currency: str) -> str:
    return formatting.format_money(value, currency) if isinstance(value, Decimal) else str(value)
