"""Try a model beside the champion: one person asks, another lets it start, any one stops it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.decisions import automation
from apps.governance import selectors, trials
from apps.governance import trial_policies as policies
from apps.governance.errors import OwnTrial, TrialImpossible
from apps.governance.models import Promotion, ShareChange, Trial
from apps.governance.models.trials import MOST_DAYS, MOST_SHARE, OPEN
from apps.governance.services import _grounds
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion, Placement
from ml import power

# How often a difference is seen where there is none.
LEVEL = Decimal("0.05")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long a model is tried; of a challenger its share and what the trial is to tell apart.

    `baseline` is the champion's default rate, `difference` the least one to be seen, in either
    direction, with the probability `power`.
    """

    kind: str
    until: datetime
    share: Decimal | None = None
    baseline: Decimal | None = None
    difference: Decimal | None = None
    power: Decimal | None = None

    @property
    def is_challenger(self) -> bool:
        """Whether it decides some of the cases."""
        return self.kind == Placement.Kind.CHALLENGER


@transaction.atomic
def propose_trial(
    *, actor: User, model: ModelVersion, plan: Plan, reason: str, now: datetime
) -> Trial:
    """Ask that a model is tried, and return what was asked for with the sample it needs.

    Raises NotPermitted, DomainError with a sentence for each wrong input, and TrialImpossible for
    the champion, a model nobody developed here, one that is asked for already, or a challenger
    that is not validated, fails a gate or is not registered.
    """
    _permit(actor, policies.PROPOSE, _("Your role does not ask for trials of models."))
    least = check(plan, now=now)
    reason = _said(reason, "reason", _("Say what the trial is to find out."))
    if not model.may("promote"):
        raise TrialImpossible("already_champion", _("This model is the champion already."))
    if model.developed_by_id is None:
        raise TrialImpossible("no_developer", _("Nobody here developed this model."))
    trial = Trial(
        model=model,
        promotion=_grounds.require(model, until=plan.until, now=now)
        if plan.is_challenger
        else None,
        segment=model.segment,
        kind=plan.kind,
        share=plan.share,
        until=plan.until,
        plan=least,
        reason=reason,
        developed_by_id=model.developed_by_id,
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            trial.save(force_insert=True)
    except IntegrityError as error:
        raise TrialImpossible(
            "trial_waits", _("This trial is asked for, or runs, already.")
        ) from error
    audit.record(actor, "governance.trial_proposed", trial, **_facts(trial))
    return trial


def check(plan: Plan, *, now: datetime) -> dict[str, Any]:
    """Return the plan with the least sample of each arm, as JSON; a shadow needs none.

    Raises DomainError with a sentence for each wrong input.
    """
    errors: dict[str, str] = {}
    if plan.kind not in Placement.Kind.values:
        errors["kind"] = _("A model is tried as a shadow or as a challenger.")
    if plan.until <= now:
        errors["until"] = _("The trial must end in the future.")
    if plan.is_challenger:
        errors |= _missing(plan)
        if plan.until > now + timedelta(days=MOST_DAYS):
            errors["until"] = _("A challenger is tried for a year at most.")
    elif plan.share is not None:
        errors["share"] = _("A shadow decides nothing, so it has no share.")
    if errors:
        raise DomainError("trial_plan", _("A model cannot be tried like this."), fields=errors)
    return _least(plan) if plan.is_challenger else {}


def _missing(plan: Plan) -> dict[str, str]:
    between = _("Write a share above 0 and below 100 per cent.")
    given = {name: getattr(plan, name) for name in ("share", "baseline", "difference", "power")}
    errors = {name: between for name, value in given.items() if value is None or not 0 < value < 1}
    if plan.share is not None and MOST_SHARE < plan.share < 1:
        errors["share"] = _("A challenger has half of the traffic at most.")
    if not errors and given["baseline"] + given["difference"] >= 1:
        errors["difference"] = between
    return errors


def _least(plan: Plan) -> dict[str, Any]:
    baseline, difference, wanted, share = (
        Decimal(value or 0) for value in (plan.baseline, plan.difference, plan.power, plan.share)
    )
    # More defaults need the larger sample of the two directions: they spread more than fewer do.
    found = power.least_sample(
        float(baseline),
        float(difference),
        power=float(wanted),
        share=float(share),
        level=float(LEVEL),
    )
    return {
        "baseline": str(baseline),
        "difference": str(difference),
        "power": str(wanted),
        "level": str(LEVEL),
        "least": {"champion": found.champion, "challenger": found.challenger},
    }


@transaction.atomic
def start_trial(*, actor: User, trial: Trial, answer: str, now: datetime) -> Trial:
    """Let a trial run from the next application on.

    Raises NotPermitted, OwnTrial for who asked or developed, Conflict when it was decided before,
    TrialImpossible while automated decisions are stopped in the segment, after its date, where
    another model is tried in this way or a challenger's validation does not hold any more,
    PlacementRefused where the model cannot score: then nothing has changed.
    """
    found = _to_decide(actor, trial)
    if found.until <= now:
        raise TrialImpossible("trial_over", _("The trial should have ended by now; ask anew."))
    if found.kind == Placement.Kind.CHALLENGER and automation.stopped_in(found.segment):
        raise TrialImpossible(
            "automation_stopped",
            _("Automated decisions are stopped; no challenger decides meanwhile."),
        )
    _still_grounded(found, now=now)
    try:
        with transaction.atomic():
            found.move("start", decided_by=actor, decided_at=now, answer=answer.strip())
    except IntegrityError as error:
        raise TrialImpossible(
            "another_is_tried", _("Another model is tried in this way in the segment already.")
        ) from error
    _place(found, found.share, now=now)
    audit.record(actor, "governance.trial_started", found, **_facts(found))
    return found


@transaction.atomic
def refuse_trial(*, actor: User, trial: Trial, answer: str, now: datetime) -> Trial:
    """Refuse a trial for a stated reason. Raises as `start_trial`, and without an answer."""
    answer = _said(answer, "answer", _("Say why the trial is refused."))
    found = _to_decide(actor, trial)
    found.move("refuse", decided_by=actor, decided_at=now, answer=answer)
    audit.record(actor, "governance.trial_refused", found, **_facts(found))
    return found


@transaction.atomic
def stop_trial(*, actor: User, trial: Trial, reason: str, now: datetime) -> Trial:
    """Stop a trial at once; the champion scores from the next application on. One is enough.

    Raises NotPermitted, DomainError without a reason, Conflict where it does not run.
    """
    _permit(actor, policies.STOP, _("Your role does not stop trials of models."))
    reason = _said(reason, "reason", _("Say why the trial is stopped."))
    found = trials.trials().get(pk=trial.pk)
    found.move("stop", ended_at=now, ended_by=actor, ended_why=reason)
    _over(found, now=now)
    audit.record(actor, "governance.trial_stopped", found, **_facts(found))
    return found


@transaction.atomic
def propose_share(
    *, actor: User, trial: Trial, share: Decimal, reason: str, now: datetime
) -> ShareChange:
    """Ask for another share of the traffic for a challenger that runs.

    Raises NotPermitted, DomainError for a share that is none or without a reason, TrialImpossible
    where no challenger runs, at the share it has, or where a change is asked for already.
    """
    _permit(actor, policies.PROPOSE, _("Your role does not ask for trials of models."))
    reason = _said(reason, "reason", _("Say why the share should change."))
    found = trials.trials().get(pk=trial.pk)
    if not policies.may_ask_share(actor, found):
        raise TrialImpossible("no_challenger_runs", _("No challenger runs here any more."))
    if not 0 < share <= MOST_SHARE:
        between = _("Write a share above 0 and of 50 per cent at most.")
        raise DomainError("share", between, fields={"share": between})
    _still_grounded(found, now=now)
    change = ShareChange(
        trial=found,
        share=share,
        reason=reason,
        developed_by_id=found.developed_by_id,
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            change.save(force_insert=True)
    except IntegrityError as error:
        raise TrialImpossible("share_waits", _("Another share is asked for already.")) from error
    audit.record(actor, "governance.share_proposed", change, share=str(share))
    return change


@transaction.atomic
def approve_share(*, actor: User, change: ShareChange, now: datetime) -> ShareChange:
    """Let a challenger have another share from the next application on; cases keep their arm.

    Raises as `start_trial`.
    """
    found = _share_to_decide(actor, change)
    if automation.stopped_in(found.trial.segment):
        raise TrialImpossible(
            "automation_stopped",
            _("Automated decisions are stopped; no challenger decides meanwhile."),
        )
    _still_grounded(found.trial, now=now)
    found.move("approve", decided_by=actor, decided_at=now)
    _place(found.trial, found.share, now=now)
    audit.record(actor, "governance.share_changed", found, share=str(found.share))
    return found


@transaction.atomic
def refuse_share(*, actor: User, change: ShareChange, answer: str, now: datetime) -> ShareChange:
    """Leave the share as it is, for a stated reason. Raises as `approve_share`."""
    answer = _said(answer, "answer", _("Say why the share stays as it is."))
    found = _share_to_decide(actor, change)
    found.move("refuse", decided_by=actor, decided_at=now, answer=answer)
    audit.record(actor, "governance.share_refused", found, share=str(found.share))
    return found


def end_trials(*, now: datetime) -> int:
    """End the trials whose date has passed, and challengers nobody stands for; return how many."""
    due = list(trials.due(now).values_list("pk", flat=True))
    for key in due:
        _end("system:worker", key, why=_("Its date has come."), now=now)
    groundless = list(trials.groundless().values_list("pk", flat=True))
    for key in groundless:
        _end("system:worker", key, why=_("Its validation does not hold any more."), now=now)
    return len(due) + len(groundless)


def validation_lost(promotion: Promotion, actor: User, now: datetime) -> None:
    """End the challengers of a model whose promotion was refused or taken back."""
    standing = trials.groundless().filter(model=promotion.model_id).order_by("pk")
    for key in standing.values_list("pk", flat=True):
        _end(actor, key, why=_("Its validation does not hold any more."), now=now)


def champion_changed(segment: str, actor: User, now: datetime) -> None:
    """End the open trials of a segment in which another model decides now."""
    standing = Trial.objects.filter(segment=segment, status__in=OPEN).order_by("pk")
    for key in standing.values_list("pk", flat=True):
        _end(actor, key, why=_("Another model became the champion."), now=now)


@transaction.atomic
def _end(actor: User | str, key: Any, *, why: str, now: datetime) -> None:
    found = Trial.objects.select_for_update(of=("self",)).get(pk=key)
    if found.status not in OPEN:
        return
    found.move("end", ended_at=now, ended_why=why)
    _over(found, now=now)
    audit.record(actor, "governance.trial_ended", found, **_facts(found))


def _still_grounded(trial: Trial, *, now: datetime) -> None:
    """Raise TrialImpossible where a challenger's validation is not what it was asked on."""
    if trial.kind != Placement.Kind.CHALLENGER:
        return
    if _grounds.require(trial.model, until=trial.until, now=now).pk != trial.promotion_id:
        raise TrialImpossible(
            "validated_anew", _("The model was validated anew since; ask for another trial.")
        )


def _over(trial: Trial, *, now: datetime) -> None:
    """Take the model out of service, and what was still asked for off the table."""
    scoring.end_trial(trial=trial.pk, now=now)
    for change in trial.share_changes.filter(status="proposed"):
        change.move("lapse")


def _place(trial: Trial, share: Decimal | None, *, now: datetime) -> None:
    scoring.place(
        model=trial.model,
        kind=trial.kind,
        trial=trial.pk,
        until=trial.until,
        share=share,
        now=now,
    )


def _to_decide(actor: User, trial: Trial) -> Trial:
    _permit(actor, policies.APPROVE, _("Your role does not decide on trials of models."))
    _lock(trial)
    found = trials.trials().get(pk=trial.pk)
    if policies.is_own(actor, found):
        raise OwnTrial
    return found


def _lock(trial: Trial) -> Trial:
    """Lock promotion, model and trial, in the order of those who promote, refuse or go back.

    Else two people who react to one failure could wait for each other.
    """
    if trial.promotion_id is not None:
        selectors.promotions_locked().get(pk=trial.promotion_id)
    ModelVersion.objects.select_for_update().only("pk").get(pk=trial.model_id)
    return Trial.objects.select_for_update(of=("self",)).get(pk=trial.pk)


def _share_to_decide(actor: User, change: ShareChange) -> ShareChange:
    _permit(actor, policies.APPROVE, _("Your role does not decide on trials of models."))
    # Who stops the trial in this moment waits for us, or we find it stopped.
    running = _lock(Trial.objects.get(pk=change.trial_id))
    found = trials.share_changes().get(pk=change.pk)
    if policies.is_own(actor, found):
        raise OwnTrial
    found.lifecycle.target("approve", found.status)
    if running.status != "running":
        raise TrialImpossible("no_challenger_runs", _("No challenger runs here any more."))
    return found


def _permit(actor: User, right: str, sentence: str) -> None:
    if not actor.has_perm(right):
        raise NotPermitted("not_permitted", sentence)


def _facts(trial: Trial) -> dict[str, Any]:
    return {
        "model": str(trial.model),
        "sha256": trial.model.sha256,
        "kind": trial.kind,
        "share": "" if trial.share is None else str(trial.share),
        "until": trial.until.isoformat(),
    }


def _said(text: str, field: str, sentence: str) -> str:
    if not text.strip():
        raise DomainError(f"{field}_required", sentence, fields={field: sentence})
    return text.strip()
