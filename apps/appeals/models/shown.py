"""What an appeal brings along: facts said to be wrong, files, and the case judged anew."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.appeals.models.asked import Appeal
from apps.core.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField
from apps.core.models import Identified, Timestamped
from apps.decisions.models import Outcome, PolicyVersion
from apps.scoring.models import ScoreRun


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "EvidenceQuerySet":
        """Keep the files of appeals the person may see."""
        return self.filter(appeal__in=Appeal.objects.visible_to(actor))


class Evidence(Identified, Timestamped):
    """A file that came with an appeal; encrypted, and never shown inline."""

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="evidence")
    filename = EncryptedTextField(_("file name"))
    content_type = models.CharField(_("type"), max_length=80)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, editable=False)
    content = EncryptedBytesField()
    # None: the applicant, by a signed link.
    uploaded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="appeals_evidence_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="appeals_evidence_given",
                fields=["appeal", "content_type", "size", "sha256", "uploaded_by"],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["appeal", "sha256"], name="appeals_evidence_same_file_once"
            )
        ]
        verbose_name = _("file of an appeal")
        verbose_name_plural = _("files of appeals")

    def __str__(self) -> str:
        return self.sha256[:8]


class CorrectionQuerySet(models.QuerySet["Correction"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "CorrectionQuerySet":
        """Keep the corrections of appeals the person may see."""
        return self.filter(appeal__in=Appeal.objects.visible_to(actor))


class Correction(Identified, Timestamped):
    """One fact an appeal says is wrong: what stood, what is right, and what came of it."""

    class Answer(models.TextChoices):
        ASKED = "asked", _("Not looked at yet")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Not shown")

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="corrections")
    fact = models.CharField(_("fact"), max_length=32)
    stood = EncryptedJSONField(_("on record"))
    claimed = EncryptedJSONField(_("right value"))
    # None: the applicant, by a signed link.
    claimed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="corrections_claimed"
    )
    answer = models.CharField(
        _("answer"), max_length=10, choices=Answer, default=Answer.ASKED, editable=False
    )
    # What shows it: a file of the appeal or the customer, by its reference, or the bureau's word.
    source = models.CharField(_("shown by"), max_length=120, blank=True)
    answered_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="corrections_answered"
    )
    answered_at = models.DateTimeField(_("looked at"), null=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="appeals_correction_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="appeals_correction_claimed", fields=["appeal", "fact", "claimed_by"]
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["appeal", "fact"], name="appeals_correction_once"),
            models.CheckConstraint(
                condition=Q(answer="asked", answered_by__isnull=True)
                | (
                    Q(answer__in=["accepted", "refused"], answered_by__isnull=False)
                    & Q(answered_at__isnull=False)
                ),
                name="appeals_correction_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(answer="accepted") | ~Q(source=""),
                name="appeals_correction_has_source",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True)
                | Q(claimed_by__isnull=True)
                | ~Q(answered_by=F("claimed_by")),
                name="appeals_correction_two_people",
            ),
        ]
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")

    def __str__(self) -> str:
        return self.fact


class Reassessment(Identified, Timestamped):
    """What model and policy say of the case on corrected facts, beside what they said before.

    `facts_before` and `facts_after` hold the facts that changed and those that did not, as texts;
    they are personal and sealed.
    """

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="reassessments")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT)
    made_at = models.DateTimeField(_("judged"))
    facts_before = EncryptedJSONField()
    facts_after = EncryptedJSONField()
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT)
    score_run = models.ForeignKey(ScoreRun, on_delete=models.PROTECT)
    inputs = models.JSONField(encoder=DjangoJSONEncoder)
    trace = models.JSONField(encoder=DjangoJSONEncoder)
    reasons = models.JSONField(encoder=DjangoJSONEncoder)
    reason_codes = ArrayField(models.CharField(max_length=60), default=list)
    annual_rate = models.DecimalField(_("interest rate a year"), max_digits=7, decimal_places=6)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="appeals_reassessment_kept", operation=pgtrigger.Delete),
            # The sealed facts stay writable, so that keys can be rotated.
            pgtrigger.ReadOnly(
                name="appeals_reassessment_made",
                fields=[
                    *("appeal", "made_by", "made_at", "outcome", "policy", "score_run"),
                    *("inputs", "trace", "reasons", "reason_codes", "annual_rate"),
                ],
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["appeal", "-made_at"])]
        verbose_name = _("reassessment")
        verbose_name_plural = _("reassessments")

    def __str__(self) -> str:
        return self.get_outcome_display()
