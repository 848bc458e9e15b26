"""Decisions, which never change."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import AppendOnlyModel, AppendOnlyQuerySet, append_only_triggers
from apps.core.models import Identified
from apps.decisions.models.bounds import (
    DECLINE_STANDS,
    POLICY_STANDS,
    TRUE_OVERRIDE,
    TRUE_SUBMITTER,
)
from apps.decisions.models.outcomes import Outcome
from apps.decisions.models.policies import PolicyVersion
from apps.letters.models import Letter
from apps.scoring.models import ScoreRun


class DecisionQuerySet(AppendOnlyQuerySet):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "DecisionQuerySet":
        """Keep the decisions on applications the person may see."""
        return self.filter(application__in=Application.objects.visible_to(actor))


class Decision(Identified, AppendOnlyModel):
    """One decision on an application: by the machine or by people. Never edited.

    `inputs` are the policy's inputs, `trace` the result of every rule, `reasons` the principal
    reasons with the applicant's own values: together with the score run and the policy version
    they replay the decision. Amount, term and rate are what was decided: the request at the price
    of its risk, or a counter-offer. `recommendation` holds the largest amounts that would be
    approved, as `judging.Judged.to_json` writes them.
    """

    class Kind(models.TextChoices):
        AUTOMATED = "automated", _("Automated")
        HUMAN = "human", _("By a person")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    # Why a machine could not decide: empty, or a code such as `no_champion`.
    failure = models.CharField(_("cause"), max_length=40, blank=True)
    policy = models.ForeignKey(PolicyVersion, null=True, on_delete=models.PROTECT)
    score_run = models.ForeignKey(ScoreRun, null=True, on_delete=models.PROTECT)
    inputs = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    trace = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    reasons = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    # A rule's code of 40 letters, and what it is the code of.
    reason_codes = ArrayField(models.CharField(max_length=60), default=list)
    recommendation = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    # What would have turned a decline, as `trying.Trial.search` writes it; null: nobody looked.
    recourse = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    note = models.TextField(_("note"), blank=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    annual_rate = models.DecimalField(_("interest rate a year"), max_digits=7, decimal_places=6)
    # What the ratios of `inputs` were formed from. Null: from none, or decided before it was kept.
    instalment = models.DecimalField(
        _("instalment judged"), max_digits=18, decimal_places=2, null=True
    )
    submitted_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="decisions_on_own_submissions"
    )
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="decisions_made"
    )
    countersigned_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="decisions_countersigned"
    )
    letter = models.ForeignKey(Letter, null=True, on_delete=models.PROTECT)
    # The authorised exception this decision follows, where policy or people had declined.
    override = models.OneToOneField(
        "decisions.Override", null=True, on_delete=models.PROTECT, related_name="made"
    )
    decided_at = models.DateTimeField(_("decided"), db_index=True)
    # An approval that was not lent under, or a counter-offer not taken up, lapses after it.
    valid_until = models.DateTimeField(_("binds until"), null=True)
    # Whether other terms were approved than those asked for then, which the applicant may take up.
    # Null where nothing was approved, and before approvals of what was asked for had an end.
    is_counter_offer = models.BooleanField(_("on other terms than asked for"), null=True)

    # The base refuses changes; this one also knows who may see what.
    objects = DecisionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_queue", _("See the review queue")),
            ("review_application", _("Claim and decide referred applications")),
            ("countersign_decision", _("Counter-sign above a reviewer's limit")),
            ("replay_decision", _("Replay a past decision")),
            ("assign_case", _("Give a case in review to a person")),
            ("reopen_decision", _("Take a decision up anew after a mistake")),
        ]
        triggers = [
            *append_only_triggers("decisions_decision"),
            # The check against deciding one's own submission compares columns of this row, so
            # the row must name the person who truly submitted.
            pgtrigger.Trigger(
                name="decisions_decision_true_submitter",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=TRUE_SUBMITTER,
            ),
            pgtrigger.Trigger(
                name="decisions_decision_true_override",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.override_id IS NOT NULL"),
                func=TRUE_OVERRIDE,
            ),
            pgtrigger.Trigger(
                name="decisions_decision_policy_stands",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.policy_id IS NOT NULL"),
                func=POLICY_STANDS,
            ),
            pgtrigger.Trigger(
                name="decisions_decision_decline_stands",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition(
                    "NEW.outcome = 'approve' AND NEW.override_id IS NULL"
                ),
                func=DECLINE_STANDS,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["application", "number"], name="decisions_decision_number"
            ),
            models.CheckConstraint(
                condition=Q(kind="automated", decided_by__isnull=True)
                | Q(kind="human", decided_by__isnull=False),
                name="decisions_decision_somebody_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(submitted_by__isnull=True)
                | ~Q(decided_by=F("submitted_by")),
                name="decisions_decision_not_own_submission",
            ),
            models.CheckConstraint(
                condition=Q(countersigned_by__isnull=True)
                | (
                    ~Q(countersigned_by=F("decided_by"))
                    & (Q(submitted_by__isnull=True) | ~Q(countersigned_by=F("submitted_by")))
                ),
                name="decisions_decision_second_is_another",
            ),
            models.CheckConstraint(
                condition=Q(override__isnull=True)
                | Q(kind="human", outcome="approve", valid_until__isnull=False),
                name="decisions_decision_override_approves_for_a_time",
            ),
            models.CheckConstraint(
                condition=Q(is_counter_offer__isnull=True)
                | Q(outcome="approve", valid_until__isnull=False),
                name="decisions_decision_offer_has_an_end",
            ),
            models.CheckConstraint(
                # But for what a person takes up anew after a mistake, with a reason.
                condition=~Q(kind="human", outcome="refer") | (Q(failure="reopened") & ~Q(note="")),
                name="decisions_decision_people_decide",
            ),
            models.CheckConstraint(
                condition=~Q(kind="automated", outcome__in=["approve", "decline"])
                | Q(score_run__isnull=False, policy__isnull=False, failure=""),
                name="decisions_decision_automated_is_complete",
            ),
        ]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return self.get_outcome_display()
