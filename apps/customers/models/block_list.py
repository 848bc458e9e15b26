"""Whom the lender does not lend to, who said so, and who took it back."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.customers import identity
from apps.customers.lifecycle import LIFECYCLE
from apps.customers.models.person import Customer, IdentityNumber


class BlockListQuerySet(models.QuerySet["BlockListEntry"]):
    """Which rows a person may see, and which of them block."""

    def visible_to(self, actor: User) -> "BlockListQuerySet":
        """Keep the entries of the person's lender; all for who works everywhere."""
        if actor.works_everywhere:
            return self
        return self.filter(entity_id=actor.branch.entity_id)

    def in_effect(self, on: Any) -> "BlockListQuerySet":
        """Keep the entries that block whoever asks on a day: not lifted and not run out.

        No entry begins after it was made, so one that is seen at all has begun, even where the
        application waits since before.
        """
        return self.filter(
            Q(until_date__isnull=True) | Q(until_date__gte=on), status=LIFECYCLE.initial
        )

    def about(self, *, customer: Any, entity: Any) -> "BlockListQuerySet":
        """Keep a lender's entries about one of its customers or a number of theirs, both by key."""
        numbers = IdentityNumber.objects.filter(customer=customer).values("index")
        return self.filter(Q(customer=customer) | Q(index__in=numbers), entity=entity)

    def about_any(self, *, customers: Any, entity: Any) -> "BlockListQuerySet":
        """Keep a lender's entries about any of some customers, whom a query names by key."""
        numbers = IdentityNumber.objects.filter(customer__in=customers).values("index")
        return self.filter(Q(customer__in=customers) | Q(index__in=numbers), entity=entity)


class BlockListEntry(Identified, Timestamped, Stateful):
    """One customer, or one official number, that a lender does not lend to.

    An entry is never changed or deleted; lifting it takes another person than who listed it. The
    number is kept encrypted and found by the blind index that customers' numbers have.
    """

    lifecycle = LIFECYCLE

    class Ground(models.TextChoices):
        FRAUD = "fraud", _("False statements or documents")
        IDENTITY_MISUSE = "identity_misuse", _("The identity was misused by others")
        SANCTIONS = "sanctions", _("On a sanctions list")
        COURT_ORDER = "court_order", _("Order of a court or an authority")
        WRITTEN_OFF = "written_off", _("A loan of ours was written off")
        OWN_WISH = "own_wish", _("Wishes not to be lent to")
        OTHER = "other", _("Other, see the source")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="block_list")
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.PROTECT, related_name="block_list"
    )
    kind = models.CharField(
        _("kind of number"), max_length=20, choices=IdentityNumber.Kind, blank=True
    )
    number = EncryptedTextField(_("number"), null=True)
    index = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    ground = models.CharField(_("ground"), max_length=20, choices=Ground)
    source = models.CharField(_("source"), max_length=120)
    from_date = models.DateField(_("from"))
    until_date = models.DateField(_("until"), null=True)
    listed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    lifted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    lifting_reason = models.CharField(_("why it was lifted"), max_length=300, blank=True)

    objects = BlockListQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_block_list", _("See the block list")),
            ("manage_block_list", _("Enter into the block list and lift entries")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "customers_block_list_status_known"),
            models.CheckConstraint(
                condition=Q(customer__isnull=False, kind="", index="", number__isnull=True)
                | (Q(customer__isnull=True, number__isnull=False) & ~Q(kind="") & ~Q(index="")),
                name="customers_block_list_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="customers_block_list_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="standing",
                    lifted_by__isnull=True,
                    lifted_at__isnull=True,
                    lifting_reason="",
                )
                | (
                    Q(status="lifted", lifted_by__isnull=False, lifted_at__isnull=False)
                    & ~Q(lifting_reason="")
                ),
                name="customers_block_list_lifted_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("listed_by")),
                name="customers_block_list_lifted_by_another",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="block_list_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="block_list_table",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION '% is kept for good', TG_TABLE_NAME;",
            ),
            # The sealed number stays writable, so that keys can be rotated.
            pgtrigger.ReadOnly(
                name="block_list_entered",
                fields=[
                    *("entity", "customer", "kind", "index", "ground", "source"),
                    *("from_date", "until_date", "listed_by", "created_at"),
                ],
            ),
            pgtrigger.Protect(
                name="block_list_lifted_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status = 'lifted' AND"
                    " (OLD.status, OLD.lifted_by_id, OLD.lifted_at, OLD.lifting_reason)"
                    " IS DISTINCT FROM"
                    " (NEW.status, NEW.lifted_by_id, NEW.lifted_at, NEW.lifting_reason)"
                ),
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["entity", "-created_at", "id"])]
        verbose_name = _("entry of the block list")
        verbose_name_plural = _("block list")

    def __str__(self) -> str:
        return self.get_ground_display()

    @property
    def is_standing(self) -> bool:
        """Whether nobody has lifted the entry."""
        return self.status == LIFECYCLE.initial

    @property
    def subject(self) -> str:
        """Whom or what the entry is about: a customer number, or an official number masked."""
        if self.customer is not None:
            return self.customer.number
        return f"{self.get_kind_display()} {identity.masked(self.kind, self.number or '')}"
