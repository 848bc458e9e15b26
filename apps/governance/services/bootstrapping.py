"""The first champion of a segment, by three people and one command, recorded as such."""

from datetime import date, datetime

from apps.accounts.models import User
from apps.core import dates
from apps.governance import selectors, standing, when
from apps.governance.models import GateSet, ModelDocument, Promotion, TrainingRun
from apps.governance.services import (
    approving,
    documenting,
    gating,
    promoting,
    registering,
    reporting,
    validating,
)
from apps.governance.services.registering import Entered

REASON = "The segment has no champion; without one every application goes to human review."
NOTE = "First champion of the segment: judged on its validation report, with nothing to compare it."
ANSWER = "Judged on the figures of the test sample; there is no champion to compare with."
EXCEPTION = "First champion of the segment: the alternative is that people decide every case."
_EXCEPTION_MONTHS = 3

_TEXTS = {
    "purpose": "Gives the probability that an applicant defaults, for the policy to decide by.",
    "intended": "Applicants for the products that are scored in this segment.",
    "excluded": "Everybody whose facts do not fit the schema: such a case goes to a person.",
    "prohibited": "No use for prices outside the policy, for collections or for employment.",
    "oversight": "Reviewers decide what is referred and may override with a second person; "
    "automation can be stopped by one person at any time.",
    "method": "Chosen by training and tested on later loans; see the validation report.",
    "data_quality": "Facts as frozen at application; rows that do not fit are only counted.",
    "assumptions": "Future applicants are like those of the window learned from.",
    "monitoring_plan": "Overrides, approval rates and outcomes are looked at every month.",
}
_LIMITATIONS = [
    {
        "limitation": "It has learned from loans that were approved, not from all who applied.",
        "mitigant": "Cut-offs are kept near those of the past, and reviewers see cases near them.",
    }
]
_ENTRY = {
    "users": "Reviewers, credit managers and the automatic decision.",
    "vendor": "None: made here, no contract.",
    "upstream": "Applications, customers and bureau reports.",
    "downstream": "Credit policy, decisions, letters and expected loss.",
    "explainability": "Exact attributions that add up to the score.",
    "monitoring": "Validation report, overrides and outcomes by month.",
    "fallback": "Cases go to people when no model can score.",
    "retention": "Ten years after it is retired.",
    "tier_reason": "It takes part in every decision on an application of its segment.",
}
_LEVELS = {"materiality": "high", "complexity": "medium", "autonomy": "high"}


def first_promotion(*, developer: User, run: TrainingRun, now: datetime) -> Promotion:
    """Have the model of a run measured, documented, registered and proposed by its developer.

    What is there already is taken as it is. Raises as those acts do.
    """
    model = run.model
    waiting = selectors.open_promotion(model)
    if waiting is not None:
        return waiting
    if selectors.newest_report(model) is None:
        reporting.make_report(actor=developer, model=model, now=now)
    if selectors.signed_document(model) is None:
        documenting.sign_document(actor=developer, document=_written(developer, run, now), now=now)
    return promoting.propose(actor=developer, model=model, reason=REASON, now=now)


def register_first(*, developer: User, approver: User, run: TrainingRun, now: datetime) -> None:
    """Enter the model in the register, unless it is there."""
    if selectors.register_entry(selectors.subject_of(run.model)) is None:
        registering.register_thing(
            actor=developer,
            kind="model",
            code=str(run.model_id),
            model=run.model,
            entered=Entered(owner=developer, approver=approver, levels=_LEVELS, texts=_ENTRY),
            now=now,
        )


def first_champion(
    *, promotion: Promotion, validator: User, approver: User, excepting: User, now: datetime
) -> Promotion:
    """Validate and approve a first promotion as two further people, at once.

    Without gates in force those that come with the program are agreed on first. A gate the model
    fails is let pass for three months by `excepting`, by name and with the reason. Raises as those
    acts do, and OwnException where that is the approver.
    """
    today = when.today(promotion.model.segment, now)
    if GateSet.objects.in_force(today) is None:
        _gates(validator, approver, today=today, now=now)
    if promotion.status == "proposed":
        seen = standing.of(promotion, now=now).seen
        promotion = validating.validate(
            actor=validator,
            promotion=promotion,
            outcome=Promotion.Validation.ACCEPTED,
            note=NOTE,
            seen=seen,
            now=now,
        )
    for gate in standing.of(promotion, now=now).blocking:
        approving.grant_exception(
            actor=excepting,
            promotion=promotion,
            gate=gate,
            reason=EXCEPTION,
            until=dates.add_months(today, _EXCEPTION_MONTHS),
            now=now,
        )
    seen = standing.of(promotion, now=now).seen
    return approving.approve(actor=approver, promotion=promotion, answer=ANSWER, seen=seen, now=now)


def _gates(validator: User, approver: User, *, today: date, now: datetime) -> None:
    waiting = GateSet.objects.filter(status="proposed").first() or gating.propose_gates(
        actor=validator,
        effective_from=today,
        body=gating.starting_gates(),
        reason="The gates that come with the program, for a lender that has none yet.",
        now=now,
    )
    gating.approve_gates(actor=approver, gate_set=waiting, seen=waiting.sha256, now=now)


def _written(developer: User, run: TrainingRun, now: datetime) -> ModelDocument:
    body = {**_TEXTS, "limitations": _LIMITATIONS}
    return documenting.write_document(actor=developer, model=run.model, body=body, now=now)
