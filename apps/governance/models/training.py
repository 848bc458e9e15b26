"""What a model was trained on, and what was asked to be trained."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.governance import kinds
from apps.governance.lifecycle import TRAINING
from apps.scoring import model_words
from apps.scoring.models import ModelVersion


class TrainingRun(Identified, Timestamped, AppendOnlyModel):
    """One training: the data it saw (window, size, hash) and the figures it reached.

    `rows` and `defaults` count the loans the model learned from; where the newest of the window
    were held out they are fewer than the window has. The hash is of the whole window. Evidence
    for a promotion, so nothing of it is ever edited.
    """

    model = models.OneToOneField(
        ModelVersion, on_delete=models.PROTECT, related_name="training_run"
    )
    segment = models.SlugField(_("segment"), max_length=40)
    from_date = models.DateField(_("loans from"))
    to_date = models.DateField(_("loans before"))
    holdout_to_date = models.DateField(_("tested on loans before"), null=True)
    rows = models.PositiveIntegerField(_("loans"))
    defaults = models.PositiveIntegerField(_("defaults"))
    dataset_sha256 = models.CharField(_("data hash"), max_length=64)
    figures = models.JSONField(_("figures"), encoder=DjangoJSONEncoder)
    started_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    trained_at = models.DateTimeField(_("trained"))

    class Meta:
        default_permissions = ()
        permissions = [("train_model", _("Train models"))]
        triggers = append_only_triggers("governance_training_run")
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")

    def __str__(self) -> str:
        return f"{self.segment} {self.trained_at:%Y-%m-%d}"

    @property
    def last_learned_day(self) -> date:
        """The last day on which a loan that the model learned from can have been paid out."""
        split = (self.figures.get("holdout") or {}).get("split")
        if split is None:
            return self.to_date - timedelta(days=1)
        return date.fromisoformat(split["last_train_day"])


class TrainingRequest(Identified, Timestamped, Stateful):
    """An analyst's wish to have a model trained by a worker, and how it ended."""

    lifecycle = TRAINING

    segment = models.SlugField(_("segment"), max_length=40)
    kind = models.CharField(_("kind of model"), max_length=20, default=kinds.DEFAULT)
    from_date = models.DateField(_("loans from"))
    to_date = models.DateField(_("loans before"))
    holdout_to_date = models.DateField(_("tested on loans before"), null=True)
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="trainings_requested"
    )
    requested_at = models.DateTimeField(_("asked for"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    failure = models.TextField(_("why it failed"), blank=True)
    run = models.OneToOneField(
        TrainingRun, null=True, on_delete=models.PROTECT, related_name="request"
    )

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(TRAINING, "governance_request_status_known"),
            models.CheckConstraint(
                condition=Q(kind__in=tuple(kinds.OFFERS)), name="governance_request_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(run__isnull=False),
                name="governance_request_completed_has_run",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure=""),
                name="governance_request_failed_says_why",
            ),
        ]
        verbose_name = _("training request")
        verbose_name_plural = _("training requests")

    def __str__(self) -> str:
        return f"{self.segment} {self.requested_at:%Y-%m-%d}"

    @property
    def kind_words(self) -> str:
        """What the kind of model is called."""
        return model_words.kind(self.kind)
