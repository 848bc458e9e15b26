"""Settlement offers: less than is owed, in parts, proposed by one person and agreed by another."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collections import settling
from apps.collections.models.assigning import OfLoan
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.letters.models import Letter
from apps.loans.models import Loan
from apps.servicing.models import Proposal

_AS_PROPOSED = (
    *("loan", "amount", "debt", "currency", "grace_days", "proposed_by", "proposed_at"),
    "proposed_on",
)
_PART_OF_PROPOSED = """
    IF NOT EXISTS (
        SELECT 1 FROM collections_settlement
        WHERE id = NEW.settlement_id AND status = 'proposed' AND NEW.due_date >= proposed_on
    ) THEN
        RAISE EXCEPTION 'collections_part_of_proposed: what was answered gets no more parts'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_ADDS_UP = """
    IF NEW.amount <> (
        SELECT coalesce(sum(amount), 0) FROM collections_settlementpart
        WHERE settlement_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'collections_settlement_adds_up: the parts are the whole'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
# Who agreed to what, and the letter that says so, are written once, with the answer; what is
# withdrawn without an answer has none of it.
_ANSWERED = ("answered_by_id", "answered_at", "answered_on", "letter_id", "most_given_up")
_ANSWERED_ONCE = (
    "OLD.status <> 'proposed' AND ({old}) IS DISTINCT FROM ({new})"
    " OR OLD.status = 'proposed' AND NEW.status IN ('proposed', 'withdrawn')"
    " AND ({new}) IS DISTINCT FROM ({none})"
).format(
    old=", ".join(f"OLD.{name}" for name in _ANSWERED),
    new=", ".join(f"NEW.{name}" for name in _ANSWERED),
    none=", ".join("NULL" for _name in _ANSWERED),
)
# What two people agreed, the one who proposed it does not end.
_ENDED_BY_ONE = (
    "OLD.status = 'approved' AND NEW.status = 'withdrawn'"
    " AND NEW.withdrawn_by_id = NEW.proposed_by_id"
)


class Settlement(Identified, Timestamped, Stateful):
    """An offer to take less than is owed. Nothing is given up before all of its parts came.

    `debt` is all that was owed when it was proposed, `grace_days` what the lender allowed then.
    The database refuses a second person who is the first, a second open one of a loan, one that
    does not begin as proposed, and every move that is not in the lifecycle.
    """

    lifecycle = settling.LIFECYCLE

    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="settlements", db_index=False
    )
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    debt = models.DecimalField(_("owed"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    grace_days = models.PositiveSmallIntegerField(_("days of grace"))
    reason = EncryptedTextField(_("reason"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    proposed_on = models.DateField(_("proposed on"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    # By the lender's calendar.
    answered_on = models.DateField(_("answered on"), null=True)
    # What the second person agreed to give up at most: what is left if all parts are paid on the
    # last day of grace. Unknown of what was agreed before this was kept.
    most_given_up = models.DecimalField(
        _("given up at most"), max_digits=18, decimal_places=2, null=True
    )
    answer_note = EncryptedTextField(_("note"), null=True)
    withdrawn_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_reason = EncryptedTextField(_("why withdrawn"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    letter = models.OneToOneField(Letter, null=True, on_delete=models.PROTECT, related_name="+")
    # What was given up when it was kept; empty where nothing was left to give up.
    relief = models.OneToOneField(Proposal, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OfLoan.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_settlement", _("Propose to take less than is owed")),
            ("approve_settlement", _("Approve settlements that another person proposed")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(settling.LIFECYCLE, "collections_settlement_status_known"),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(status__in=settling.OPEN),
                name="collections_settlement_one_open",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lt=F("debt")),
                name="collections_settlement_less_than_owed",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("proposed_by")),
                name="collections_settlement_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None, answered_on=None)
                | Q(
                    status__in=["approved", "refused", "kept", "broken"],
                    answered_by__isnull=False,
                    answered_at__isnull=False,
                    answered_on__isnull=False,
                )
                | Q(status="withdrawn"),
                name="collections_settlement_answered_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | Q(answer_note__isnull=False),
                name="collections_settlement_refused_why",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="withdrawn", withdrawn_by__isnull=False, withdrawn_reason__isnull=False
                )
                | (~Q(status="withdrawn") & Q(withdrawn_by=None, withdrawn_reason__isnull=True)),
                name="collections_settlement_withdrawn_why",
            ),
            models.CheckConstraint(
                condition=Q(relief=None) | Q(status="kept"),
                name="collections_settlement_given_up_when_kept",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["approved", "kept", "broken"], letter__isnull=False)
                | Q(status__in=["proposed", "refused"], letter=None)
                | Q(status="withdrawn"),
                name="collections_settlement_agreed_by_letter",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["loan", "-proposed_at"], name="collections_settlements_of"),
            models.Index(
                fields=["proposed_at", "id"],
                condition=Q(status__in=settling.OPEN),
                name="collections_settlements_open",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="collections_settlement_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="collections_settlement_as_proposed", fields=[*_AS_PROPOSED]),
            pgtrigger.Protect(
                name="collections_settlement_begins",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition(
                    f"NEW.status <> '{settling.LIFECYCLE.initial}'"
                    " OR NEW.letter_id IS NOT NULL OR NEW.most_given_up IS NOT NULL"
                ),
            ),
            pgtrigger.FSM(
                name="collections_settlement_moves",
                field="status",
                transitions=[
                    (source, step.target)
                    for step in settling.LIFECYCLE.steps
                    for source in step.sources
                ],
            ),
            pgtrigger.Protect(
                name="collections_settlement_answered",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(_ANSWERED_ONCE),
            ),
            pgtrigger.Protect(
                name="collections_settlement_limited",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status = 'proposed' AND NEW.status = 'approved'"
                    " AND NEW.most_given_up IS NULL"
                ),
            ),
            pgtrigger.Protect(
                name="collections_settlement_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(_ENDED_BY_ONE),
            ),
            pgtrigger.Trigger(
                name="collections_settlement_adds_up",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status = 'proposed' AND NEW.status = 'approved'"
                ),
                func=_ADDS_UP,
            ),
        ]
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"

    @property
    def note(self) -> str:
        """What the second person said; empty where nothing."""
        return self.answer_note or ""

    @property
    def why_withdrawn(self) -> str:
        """Why it was withdrawn; empty where it was not."""
        return self.withdrawn_reason or ""


class SettlementPart(models.Model):
    """So much by a day; never changed, and none is added once the settlement was answered."""

    id = models.BigAutoField(primary_key=True)
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="parts", db_index=False
    )
    number = models.PositiveSmallIntegerField(_("number"))
    due_date = models.DateField(_("due"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)

    class Meta:
        default_permissions = ()
        ordering = ("number",)
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["settlement", "number"], name="collections_part_numbered"
            ),
            models.UniqueConstraint(
                fields=["settlement", "due_date"], name="collections_part_one_a_day"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, number__range=(1, settling.MOST_PARTS)),
                name="collections_part_of_something",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="collections_part_kept", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="collections_part_of_proposed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_PART_OF_PROPOSED,
            ),
        ]
        verbose_name = _("part of a settlement")
        verbose_name_plural = _("parts of settlements")

    def __str__(self) -> str:
        return f"{self.due_date} {self.amount}"
