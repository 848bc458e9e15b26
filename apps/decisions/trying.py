"""Try an application with some facts otherwise, by the very model and policy that decided it.

Nothing is stored. What is tried goes the whole way: features, PD, price, burden, every rule.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from apps.applications import features
from apps.applications import selectors as applications
from apps.applications.affordability import Means, Security
from apps.applications.models import Application
from apps.decisions import changes, inputs, judging, policy_inputs, rulebook, turning
from apps.decisions.changes import Point
from apps.decisions.errors import NotTriable
from apps.decisions.judging import Judge, Judged
from apps.decisions.models import Decision
from apps.decisions.policy import Policy
from apps.scoring import services as scoring
from apps.scoring.errors import FeaturesRefused

_NOTHING = Decimal(0)
_CENT = Decimal("0.01")
_REQUEST = frozenset({"amount", "term_months"})


@dataclass(frozen=True)
class Tried:
    """One point with what was judged there, and the features that differ from those scored."""

    point: Point
    judged: Judged
    features: dict[str, Any]

    def to_json(self, trial: "Trial") -> dict[str, Any]:
        """Return what is stored of a suggestion; with it model and policy can be asked again.

        Of features and policy inputs only those that differ from the request's.
        """
        asked, before = dataclasses.asdict(trial.standing), trial.as_asked.judged.values
        inputs = {name: one for name, one in self.judged.values.items() if one != before[name]}
        return {
            "changes": [
                {"what": what, "from": _plain(asked.get(what)), "to": _plain(to)}
                | _own_part(what, trial.standing)
                for what, to in self.point.items()
            ],
            "amount": _plain(self.judged.amount),
            "term_months": self.judged.term_months,
            "currency": trial.application.currency,
            "annual_rate": f"{self.judged.annual_rate:.6f}",
            "instalment": _plain(self.judged.instalment),
            "band": self.judged.trace.band.name,
            "outcome": self.judged.trace.outcome,
            "features": self.features,
            "inputs": policy_inputs.to_json(inputs),
        }


@dataclass(frozen=True, kw_only=True)
class Trial:
    """An application while some of its facts are tried otherwise.

    `scored` are the features as they were scored, `pd_when` says what the same model makes of
    some of them changed.
    """

    application: Application
    policy: Policy
    gathered: inputs.Gathered
    scored: Mapping[str, Any]
    pd_when: Callable[[Mapping[str, object]], float]

    def tried(self, point: Point) -> Tried:
        """Return what model and policy say of a point; an empty one is the request as it stands.

        Raises PolicyUnusable and ScoringFailed.
        """
        facts = self._changed(point)
        row = features.build(facts)
        # A feature that came into use since is none of the model that scored.
        moved = {name: row[name] for name in self.scored if row[name] != self.scored[name]}
        judge = self._judge(point, facts)
        judged = judge.judged(facts.amount, facts.term_months, pd=self.pd_when(moved))
        return Tried(point, judged, moved)

    @cached_property
    def as_asked(self) -> Tried:
        """The request as it stands."""
        return self.remembered({})

    @cached_property
    def memory(self) -> dict[tuple[tuple[str, Any], ...], Tried]:
        """What was tried already, by its changes: a search comes by the same point again."""
        return {}

    def remembered(self, point: Point) -> Tried:
        """Return what `tried` says, asked once."""
        key = _key(point)
        if key not in self.memory:
            self.memory[key] = self.tried(point)
        return self.memory[key]

    @cached_property
    def facts(self) -> features.Facts:
        """What the application was scored on, before it became features."""
        return applications.feature_facts(self.application)

    @cached_property
    def standing(self) -> changes.Standing:
        """What the application has now of what may change."""
        facts, room = self.facts, judging.room_of(self.application)
        security = self.gathered.securities
        exposure = self.gathered.standing.get("guarantor_exposure")
        return changes.Standing(
            amount=facts.amount,
            least_amount=room.least_amount,
            term_months=facts.term_months,
            terms=room.terms,
            obligations_monthly=facts.obligations_monthly,
            revolving_balance=None if facts.bureau is None else facts.bureau.revolving_balance,
            security_value=sum((one.value for one in security), _NOTHING) if security else None,
            employment_months=facts.months_employed,
            income_verification=facts.income_verification,
            guarantor_exposure=exposure if isinstance(exposure, Decimal) else None,
            own_monthly=self.application.own_burden,
        )

    def search(self) -> dict[str, Any]:
        """Return, as it is stored, what would have turned the outcome by the policy's table.

        `suggestions` were each approved by this very trial; where there is none, `furthest` is
        what was tried at most, and was not.
        """
        levers = changes.levers(self.policy.changes, self.standing)
        asked = self.as_asked.judged.trace
        able = turning.able(levers, asked)
        # What no lever moves says approve, or none would be able.
        quick = dataclasses.replace(self, policy=turning.moved_rules(self.policy, able))

        def passes(point: Point) -> bool:
            tried = quick.found_at(point)
            return tried is not None and tried.judged.trace.outcome == "approve"

        found = changes.search(able, passes, needed=turning.needed(able, asked))
        written: dict[str, Any] = {
            "suggestions": [self.remembered(one).to_json(self) for one in found.suggestions]
        }
        if not found.suggestions:
            reached = self.found_at(changes.furthest(levers))
            written |= {} if reached is None else {"furthest": reached.to_json(self)}
        return written

    def found_at(self, point: Point) -> Tried | None:
        """Return what `remembered` says; None for what the model would not score."""
        try:
            return self.remembered(point)
        except FeaturesRefused:
            return None

    def _judge(self, point: Point, facts: features.Facts) -> Judge:
        """Return who judges a point: the same one for every amount and term beside the rest."""
        rest = {what: to for what, to in point.items() if what not in _REQUEST}
        if "guarantor" in point:
            rest["amount"] = facts.amount
        key = _key(rest)
        if key not in self._judges:
            self._judges[key] = self._new_judge(point, facts)
        return self._judges[key]

    def _new_judge(self, point: Point, facts: features.Facts) -> Judge:
        securities = self.gathered.securities
        if "security_value" in point:
            securities = (Security(None, Decimal(point["security_value"])),)
        living = dataclasses.replace(
            self._means, obligations_monthly=facts.obligations_monthly, securities=securities
        )
        gathered = dataclasses.replace(
            self.gathered,
            standing=self._standing(point, amount=facts.amount),
            securities=securities,
        )
        return Judge(self.application, self.policy, gathered, living=living)

    @cached_property
    def _judges(self) -> dict[tuple[tuple[str, Any], ...], Judge]:
        return {}

    @cached_property
    def _means(self) -> Means:
        return applications.means(self.application, self.gathered.securities)

    def _changed(self, point: Point) -> features.Facts:
        """Return the facts with what the point changes; a balance takes its utilisation along."""
        moved: dict[str, Any] = {
            field: point[what]
            for what, field in (
                ("amount", "amount"),
                ("term_months", "term_months"),
                ("obligations_monthly", "obligations_monthly"),
                ("employment_months", "months_employed"),
                ("income_verification", "income_verification"),
            )
            if what in point
        }
        balance, report = point.get("revolving_balance"), self.facts.bureau
        if balance is not None and report is not None:
            moved["bureau"] = _with_balance(report, Decimal(balance))
        return dataclasses.replace(self.facts, **moved)

    def _standing(self, point: Point, *, amount: Decimal) -> dict[str, policy_inputs.Value]:
        standing = dict(self.gathered.standing)
        if "employment_months" in point:
            standing["employment_months"] = Decimal(point["employment_months"])
        if "income_verification" in point:
            standing["income_verification"] = str(point["income_verification"])
        if point.get("income_verification") == changes.DOCUMENTS:
            # What is told is to show the income that was stated: all of it.
            standing["income_gap"] = _NOTHING
        if "guarantor" in point:
            # One who owes us nothing else answers for this loan alone.
            standing["guarantor_exposure"] = amount
        return standing


def _own_part(what: str, standing: changes.Standing) -> dict[str, str | int | None]:
    """Return what of an obligation our own loans take; nothing where they take nothing."""
    if what != "obligations_monthly" or not standing.own_monthly:
        return {}
    return {"own": _plain(standing.own_monthly)}


def _key(point: Point) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(point.items()))


def _with_balance(report: features.Bureau, balance: Decimal) -> features.Bureau:
    used, before = report.revolving_utilisation, report.revolving_balance
    if used is not None and before:
        used = used * balance / before
    return dataclasses.replace(report, revolving_balance=balance, revolving_utilisation=used)


def _plain(value: object) -> str | int | None:
    """Return a value as JSON: amounts as exact text, alike whether they come from a row or not."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value if value is None or isinstance(value, int) else str(value)


def of_decision(decision: Decision) -> Trial:
    """Return what it takes to try other facts than those a decision was made on.

    Everything is as it was recorded then: inputs, features, model and policy; nothing that our
    books say today. Only the request is today's: it may have been lowered since. Raises NotTriable
    where no model or no policy judged, PolicyUnusable and ScoringFailed where they cannot be asked
    any more.
    """
    run, version, application = decision.score_run, decision.policy, decision.application
    if run is None or version is None or not decision.inputs:
        raise NotTriable
    return Trial(
        application=application,
        policy=rulebook.policy_of(version),
        gathered=_gathered(application, policy_inputs.from_json(decision.inputs)),
        scored=run.features,
        pd_when=scoring.probability_when(model=run.model, features=run.features),
    )


def _gathered(
    application: Application, known: Mapping[str, policy_inputs.Value]
) -> inputs.Gathered:
    """Return what was gathered when a decision was made, from the inputs it stored."""
    standing = {
        name: value for name, value in known.items() if name not in policy_inputs.MOVED_BY_REQUEST
    }
    amount, exposure, ltv = (known.get(name) for name in ("amount", "exposure_with_us", "ltv"))
    others = secured = None
    if isinstance(amount, Decimal) and isinstance(exposure, Decimal):
        others = exposure - amount
    if isinstance(amount, Decimal) and isinstance(ltv, Decimal) and ltv:
        secured = (amount / ltv).quantize(_CENT)
    return inputs.Gathered(
        standing,
        application.customer.date_of_birth,
        application.applied_date,
        others,
        () if secured is None else (Security(None, secured),),
    )
