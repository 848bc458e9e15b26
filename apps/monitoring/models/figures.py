"""The figures of a model over a day or a month, and what it is held against. Never edited."""

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified
from apps.monitoring.spans import Span
from apps.scoring.models import ModelVersion


class Reference(Identified, AppendOnlyModel):
    """How a model did in development, by which later outcomes are judged.

    From the loans that training held out where there are enough, else from those it learned from,
    which flatter it.
    """

    class Source(models.TextChoices):
        HELD_OUT = "held_out", _("loans that were held out")
        LEARNED = "learned", _("loans the model learned from")

    model = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(_("source"), max_length=8, choices=Source)
    facts = models.JSONField(_("figures"), encoder=DjangoJSONEncoder)
    dataset_sha256 = models.CharField(_("data hash"), max_length=64)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("monitoring_reference")
        verbose_name = _("development figures")
        verbose_name_plural = _("development figures")

    def __str__(self) -> str:
        return str(self.model)


class Figures(Identified, AppendOnlyModel):
    """One set of measures of one model over one day or month; `sha256` covers the facts."""

    class Kind(models.TextChoices):
        POPULATION = "population", _("Who was scored, and what was decided")
        OUTCOMES = "outcomes", _("How loans turned out")
        GROUPS = "groups", _("How groups fared")

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="figures")
    span = models.CharField(_("span"), max_length=5, choices=[(one, one) for one in Span])
    start = models.DateField(_("from"))
    kind = models.CharField(_("measures"), max_length=10, choices=Kind)
    facts = models.JSONField(_("figures"), encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        default_permissions = ()
        triggers = append_only_triggers("monitoring_figures")
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["model", "span", "start", "kind"], name="monitoring_figures_once"
            ),
            models.CheckConstraint(
                condition=Q(span__in=list(Span)), name="monitoring_figures_span_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["population", "outcomes", "groups"]),
                name="monitoring_figures_kind_known",
            ),
            models.CheckConstraint(
                condition=~Q(span="month") | Q(start__day=1), name="monitoring_figures_of_months"
            ),
        ]
        verbose_name = _("figures of a model")
        verbose_name_plural = _("figures of models")

    def __str__(self) -> str:
        return f"{self.start} {self.kind}"
