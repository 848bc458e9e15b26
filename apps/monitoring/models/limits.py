"""Limits on the measures of a segment's champion, in dated versions, each by two people."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.monitoring.lifecycle import ANSWERED
from apps.monitoring.measures import Level, Measure
from apps.monitoring.spans import Span

AS_PROPOSED = ["segment", "effective_from", "reason", "proposed_by", "proposed_at"]


class Answered(Identified, Timestamped, Stateful):
    """What holds for a segment from a day on: one person proposes it, another answers."""

    lifecycle = ANSWERED

    segment = models.SlugField(_("segment"), max_length=40)
    effective_from = models.DateField(_("from"))
    # About the model and its use, never about a borrower.
    reason = models.CharField(_("reason"), max_length=1_000)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = models.CharField(_("note"), max_length=1_000, blank=True)

    class Meta:
        abstract = True


def answered_triggers(name: str, *fields: str) -> list[Any]:
    """Return the triggers that keep rows, what was proposed, and an answer once it was given."""
    return [
        pgtrigger.Protect(name=f"{name}_kept", operation=pgtrigger.Delete),
        pgtrigger.ReadOnly(name=f"{name}_as_proposed", fields=[*AS_PROPOSED, *fields]),
        pgtrigger.Protect(
            name=f"{name}_once_answered",
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition("OLD.status <> 'proposed'"),
        ),
    ]


def answered_constraints(name: str, *fields: str) -> list[Any]:
    """Return the constraints on what two people decide; one of `fields` holds from one day on."""
    return [
        status_constraint(ANSWERED, f"{name}_status_known"),
        models.CheckConstraint(
            condition=Q(status="proposed", answered_by=None, answered_at=None)
            | (~Q(status="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
            name=f"{name}_answered_or_not",
        ),
        models.CheckConstraint(
            condition=Q(status__in=["proposed", "withdrawn"]) | ~Q(answered_by=F("proposed_by")),
            name=f"{name}_by_two_people",
        ),
        models.UniqueConstraint(
            fields=["segment", *fields, "effective_from"],
            condition=Q(status="approved"),
            name=f"{name}_one_a_day",
        ),
        models.UniqueConstraint(
            fields=["segment", *fields],
            condition=Q(status="proposed"),
            name=f"{name}_one_proposed",
        ),
    ]


class Limit(Answered):
    """From which value of a measure on people are told, asked to review, or automation stops.

    `stops` is for the gravest level alone: whether the machine stops by itself, or a person is
    asked to stop it. One that is not watched ends the one before.
    """

    measure = models.CharField(_("measure"), max_length=20, choices=[(one, one) for one in Measure])
    level = models.CharField(_("level"), max_length=8, choices=[(one, one) for one in Level])
    span = models.CharField(_("span"), max_length=5, choices=[(one, one) for one in Span])
    bound = models.DecimalField(_("limit"), max_digits=12, decimal_places=6)
    stops = models.BooleanField(_("stops automated decisions by itself"), default=False)
    is_watched = models.BooleanField(_("watched"), default=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    webhook_url = models.CharField(_("webhook"), max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_limit", _("Propose limits on how models do, and plans of retraining")),
            ("approve_limit", _("Approve limits and plans that another person proposed")),
            ("answer_incident", _("Acknowledge and close incidents of models")),
        ]
        triggers: ClassVar[list[Any]] = answered_triggers(
            "monitoring_limit",
            *("measure", "level", "span", "bound", "stops", "is_watched", "owner", "webhook_url"),
        )
        constraints: ClassVar[list[Any]] = [
            *answered_constraints("monitoring_limit", "measure", "level", "span"),
            models.CheckConstraint(
                condition=Q(measure__in=list(Measure), level__in=list(Level), span__in=list(Span)),
                name="monitoring_limit_known",
            ),
            models.CheckConstraint(condition=Q(bound__gt=0), name="monitoring_limit_above_zero"),
            models.CheckConstraint(
                condition=Q(stops=False) | Q(level="stop"), name="monitoring_limit_stops_at_stop"
            ),
        ]
        verbose_name = _("limit")
        verbose_name_plural = _("limits")

    def __str__(self) -> str:
        return f"{self.segment} {self.measure} {self.level}"
