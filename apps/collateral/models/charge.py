"""Who has a charge on an item, in which order, and the release that takes two people."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application, Collateral
from apps.collateral.lifecycle import LIENS, RELEASES
from apps.collateral.models.item import Item
from apps.core.models import Identified, Stateful, Timestamped, status_constraint


class Lien(Identified, Timestamped, Stateful):
    """A charge on an item: for one of our applications, or for another lender who came before.

    Rank 1 is served first; a later rank gets only what is left. Amounts are in the item's currency.
    """

    lifecycle = LIENS

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="liens")
    application = models.ForeignKey(
        Application, null=True, on_delete=models.PROTECT, related_name="liens"
    )
    holder = models.CharField(_("other lender"), max_length=120, blank=True)
    # What the applicant declared and the decision rested on, where the item came from there.
    declared = models.ForeignKey(
        Collateral, null=True, on_delete=models.PROTECT, related_name="liens"
    )
    rank = models.PositiveSmallIntegerField(_("rank"))
    secured_amount = models.DecimalField(_("secures"), max_digits=18, decimal_places=2)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIENS, "collateral_lien_status_known"),
            models.CheckConstraint(
                condition=Q(secured_amount__gt=0) & Q(rank__gte=1),
                name="collateral_lien_secures_something",
            ),
            models.CheckConstraint(
                condition=Q(application__isnull=False, holder="")
                | (Q(application__isnull=True, declared__isnull=True) & ~Q(holder="")),
                name="collateral_lien_one_holder",
            ),
            models.CheckConstraint(
                condition=Q(status="standing", ended_at__isnull=True)
                | (~Q(status="standing") & Q(ended_at__isnull=False)),
                name="collateral_lien_ended_at_some_time",
            ),
            models.UniqueConstraint(
                fields=["item", "rank"],
                condition=Q(status="standing"),
                name="collateral_lien_rank_once",
            ),
            models.UniqueConstraint(
                fields=["item", "application"],
                condition=Q(status="standing", application__isnull=False),
                name="collateral_lien_application_once",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collateral_lien_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="collateral_lien_stands",
                fields=[
                    *("item", "application", "holder", "declared", "rank", "secured_amount"),
                    *("added_by", "created_at"),
                ],
            ),
        ]
        verbose_name = _("lien")
        verbose_name_plural = _("liens")

    def __str__(self) -> str:
        return f"{self.item_id}/{self.rank}"

    @property
    def is_standing(self) -> bool:
        """Whether the charge holds."""
        return self.status == LIENS.initial


class Release(Identified, Stateful):
    """A request to give back an item, or to lift one lien: one person asks, another answers."""

    lifecycle = RELEASES

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="releases")
    # None: the item itself, with every lien of ours on it.
    lien = models.ForeignKey(Lien, null=True, on_delete=models.PROTECT, related_name="releases")
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(RELEASES, "collateral_release_status_known"),
            models.CheckConstraint(
                condition=Q(status="asked", answered_by__isnull=True, answered_at__isnull=True)
                | (~Q(status="asked") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="collateral_release_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("asked_by")),
                name="collateral_release_by_two_people",
            ),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(status="asked"),
                name="collateral_release_one_at_a_time",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collateral_release_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="collateral_release_asked",
                fields=["item", "lien", "reason", "asked_by", "asked_at"],
            ),
            pgtrigger.Protect(
                name="collateral_release_answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status <> 'asked'"),
            ),
        ]
        verbose_name = _("request to release")
        verbose_name_plural = _("requests to release")

    def __str__(self) -> str:
        return f"{self.item_id} {self.status}"
