"""What model and policy would say of an application with other facts, for a page or program."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from apps.applications.models import Application
from apps.decisions import panel, recourse_words, selectors, tracing, trying, what_if_forms
from apps.decisions.changes import Point
from apps.decisions.errors import NotTriable
from apps.decisions.models import Decision
from apps.decisions.panel import TraceLine
from apps.decisions.trying import Trial, Tried
from apps.scoring import explanation

RATIOS = {
    "foir": gettext_lazy("Obligations as a share of net income"),
    "dti": gettext_lazy("Obligations as a share of gross income"),
    "lti": gettext_lazy("Loan as a share of yearly income"),
    "ltv": gettext_lazy("Loan as a share of the security"),
    "pay_committed": gettext_lazy("Obligations as a share of basic pay"),
}


@dataclass(frozen=True)
class Answer:
    """What was found at a point, beside the request as it stands."""

    tried: Tried
    points: int
    as_asked: Tried
    points_as_asked: int
    not_met: list[TraceLine]

    @property
    def outcome(self) -> str:
        """What the policy says."""
        return self.tried.judged.trace.outcome

    @property
    def ratios(self) -> list[tuple[str, str, Decimal, Decimal | None]]:
        """Every ratio that is known, as code, words, value and what it is as asked."""
        now, before = self.tried.judged.values, self.as_asked.judged.values
        return [
            (code, str(label), value, _number(before.get(code)))
            for code, label in RATIOS.items()
            if (value := _number(now.get(code))) is not None
        ]


def trial_of(application: Application) -> tuple[Decision, Trial]:
    """Return the newest decision a model and a policy stand behind, ready to be tried.

    Raises NotTriable, PolicyUnusable and ScoringFailed.
    """
    found = selectors.latest_judged(application)
    if found is None:
        raise NotTriable
    found.application = application
    return found, trying.of_decision(found)


def form_of(
    application: Application, trial: Trial, data: Mapping[str, Any] | None
) -> what_if_forms.WhatIfForm:
    """Return the sliders of an application; unbound without data."""
    product, standing = application.product, trial.standing
    found = what_if_forms.sliders(
        standing,
        most_amount=product.maximum_amount,
        terms=(product.minimum_term_months, product.maximum_term_months),
    )
    return what_if_forms.WhatIfForm(
        data, standing=standing, found=found, currency=application.currency
    )


def answer(decision: Decision, trial: Trial, point: Point) -> Answer:
    """Return what is found at a point. Raises PolicyUnusable and ScoringFailed."""
    run, tried = decision.score_run, trial.remembered(point)
    if run is None:
        raise NotTriable
    lines = panel.trace_lines(
        tracing.to_json(tried.judged.trace), currency=trial.application.currency
    )
    points, points_as_asked = (
        explanation.score_at(run.model, float(one.judged.trace.pd))
        # The request may have been lowered since it was scored.
        for one in (tried, trial.as_asked)
    )
    return Answer(
        tried=tried,
        points=points,
        as_asked=trial.as_asked,
        points_as_asked=points_as_asked,
        not_met=[line for line in lines if line.state != "passed"],
    )


def shown(trial: Trial, form: what_if_forms.WhatIfForm) -> list[tuple[str, str]]:
    """Return what each slider stands at, in words."""
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    currency = trial.application.currency
    found = []
    for name, field in form.fields.items():
        value = given.get(name)
        value = field.initial if value in (None, "") else value
        found.append((name, recourse_words.value(name, value, currency=currency)))
    return found


def _number(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
