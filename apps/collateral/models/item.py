"""An item of collateral: what it is, whose it is, and how far the charge on it has come."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.collateral.lifecycle import LIFECYCLE, LIVE
from apps.core import withheld
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.customers.models import Customer


class Kind(models.TextChoices):
    """What an item is; how each is judged stands in the rules, with dates and sources."""

    DEPOSIT = "deposit", _("Deposit")
    GOLD = "gold", _("Gold")
    VEHICLE = "vehicle", _("Vehicle")
    RESIDENTIAL_PROPERTY = "residential_property", _("Residential property")
    COMMERCIAL_PROPERTY = "commercial_property", _("Commercial property")
    PLANT = "plant", _("Plant and machinery")
    RECEIVABLES = "receivables", _("Receivables")
    CROP = "crop", _("Crop")
    LIFE_POLICY = "life_policy", _("Life policy")
    OTHER = "other", _("Other")


class ItemQuerySet(models.QuerySet["Item"]):
    """Which rows a person may see, and which can secure anything."""

    def visible_to(self, actor: User) -> "ItemQuerySet":
        """Keep the items of the branches the person works in.

        Without those with a lien for an application that is withheld from the person for now: how
        far the pledge has come tells what was decided.
        """
        seen = self.filter(accounts.in_reach(actor))
        return withheld.without(seen, actor, field="liens__application")

    def live(self) -> "ItemQuerySet":
        """Keep those that are offered or charged."""
        return self.filter(status__in=LIVE)


class Item(Identified, Timestamped, Stateful):
    """One thing that secures loans. What was registered never changes and nothing is deleted.

    A mistake is withdrawn before the deed is signed and registered anew. The official number of
    the thing is kept encrypted; by its blind index no thing stands twice in a lender's register.
    """

    lifecycle = LIFECYCLE

    number = models.CharField(_("number"), max_length=20, unique=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name=_("branch"))
    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    description = models.CharField(_("description"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    price = models.DecimalField(_("purchase price"), max_digits=18, decimal_places=2, null=True)
    # Whose it is: a customer of ours, or a person named here.
    owner = models.ForeignKey(
        Customer, null=True, on_delete=models.PROTECT, related_name="collateral_items"
    )
    owner_name = EncryptedTextField(pgettext_lazy("collateral", "owner"), null=True)
    registration = EncryptedTextField(_("registration number"), null=True)
    registration_index = models.CharField(max_length=40, blank=True, editable=False)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    pledged_date = models.DateField(_("pledged on"), null=True)
    pledge_reference = models.CharField(_("deed"), max_length=80, blank=True)
    perfected_date = models.DateField(_("perfected on"), null=True)
    perfection_reference = models.CharField(_("entry in the register"), max_length=80, blank=True)
    ended_date = models.DateField(_("ended on"), null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField(_("why it ended"), max_length=300, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_item", _("See the collateral register")),
            ("keep_item", _("Register, value, insure, charge and pledge collateral")),
            ("release_item", _("Release collateral another asked to release, and invoke it")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "collateral_item_status_known"),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="collateral_item_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gt=0),
                name="collateral_item_price_positive",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=False, owner_name__isnull=True)
                | Q(owner__isnull=True, owner_name__isnull=False),
                name="collateral_item_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(registration__isnull=True, registration_index="")
                | (Q(registration__isnull=False) & ~Q(registration_index="")),
                name="collateral_item_registration_is_found",
            ),
            # The same thing registered by two people at once: one is there, the other finds it.
            models.UniqueConstraint(
                fields=["entity", "registration_index"],
                condition=Q(status__in=LIVE) & ~Q(registration_index=""),
                name="collateral_item_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | (Q(pledged_date__isnull=False) & ~Q(pledge_reference="")),
                name="collateral_item_pledged_by_deed",
            ),
            models.CheckConstraint(
                condition=~Q(status="perfected")
                | (Q(perfected_date__isnull=False) & ~Q(perfection_reference="")),
                name="collateral_item_perfected_by_entry",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LIVE)
                | (Q(ended_date__isnull=False, ended_by__isnull=False) & ~Q(ended_reason="")),
                name="collateral_item_ended_by_somebody",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collateral_item_kept", operation=pgtrigger.Delete),
            # The sealed values stay writable, so that keys can be rotated.
            pgtrigger.ReadOnly(
                name="collateral_item_registered",
                fields=[
                    *("number", "entity", "branch", "kind", "description", "currency", "price"),
                    *("owner", "registration_index", "registered_by", "created_at"),
                ],
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["branch", "-created_at", "id"]),
            models.Index(fields=["-created_at", "id"]),
        ]
        verbose_name = _("collateral item")
        verbose_name_plural = _("collateral register")

    def __str__(self) -> str:
        return self.number

    @property
    def is_live(self) -> bool:
        """Whether it can secure anything: offered or charged, and not over."""
        return self.status in LIVE

    @property
    def is_charged(self) -> bool:
        """Whether the deed was signed and the charge holds."""
        return self.status in ("pledged", "perfected")
