"""Whom a person who works here is connected with, and may therefore not decide about."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Timestamped
from apps.customers.models import Customer
from apps.decisions.models.bounds import INDEPENDENT_DECISION, INDEPENDENT_REVIEW
from apps.decisions.models.cases import ReviewCase
from apps.decisions.models.decided import Decision


class DeclaredInterestQuerySet(models.QuerySet["DeclaredInterest"]):
    """Which rows a person may see, and which count."""

    def visible_to(self, actor: User) -> "DeclaredInterestQuerySet":
        """Keep one's own declarations; those of everybody for who looks after the register."""
        if actor.has_perm("decisions.manage_interests"):
            if actor.works_everywhere:
                return self
            return self.filter(person__branch__entity_id=actor.branch.entity_id)
        return self.filter(person=actor)

    def standing(self) -> "DeclaredInterestQuerySet":
        """Keep those that nobody has ended."""
        return self.filter(ended_at__isnull=True)


class DeclaredInterest(Identified, Timestamped):
    """A person who works here says: this customer, or this official number, is me or close to me.

    A number is kept as its blind index only, by which the customers who have it are found. What was
    declared never changes; another person ends it when it was wrong or is over.
    """

    class Relation(models.TextChoices):
        SELF = "self", _("Myself")
        PARTNER = "partner", _("Spouse or partner")
        RELATIVE = "relative", _("Relative")
        HOUSEHOLD = "household", _("Same household")
        BUSINESS = "business", _("Business connection")
        FRIEND = "friend", _("Close friend")

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="interests")
    relation = models.CharField(_("connection"), max_length=12, choices=Relation)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind of number"), max_length=20, blank=True)
    index = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    reason = EncryptedTextField(_("explanation"))
    declared_at = models.DateTimeField(_("declared"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)
    end_reason = EncryptedTextField(_("why it ended"), null=True)

    objects = DeclaredInterestQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("manage_interests", _("See every declared conflict of interest and end one")),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(customer__isnull=False, kind="", index="")
                | (Q(customer__isnull=True) & ~Q(kind="") & ~Q(index="")),
                name="decisions_interest_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | (Q(ended_by__isnull=False, ended_at__isnull=False) & ~Q(ended_by=F("person"))),
                name="decisions_interest_ended_by_another",
            ),
            models.UniqueConstraint(
                fields=["person", "customer"],
                condition=Q(ended_at__isnull=True, customer__isnull=False),
                name="decisions_interest_customer_once",
            ),
            models.UniqueConstraint(
                fields=["person", "index"],
                condition=Q(ended_at__isnull=True) & ~Q(index=""),
                name="decisions_interest_number_once",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="decisions_interest_kept", operation=pgtrigger.Delete),
            # The sealed texts stay writable, so that keys can be rotated.
            pgtrigger.ReadOnly(
                name="decisions_interest_declared",
                fields=["person", "relation", "customer", "kind", "index", "declared_at"],
            ),
            pgtrigger.Protect(
                name="decisions_interest_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.ended_at IS NOT NULL AND (OLD.ended_at, OLD.ended_by_id)"
                    " IS DISTINCT FROM (NEW.ended_at, NEW.ended_by_id)"
                ),
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["-declared_at", "id"])]
        verbose_name = _("declared conflict of interest")
        verbose_name_plural = _("declared conflicts of interest")

    def __str__(self) -> str:
        return self.get_relation_display()


# Whatever writes - page, API, command or shell - the database lets nobody hold, judge or sign a
# case of their own, of their own submission, or of somebody they declared to be close to.
pgtrigger.register(
    pgtrigger.Trigger(
        name="decisions_case_independent",
        operation=pgtrigger.Update,
        when=pgtrigger.Before,
        condition=pgtrigger.Condition(
            "((NEW.claimed_by_id IS NOT NULL AND"
            " NEW.claimed_by_id IS DISTINCT FROM OLD.claimed_by_id)"
            " OR (NEW.verdict_by_id IS NOT NULL AND"
            " NEW.verdict_by_id IS DISTINCT FROM OLD.verdict_by_id))"
        ),
        func=INDEPENDENT_REVIEW,
    ),
    pgtrigger.Protect(
        name="decisions_case_begins_open",
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(
            "NEW.status <> 'open' OR NEW.claimed_by_id IS NOT NULL OR NEW.verdict_by_id IS NOT NULL"
        ),
    ),
)(ReviewCase)
pgtrigger.register(
    pgtrigger.Trigger(
        name="decisions_decision_independent",
        operation=pgtrigger.Insert,
        when=pgtrigger.Before,
        condition=pgtrigger.Condition("NEW.decided_by_id IS NOT NULL"),
        func=INDEPENDENT_DECISION,
    ),
)(Decision)
