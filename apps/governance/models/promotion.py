"""Who let a model decide: one asks, another validates, a third approves. Rule book 7.2 and 7.4."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance.lifecycle import LIFECYCLE, OPEN
from apps.governance.models.document import ModelDocument
from apps.governance.models.gates import GateSet
from apps.governance.models.register import RegisterEntry
from apps.governance.models.report import ValidationReport
from apps.scoring.models import ModelVersion

_ONCE_SAID = """
    IF (OLD.validated_by_id IS NOT NULL AND (
            NEW.validated_by_id IS DISTINCT FROM OLD.validated_by_id
            OR NEW.validated_at IS DISTINCT FROM OLD.validated_at
            OR NEW.validation IS DISTINCT FROM OLD.validation
            OR NEW.validation_note IS DISTINCT FROM OLD.validation_note))
        OR (OLD.decided_by_id IS NOT NULL AND (
            NEW.decided_by_id IS DISTINCT FROM OLD.decided_by_id
            OR NEW.decided_at IS DISTINCT FROM OLD.decided_at
            OR NEW.answer IS DISTINCT FROM OLD.answer
            OR NEW.effective_on IS DISTINCT FROM OLD.effective_on
            OR NEW.gate_set_id IS DISTINCT FROM OLD.gate_set_id
            OR NEW.verdicts IS DISTINCT FROM OLD.verdicts))
    THEN
        RAISE EXCEPTION 'governance_promotion_once_said: what was answered stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_NOT_THE_DEVELOPER = """
    IF EXISTS (
        SELECT 1 FROM scoring_modelversion
        WHERE id = NEW.model_id AND developed_by_id IN (NEW.validated_by_id, NEW.decided_by_id)
    ) THEN
        RAISE EXCEPTION 'governance_promotion_not_by_developer: the developer does not judge'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_EXCEPTED_BY_ANOTHER = """
    IF NEW.status = 'approved' AND OLD.status = 'validated' AND EXISTS (
        SELECT 1 FROM governance_gateexception
        WHERE promotion_id = NEW.id AND granted_by_id = NEW.decided_by_id
    ) THEN
        RAISE EXCEPTION 'governance_promotion_excepted_by_another: who lets through approves not'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_BY_THREE = """
    IF NEW.by_two THEN
        RAISE EXCEPTION 'governance_promotion_by_three: two people are not enough any more'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class Promotion(Identified, Timestamped, Stateful):
    """A request to make a model the champion.

    Who asks, who validates and who approves are three people, none of the last two the developer
    or the owner. Report, documentation, entry of the register and evidence are those of the day it
    was asked for; the gates and what they said, those of the approval. `by_two` marks promotions
    from before there was a validation; no new one can be.
    """

    lifecycle = LIFECYCLE

    class Validation(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        WITH_FINDINGS = "with_findings", _("accepted with findings")
        REFUSED = "refused", _("refused")

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="promotions")
    evidence = models.JSONField(_("evidence"), encoder=DjangoJSONEncoder)
    reason = models.TextField(_("why"))
    report = models.ForeignKey(
        ValidationReport, null=True, on_delete=models.PROTECT, related_name="promotions"
    )
    document = models.ForeignKey(
        ModelDocument, null=True, on_delete=models.PROTECT, related_name="promotions"
    )
    entry = models.ForeignKey(
        RegisterEntry, null=True, on_delete=models.PROTECT, related_name="promotions"
    )
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    by_two = models.BooleanField(default=False, editable=False)
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="promotions_proposed"
    )
    proposed_at = models.DateTimeField(_("proposed"))
    validated_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="promotions_validated"
    )
    validated_at = models.DateTimeField(_("validated"), null=True)
    validation = models.CharField(_("validation"), max_length=16, blank=True, choices=Validation)
    validation_note = models.TextField(_("what the validator says"), blank=True)
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="promotions_decided"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    gate_set = models.ForeignKey(GateSet, null=True, on_delete=models.PROTECT, related_name="+")
    verdicts = models.JSONField(_("verdicts"), null=True, encoder=DjangoJSONEncoder)
    effective_on = models.DateField(_("in force from"), null=True)
    in_force_at = models.DateTimeField(_("put in force"), null=True)
    failure = models.TextField(_("why it could not be put in force"), blank=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_promotion", _("Ask for the promotion of a model")),
            ("validate_model", _("Validate models independently")),
            ("approve_promotion", _("Approve or refuse the promotion of a model")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="governance_promotion_kept", operation=pgtrigger.Delete),
            pgtrigger.FSM(
                name="governance_promotion_steps",
                field="status",
                transitions=[
                    (source, step.target) for step in LIFECYCLE.steps for source in step.sources
                ],
            ),
            pgtrigger.Protect(
                name="governance_promotion_begins_proposed",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.status <> 'proposed'"),
            ),
            pgtrigger.ReadOnly(
                name="governance_promotion_as_asked",
                fields=[
                    *("model", "evidence", "reason", "report", "document", "entry", "owner"),
                    *("by_two", "proposed_by", "proposed_at"),
                ],
            ),
            pgtrigger.Trigger(
                name="governance_promotion_once_said",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_ONCE_SAID,
            ),
            pgtrigger.Trigger(
                name="governance_promotion_not_by_developer",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=_NOT_THE_DEVELOPER,
            ),
            pgtrigger.Trigger(
                name="governance_promotion_excepted_by_another",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_EXCEPTED_BY_ANOTHER,
            ),
            pgtrigger.Trigger(
                name="governance_promotion_by_three",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_BY_THREE,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "governance_promotion_status_known"),
            models.CheckConstraint(
                condition=Q(by_two=True)
                | Q(
                    report__isnull=False,
                    document__isnull=False,
                    entry__isnull=False,
                    owner__isnull=False,
                ),
                name="governance_promotion_has_papers",
            ),
            models.CheckConstraint(
                condition=Q(by_two=True)
                | Q(status__in=["proposed", "refused", "withdrawn"])
                | (
                    Q(validated_by__isnull=False, validated_at__isnull=False)
                    & Q(validation__in=["accepted", "with_findings"])
                ),
                name="governance_promotion_validated_first",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "in_force"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="governance_promotion_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(by_two=True)
                | ~Q(status__in=["approved", "in_force"])
                | Q(gate_set__isnull=False, verdicts__isnull=False, effective_on__isnull=False),
                name="governance_promotion_judged_by_gates",
            ),
            models.CheckConstraint(
                condition=~Q(validated_by=F("proposed_by")) & ~Q(validated_by=F("owner")),
                name="governance_promotion_validated_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("proposed_by"))
                & ~Q(decided_by=F("validated_by"))
                & ~Q(decided_by=F("owner")),
                name="governance_promotion_decided_by_another",
            ),
            models.UniqueConstraint(
                fields=["model"],
                condition=Q(status__in=OPEN),
                name="governance_promotion_one_open",
            ),
        ]
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")

    def __str__(self) -> str:
        return str(self.model)


class GateException(Identified, AppendOnlyModel):
    """An approver lets a model through one gate it failed, for a reason and until a day."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="exceptions")
    gate = models.CharField(_("gate"), max_length=24)
    reason = models.TextField(_("why"))
    until = models.DateField(_("until"))
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(_("granted"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("governance_exception")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=~Q(reason=""), name="governance_exception_says_why"),
        ]
        verbose_name = _("exception from a gate")
        verbose_name_plural = _("exceptions from gates")

    def __str__(self) -> str:
        return f"{self.gate} {self.until}"


class Condition(Identified, AppendOnlyModel):
    """Until when an approval holds; None where it holds without an end. The newest counts."""

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="conditions")
    until = models.DateField(_("until"), null=True)
    reason = models.TextField(_("why"))
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("set"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("governance_condition")
        verbose_name = _("condition of an approval")
        verbose_name_plural = _("conditions of approvals")

    def __str__(self) -> str:
        return f"{self.until}"
