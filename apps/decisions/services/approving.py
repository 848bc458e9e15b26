"""What people approve: judged at its own amount and term, at the price of its risk, for them too.

A counter-offer is another request. It is scored by the model that scored the first one, priced by
its band and judged by the version in force, so that its decision replays like any other.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import features
from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core import dates, formatting
from apps.core.money import money
from apps.decisions import inputs, judging, policy_inputs, rulebook, tracing
from apps.decisions.errors import PolicyUnusable
from apps.decisions.models import PolicyVersion
from apps.decisions.services.basis import Basis
from apps.products.catalogue import LONGEST_OFFER_DAYS
from apps.scoring import services as scoring
from apps.scoring.models import ScoreRun

# A counter-offer that is not taken up lapses, and the applicant is told by the 90th day (rule book
# 4.1): its last day is the one before.
ACCEPTED_WITHIN_DAYS = LONGEST_OFFER_DAYS


@dataclass(frozen=True)
class Terms:
    """An amount, in the application's currency, and a term."""

    amount: Decimal
    term_months: int

    def is_asked_for(self, application: Application) -> bool:
        """Say whether this is exactly what the application asks for."""
        return self == Terms(application.amount, application.term_months)


def term_errors(application: Application, terms: Terms) -> dict[str, object]:
    """Return why something cannot be approved at all, by field: never more than was asked for."""
    product, currency = application.product, application.currency
    errors: dict[str, object] = {}
    if terms.amount != money(terms.amount, currency):
        errors["amount"] = _("Enter an amount in whole smallest units of the currency.")
    elif not product.minimum_amount <= terms.amount <= application.amount:
        errors["amount"] = _("Between %(least)s and the %(asked)s that were asked for.") % {
            "least": formatting.format_money(product.minimum_amount, currency),
            "asked": formatting.format_money(application.amount, currency),
        }
    shortest, longest = product.minimum_term_months, product.maximum_term_months
    if not shortest <= terms.term_months <= longest:
        errors["term_months"] = _("Between %(lowest)d and %(highest)d months for this product.") % {
            "lowest": shortest,
            "highest": longest,
        }
    return errors


def recommended(application: Application, judged_before: Basis, terms: Terms) -> str:
    """Return what the policy alone says of these terms, as `tracing.recommendation` does."""
    run, version = judged_before.score_run, judged_before.policy
    if run is None or version is None or terms.is_asked_for(application):
        return tracing.recommendation(judged_before.trace)
    pd = scoring.probability(model=run.model, features=_features(application, terms))
    judged = _judge(application, version).judged(terms.amount, terms.term_months, pd=pd)
    return tracing.recommendation(tracing.to_json(judged.trace))


def columns(
    *,
    actor: User,
    application: Application,
    judged_before: Basis,
    terms: Terms,
    now: datetime,
) -> dict[str, Any]:
    """Return what a decision by people to approve these terms stores, apart from who and why.

    `judged_before` is what people depart from: its model and policy judge again. Raises
    ScoringFailed and PolicyUnusable for a counter-offer that cannot be priced.
    """
    stored = {"amount": terms.amount, "term_months": terms.term_months}
    run, version = judged_before.score_run, judged_before.policy
    if run is None or version is None:
        return {**stored, **_unpriced(application, terms)}
    asked_for = terms.is_asked_for(application)
    if not asked_for:
        run = scoring.score(
            actor=actor,
            subject=application,
            segment=application.product.scoring_segment,
            features=_features(application, terms),
            now=now,
            model=run.model,
        )
    try:
        return {**stored, **_priced(application, terms, run=run, version=version)}
    except PolicyUnusable:
        if not asked_for:
            raise
        # Nobody can judge anew, but people may still decide on what was judged before.
        return {
            **stored,
            "policy": version,
            "score_run": run,
            "inputs": dict(judged_before.inputs),
            "trace": judged_before.trace,
            "annual_rate": judged_before.annual_rate,
            "instalment": judged_before.instalment,
        }


def validity(application: Application, terms: Terms, *, now: datetime) -> dict[str, Any]:
    """Return until when an approval stands and whether it is a counter-offer, as it is stored.

    What was asked for stays open for the days of its product, a counter-offer for those of the
    law.
    """
    if terms.is_asked_for(application):
        return {"valid_until": open_until(application, now=now), "is_counter_offer": False}
    until = last_moment_of(application, days=ACCEPTED_WITHIN_DAYS, now=now)
    return {"valid_until": until, "is_counter_offer": True}


def open_until(application: Application, *, now: datetime) -> datetime:
    """Return until when what was asked for and approved stays open."""
    return last_moment_of(application, days=application.product.offer_days, now=now)


def last_moment_of(application: Application, *, days: int, now: datetime) -> datetime:
    """Return the end of the lender's day so many days from now: letters name a day, not an hour."""
    zone = application.branch.entity.time_zone
    return dates.last_moment(dates.local_date(now, zone) + timedelta(days=days), zone)


def _priced(
    application: Application, terms: Terms, *, run: ScoreRun, version: PolicyVersion
) -> dict[str, Any]:
    judged = _judge(application, version).judged(terms.amount, terms.term_months, pd=run.pd)
    return {
        "policy": version,
        "score_run": run,
        "inputs": policy_inputs.to_json(judged.values),
        "trace": tracing.to_json(judged.trace),
        "annual_rate": judged.annual_rate,
        "instalment": judged.instalment,
    }


def _judge(application: Application, version: PolicyVersion) -> judging.Judge:
    found = rulebook.policy_of(version)
    return judging.Judge(application, found, inputs.gather(application), by_people=True)


def _unpriced(application: Application, terms: Terms) -> dict[str, Any]:
    rate = application.annual_rate
    tried = judging.at_terms(application, terms.amount, terms.term_months, rate)
    found = applications.affordability(tried)
    return {
        "inputs": policy_inputs.to_json(inputs.unscored(tried, found)),
        "annual_rate": rate,
        "instalment": found.instalment,
    }


def _features(application: Application, terms: Terms) -> dict[str, features.Value]:
    facts = applications.feature_facts(application)
    return features.build(
        dataclasses.replace(facts, amount=terms.amount, term_months=terms.term_months)
    )
