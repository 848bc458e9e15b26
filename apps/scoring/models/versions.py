"""Registered models and every score they gave."""

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.scoring.lifecycle import LIFECYCLE
from ml import artefact


class ModelVersion(Identified, Timestamped, Stateful):
    """A trained model: artefact as text, manifest, hash and signature.

    At most one champion for each segment.
    """

    lifecycle = LIFECYCLE

    segment = models.SlugField(_("segment"), max_length=40)
    number = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=120)
    body = models.TextField(editable=False)
    manifest = models.JSONField(_("manifest"), encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    signature = models.CharField(_("signature"), max_length=128)
    schema_hash = models.CharField(_("schema hash"), max_length=64)
    developed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="models_developed"
    )
    approved_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="models_approved"
    )
    promoted_at = models.DateTimeField(_("promoted"), null=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_model", _("See models and their figures")),
            ("request_score", _("Ask for a score without an application")),
            ("roll_back_model", _("Go back to the champion before at once")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "scoring_model_status_known"),
            models.UniqueConstraint(
                fields=["segment"],
                condition=Q(status="champion"),
                name="scoring_model_one_champion_per_segment",
            ),
            models.UniqueConstraint(fields=["segment", "number"], name="scoring_model_number"),
            models.UniqueConstraint(fields=["segment", "sha256"], name="scoring_model_artefact"),
            models.CheckConstraint(
                condition=~Q(status="champion")
                | (Q(approved_by__isnull=False) & ~Q(approved_by=models.F("developed_by"))),
                name="scoring_model_champion_approved_by_another",
            ),
        ]
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")

    def __str__(self) -> str:
        return f"{self.segment} v{self.number}"

    @property
    def kind(self) -> str:
        """Which family the model is of, as its manifest says."""
        return artefact.kind_of(self.manifest)


class ScoreRun(Identified, AppendOnlyModel):
    """One score: the features as used, the model that gave it, PD, score and attributions."""

    subject = models.CharField(_("scored"), max_length=100, db_index=True)
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs")
    model_sha256 = models.CharField(max_length=64)
    schema_hash = models.CharField(max_length=64)
    features = models.JSONField(_("features"), encoder=DjangoJSONEncoder)
    features_sha256 = models.CharField(max_length=64)
    pd = models.FloatField(_("probability of default"))
    score = models.SmallIntegerField(_("score"))
    log_odds = models.FloatField()
    base = models.FloatField()
    attributions = models.JSONField(_("attributions"))
    scored_at = models.DateTimeField(_("scored"), db_index=True)

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("scoring_run")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(pd__gt=0) & Q(pd__lt=1), name="scoring_run_pd"),
        ]
        # Past applications of about the same risk are looked for beside every case.
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["schema_hash", "log_odds"], name="scoring_run_by_risk")
        ]
        verbose_name = _("score run")
        verbose_name_plural = _("score runs")

    def __str__(self) -> str:
        return f"{self.score} ({self.pd:.2%})"
