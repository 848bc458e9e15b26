"""Models that are tried beside the champion, and what they said."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified, Timestamped
from apps.scoring.models.versions import ModelVersion, ScoreRun

_PLACED = ("segment", "model", "kind", "share", "seed", "trial", "began_at", "until")


class Placement(Identified, Timestamped):
    """A time in which a model is tried in a segment, at one share of the traffic.

    A shadow scores what others decide; a challenger decides its share. Another share is another
    placement of the same `trial`. It is ended once and never changes else; from `until` on it
    serves no more, ended or not. One of each kind serves in a segment at a time.
    """

    class Kind(models.TextChoices):
        SHADOW = "shadow", _("Shadow")
        CHALLENGER = "challenger", _("Challenger")

    segment = models.SlugField(_("segment"), max_length=40)
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="placements")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    share = models.DecimalField(_("share of traffic"), max_digits=4, decimal_places=3, null=True)
    seed = models.CharField(max_length=64)
    # The key of what people agreed on, which lies above this app.
    trial = models.UUIDField()
    began_at = models.DateTimeField(_("began"))
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["segment", "kind"],
                condition=Q(ended_at=None),
                name="scoring_placement_one_serves",
            ),
            models.CheckConstraint(
                condition=Q(kind="shadow", share=None)
                | Q(kind="challenger", share__gt=0, share__lt=1),
                name="scoring_placement_share",
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("began_at")), name="scoring_placement_has_an_end"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="scoring_placement_said", fields=list(_PLACED)),
            pgtrigger.Protect(
                name="scoring_placement_ended_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.ended_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="scoring_placement_kept", operation=pgtrigger.Delete),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["trial"], name="scoring_placement_trial")
        ]
        verbose_name = _("placement of a model")
        verbose_name_plural = _("placements of models")

    def __str__(self) -> str:
        return f"{self.model} {self.get_kind_display()}"


class Draw(Identified, AppendOnlyModel):
    """Which arm of a trial an application was drawn into, beside the score that decided it.

    `fell_back` says why the champion scored in the challenger's arm; empty where it did not.
    """

    class Arm(models.TextChoices):
        CHAMPION = "champion", _("Champion's arm")
        CHALLENGER = "challenger", _("Challenger's arm")

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="draws")
    subject = models.CharField(_("scored"), max_length=100, db_index=True)
    arm = models.CharField(_("arm"), max_length=10, choices=Arm)
    run = models.OneToOneField(ScoreRun, on_delete=models.PROTECT, related_name="draw")
    fell_back = models.CharField(_("why the champion scored"), max_length=40, blank=True)
    drawn_at = models.DateTimeField(_("drawn"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("scoring_draw")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(arm="challenger") | Q(arm="champion", fell_back=""),
                name="scoring_draw_arm",
            )
        ]
        verbose_name = _("draw of an arm")
        verbose_name_plural = _("draws of arms")

    def __str__(self) -> str:
        return self.get_arm_display()


class ShadowScore(Identified, AppendOnlyModel):
    """What a shadow says of an application beside the score that decided it.

    A table of its own, which nothing that decides or explains reads. `failure` says why there is
    no score.
    """

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="scores")
    run = models.ForeignKey(ScoreRun, on_delete=models.PROTECT, related_name="+")
    # When the score it stands beside was given: from the newest of these the next work begins.
    run_at = models.DateTimeField(_("decided by a score of"))
    model_sha256 = models.CharField(max_length=64)
    pd = models.FloatField(_("probability of default"), null=True)
    score = models.SmallIntegerField(_("score"), null=True)
    log_odds = models.FloatField(null=True)
    failure = models.CharField(_("why there is no score"), max_length=40, blank=True)
    scored_at = models.DateTimeField(_("scored"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("scoring_shadow")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["placement", "run"], name="scoring_shadow_once"),
            models.CheckConstraint(
                condition=Q(pd__gt=0, pd__lt=1, score__isnull=False, failure="")
                | (Q(pd=None, score=None, log_odds=None) & ~Q(failure="")),
                name="scoring_shadow_score_or_failure",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["placement", "run_at"], name="scoring_shadow_newest")
        ]
        verbose_name = _("score of a shadow")
        verbose_name_plural = _("scores of shadows")

    def __str__(self) -> str:
        return str(self.score)


class Incident(Identified, Timestamped):
    """A tried model that could not score; raised once until a person has looked at it."""

    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="incidents")
    code = models.CharField(_("what"), max_length=40)
    subject = models.CharField(_("first seen at"), max_length=100)
    occurred_at = models.DateTimeField(_("first seen"))
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(_("looked at"), null=True)
    note = models.TextField(_("what was found and done"), blank=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["placement", "code"],
                condition=Q(acknowledged_at=None),
                name="scoring_incident_one_open",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_by=None, acknowledged_at=None, note="")
                | (Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False) & ~Q(note="")),
                name="scoring_incident_acknowledged_whole",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="scoring_incident_said",
                fields=["placement", "code", "subject", "occurred_at"],
            ),
            pgtrigger.Protect(
                name="scoring_incident_answered_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.acknowledged_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="scoring_incident_kept", operation=pgtrigger.Delete),
        ]
        verbose_name = _("incident of a tried model")
        verbose_name_plural = _("incidents of tried models")

    def __str__(self) -> str:
        return self.code
