"""Returns to regulators and credit bureaus, as they were made."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.npa.models.watching import OfEntity
from apps.npa.return_lifecycle import ORDER, STANDING


class Return(Identified):
    """One return as it was made: the file, its hash, who made it, when, and how it reconciles.

    Nothing of it ever changes; the same return made again is another row. The file is encrypted,
    for that of a bureau names every borrower.
    """

    class Kind(models.TextChoices):
        RBI_ASSETS = "rbi_assets", _("RBI: asset classification and provisioning")
        SASRA_FORM_4 = "sasra_form_4", _("SASRA: Form 4, risk classification of assets")
        BUREAU = "bureau", _("Credit bureaus: submission file")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("return"), max_length=16, choices=Kind)
    day = models.DateField(_("as on"))
    due_date = models.DateField(_("due"), null=True)
    # Of a bureau's file: every account, or those that changed since the file before.
    is_full = models.BooleanField(_("full"), default=True)
    layout = models.CharField(_("layout"), max_length=24)
    rows = models.PositiveIntegerField(_("rows"))
    content = EncryptedTextField(_("file"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    # Each figure of the snapshots beside the ledger's: name, snapshots, ledger.
    checks = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    reconciles = models.BooleanField(_("reconciles to the ledger"))
    # Why it was made although it does not reconcile.
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made"))

    objects = OfEntity.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("make_return", _("Make returns to regulators")),
            ("make_bureau_file", _("Make files for credit bureaus, with personal data in clear")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="npa_return_kept", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(reconciles=True) | ~Q(reason=""), name="npa_return_says_why"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["-made_at", "-id"], name="npa_return_newest"),
        ]
        verbose_name = _("return")
        verbose_name_plural = _("returns")

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"


class ReturnOrder(Identified, Timestamped, Stateful):
    """A long return that somebody asked for and a worker makes; what was asked for is never lost.

    `obstacle` is the code of the refusal where it could not be made.
    """

    lifecycle = ORDER

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("return"), max_length=16, choices=Return.Kind)
    day = models.DateField(_("as on"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked for"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    obstacle = models.CharField(_("obstacle"), max_length=40, blank=True)
    made = models.OneToOneField(Return, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OfEntity.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_order_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="npa_order_as_asked",
                fields=["entity", "kind", "day", "reason", "asked_by", "asked_at"],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(ORDER, "npa_order_status_known"),
            models.UniqueConstraint(
                fields=["entity", "kind", "day"],
                condition=Q(status__in=STANDING),
                name="npa_order_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status="made", made__isnull=False)
                | (~Q(status="made") & Q(made__isnull=True)),
                name="npa_order_made_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(obstacle=""), name="npa_order_says_why_not"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["-asked_at", "-id"], name="npa_order_newest"),
        ]
        verbose_name = _("return that was asked for")
        verbose_name_plural = _("returns that were asked for")

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
