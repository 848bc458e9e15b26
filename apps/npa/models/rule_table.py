"""The rules of regulators as dated rows, and under which of their layers a lender is."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity


class RuleTable(models.Model):
    """What one regulator demands from a day on; `rule_reading` reads it into `regimes.Rules`.

    A table by which a day was ended keeps saying what it said: changed rules are another table from
    a later day, and the end of the first (`services.load_rules`).
    """

    class Status(models.TextChoices):
        IN_FORCE = "in_force", _("In force")
        FUTURE = "future", _("Will come")
        DRAFT = "draft", _("Draft")
        RESCINDED = "rescinded", _("Rescinded")

    id = models.BigAutoField(primary_key=True)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    regime = models.SlugField(_("regime"), max_length=40)
    # Empty: every country, every layer, everything that is lent for.
    countries = ArrayField(models.CharField(max_length=2), verbose_name=_("countries"), blank=True)
    entity_kind = models.CharField(_("kind of lender"), max_length=16, choices=Entity.Kind)
    layers = ArrayField(models.CharField(max_length=24), verbose_name=_("layers"), blank=True)
    scope = ArrayField(
        models.CharField(max_length=40), verbose_name=_("products and purposes"), blank=True
    )
    effective_from = models.DateField(_("from"))
    effective_to = models.DateField(_("until"), null=True)
    # What was published; what stands on a day follows from the dates, but for a draft.
    status = models.CharField(_("status"), max_length=12, choices=Status)
    source = models.CharField(_("source"), max_length=400)
    note = models.CharField(_("note"), max_length=600, blank=True)
    body = models.JSONField(_("rules"), encoder=DjangoJSONEncoder)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_rule_table_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="npa_rule_table_is_called", fields=["code"]),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gte=F("effective_from")),
                name="npa_rule_table_ends_later",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["in_force", "future", "draft", "rescinded"]),
                name="npa_rule_table_status_known",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="npa_rule_table_has_source"),
        ]
        verbose_name = _("rule table")
        verbose_name_plural = _("rule tables")

    def __str__(self) -> str:
        return self.name


class Layer(models.Model):
    """Under which layer of its regulator a lender is, from a day on; without a row under none."""

    id = models.BigAutoField(primary_key=True)
    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="layers", db_index=False
    )
    layer = models.SlugField(_("layer"), max_length=24)
    effective_from = models.DateField(_("from"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "effective_from"], name="npa_layer_once"),
        ]
        verbose_name = _("layer of a lender")
        verbose_name_plural = _("layers of lenders")

    def __str__(self) -> str:
        return f"{self.layer} {self.effective_from}"
