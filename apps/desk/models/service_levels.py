"""How long cases may wait: a table with owners, changed by ending a row and entering another."""

import uuid
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.models import Identified, Timestamped
from apps.desk.levels import Level
from apps.products.models import Product

LONGEST_HOURS = 24 * 90
NO_PRODUCT = models.Value(uuid.UUID(int=0))


class ServiceLevelQuerySet(models.QuerySet["ServiceLevel"]):
    """Which rows a person may see, and which count."""

    def visible_to(self, actor: User) -> "ServiceLevelQuerySet":
        """Keep the rows of the person's lender; all for who works everywhere."""
        return self if actor.works_everywhere else self.filter(entity_id=actor.branch.entity_id)

    def standing(self) -> "ServiceLevelQuerySet":
        """Keep the rows nobody has ended."""
        return self.filter(ended_at__isnull=True)


class ServiceLevel(Identified, Timestamped):
    """Within how many hours a lender wants cases of a kind decided, and who answers for that.

    An empty reason or product fits every case. A row is never changed: another takes its place, and
    it counts for the cases that come from then on.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="service_levels")
    cause = models.CharField(_("reason for referral"), max_length=40, blank=True)
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    # In the lender's currency.
    from_amount = models.DecimalField(_("from amount"), max_digits=18, decimal_places=2, default=0)
    hours = models.PositiveSmallIntegerField(_("hours"))
    owner = models.CharField(_("owner"), max_length=120)
    # Empty where it came with the installation.
    entered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("in force since"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = ServiceLevelQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("manage_service_levels", _("Change how long cases may wait"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                F("entity"),
                F("cause"),
                Coalesce(F("product"), NO_PRODUCT),
                F("from_amount"),
                condition=Q(ended_at__isnull=True),
                name="desk_service_level_once",
            ),
            models.CheckConstraint(
                condition=Q(hours__gte=1, hours__lte=LONGEST_HOURS) & Q(from_amount__gte=0),
                name="desk_service_level_in_range",
            ),
            models.CheckConstraint(condition=~Q(owner=""), name="desk_service_level_has_owner"),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="desk_service_level_ended_by_somebody",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="desk_service_level_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="desk_service_level_entered",
                fields=[
                    *("entity", "cause", "product", "from_amount"),
                    *("hours", "owner", "entered_by", "entered_at"),
                ],
            ),
            pgtrigger.Protect(
                name="desk_service_level_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.ended_at IS NOT NULL"),
            ),
        ]
        verbose_name = _("service level")
        verbose_name_plural = _("service levels")

    def __str__(self) -> str:
        return f"{self.hours} h"

    @property
    def level(self) -> Level:
        """The row as the choice between rows reads it."""
        return Level(
            hours=self.hours,
            owner=self.owner,
            cause=self.cause,
            product="" if self.product is None else self.product.code,
            from_amount=self.from_amount,
        )
