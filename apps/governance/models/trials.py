"""Trials of models beside the champion: as a shadow, or as a challenger with a share of traffic."""

from datetime import UTC, date
from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.lifecycle import Lifecycle
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance.models.promotion import Promotion
from apps.scoring.models import ModelVersion, Placement

TRIAL = Lifecycle(
    initial="proposed",
    steps=[
        ("start", ["proposed"], "running"),
        ("refuse", ["proposed"], "refused"),
        # What was agreed on is over: by its date, or because the champion has changed.
        ("end", ["proposed", "running"], "ended"),
        ("stop", ["running"], "stopped"),
    ],
)
OPEN = ("proposed", "running")
SHARE = Lifecycle(
    initial="proposed",
    steps=[
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("lapse", ["proposed"], "lapsed"),
    ],
)
# A challenger has half of the traffic at most, and a year.
MOST_SHARE = Decimal("0.5")
MOST_DAYS = 366
_VALIDATED = """
    NOT EXISTS (
        SELECT 1 FROM governance_promotion promotion
        WHERE promotion.id = trial.promotion_id AND promotion.model_id = trial.model_id
            AND promotion.status IN ('validated', 'approved', 'in_force')
            AND promotion.validation IN ('accepted', 'with_findings')
            AND (NEW.decided_by_id IS NULL OR NEW.decided_by_id NOT IN (
                promotion.proposed_by_id, promotion.validated_by_id, promotion.owner_id))
            AND NOT EXISTS (
                SELECT 1 FROM governance_promotion later
                WHERE later.model_id = promotion.model_id AND later.status = 'refused'
                    AND later.proposed_at > promotion.proposed_at
            )
    )
"""
_TRIAL_GROUNDED = f"""
    IF NEW.kind = 'challenger'
        AND (TG_OP = 'INSERT' OR (OLD.status = 'proposed' AND NEW.status = 'running'))
        AND (NEW.share > {MOST_SHARE} OR NEW.until > NEW.proposed_at + interval '{MOST_DAYS} days'
            OR {_VALIDATED.replace("trial.", "NEW.")})
    THEN
        RAISE EXCEPTION 'governance_trial_grounded: no validated model, or too long, or too much'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_SHARE_GROUNDED = f"""
    IF (TG_OP = 'INSERT' OR (OLD.status = 'proposed' AND NEW.status = 'approved'))
        AND (NEW.share > {MOST_SHARE} OR EXISTS (
            SELECT 1 FROM governance_trial trial WHERE trial.id = NEW.trial_id AND {_VALIDATED}))
    THEN
        RAISE EXCEPTION 'governance_share_grounded: no validated model, or too much'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608  # a statement of constants
_NOBODY = Q(decided_by=None, decided_at=None)
_SOMEBODY = Q(decided_by__isnull=False, decided_at__isnull=False)
_SAID = (
    *("model", "promotion", "segment", "kind", "share", "until", "plan", "reason"),
    *("developed_by", "proposed_by", "proposed_at"),
)


class Trial(Identified, Timestamped, Stateful):
    """A model tried beside the champion: asked for by one person, let start by another.

    `plan` holds what the power calculation of a challenger was given and gave. Neither who asked
    nor who developed the model lets it start; that its developer is the true one, a trigger says.
    A challenger rests on a promotion whose model a validator accepted and nobody refused.
    """

    lifecycle = TRIAL

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="trials")
    promotion = models.ForeignKey(
        Promotion, null=True, on_delete=models.PROTECT, related_name="trials"
    )
    segment = models.SlugField(_("segment"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Placement.Kind)
    share = models.DecimalField(_("share of traffic"), max_digits=4, decimal_places=3, null=True)
    until = models.DateTimeField(_("ends"))
    plan = models.JSONField(_("plan"), default=dict, encoder=DjangoJSONEncoder)
    reason = models.TextField(_("why"))
    developed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("asked"))
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_why = models.TextField(_("why it ended"), blank=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_trial", _("See trials of models and what they found")),
            ("propose_trial", _("Ask for the trial of a model")),
            ("approve_trial", _("Let a trial of a model start, or refuse it")),
            ("stop_trial", _("Stop the trial of a model at once")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(TRIAL, "governance_trial_status_known"),
            models.UniqueConstraint(
                fields=["segment", "kind"],
                condition=Q(status="running"),
                name="governance_trial_one_runs",
            ),
            models.UniqueConstraint(
                fields=["model", "kind"],
                condition=Q(status__in=OPEN),
                name="governance_trial_one_open",
            ),
            models.CheckConstraint(
                condition=Q(kind="shadow", share=None)
                | Q(kind="challenger", share__gt=0, share__lt=1),
                name="governance_trial_share",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_trial_says_why"),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | (~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("developed_by"))),
                name="governance_trial_decided_by_another",
            ),
            models.CheckConstraint(
                condition=(Q(status="proposed") & _NOBODY)
                | (Q(status__in=["running", "stopped"]) & _SOMEBODY)
                | (Q(status="refused") & _SOMEBODY & ~Q(answer=""))
                | Q(status="ended"),
                name="governance_trial_state_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["ended", "stopped"], ended_at__isnull=False)
                | (Q(ended_at=None, ended_by=None) & ~Q(status__in=["ended", "stopped"])),
                name="governance_trial_ended_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(status="stopped") | (Q(ended_by__isnull=False) & ~Q(ended_why="")),
                name="governance_trial_stopped_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="governance_trial_said", fields=list(_SAID)),
            pgtrigger.FSM(
                name="governance_trial_steps",
                field="status",
                transitions=[
                    (source, step.target) for step in TRIAL.steps for source in step.sources
                ],
            ),
            pgtrigger.Protect(
                name="governance_trial_begins_proposed",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.status <> 'proposed'"),
            ),
            # The check that its developer lets no model start compares columns of this row.
            pgtrigger.Trigger(
                name="governance_trial_true_developer",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM scoring_modelversion model
                        WHERE model.id = NEW.model_id AND model.segment = NEW.segment
                            AND model.developed_by_id = NEW.developed_by_id
                    ) THEN
                        RAISE EXCEPTION 'governance_trial_true_developer: not who developed it'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="governance_trial_grounded",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=_TRIAL_GROUNDED,
            ),
            pgtrigger.Protect(name="governance_trial_kept", operation=pgtrigger.Delete),
        ]
        verbose_name = _("trial of a model")
        verbose_name_plural = _("trials of models")

    @property
    def last_day(self) -> date:
        """Return the last day in UTC, as it was asked for, wherever it is read."""
        return self.until.astimezone(UTC).date()

    def __str__(self) -> str:
        return f"{self.model}, {self.get_kind_display()}"


class ShareChange(Identified, Timestamped, Stateful):
    """Another share of the traffic for a challenger that runs: two people, as for the trial."""

    lifecycle = SHARE

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="share_changes")
    share = models.DecimalField(_("share of traffic"), max_digits=4, decimal_places=3)
    reason = models.TextField(_("why"))
    developed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("asked"))
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    answer = models.TextField(_("answer"), blank=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(SHARE, "governance_share_status_known"),
            models.UniqueConstraint(
                fields=["trial"], condition=Q(status="proposed"), name="governance_share_one_open"
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lt=1), name="governance_share_between"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="governance_share_says_why"),
            models.CheckConstraint(
                condition=(Q(status__in=["proposed", "lapsed"]) & _NOBODY)
                | (Q(status__in=["approved", "refused"]) & _SOMEBODY),
                name="governance_share_state_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | (~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("developed_by"))),
                name="governance_share_decided_by_another",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="governance_share_said",
                fields=["trial", "share", "reason", "developed_by", "proposed_by", "proposed_at"],
            ),
            pgtrigger.FSM(
                name="governance_share_steps",
                field="status",
                transitions=[
                    (source, step.target) for step in SHARE.steps for source in step.sources
                ],
            ),
            pgtrigger.Trigger(
                name="governance_share_true_developer",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NEW.status <> 'proposed' OR NOT EXISTS (
                        SELECT 1 FROM governance_trial trial
                        WHERE trial.id = NEW.trial_id
                            AND trial.developed_by_id = NEW.developed_by_id
                    ) THEN
                        RAISE EXCEPTION 'governance_share_true_developer: not who developed it'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="governance_share_grounded",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=_SHARE_GROUNDED,
            ),
            pgtrigger.Protect(name="governance_share_kept", operation=pgtrigger.Delete),
        ]
        verbose_name = _("change of a share of traffic")
        verbose_name_plural = _("changes of shares of traffic")

    def __str__(self) -> str:
        return f"{self.share:.1%}"
