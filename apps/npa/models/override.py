"""Classes that people set instead of the rules, for a time and by two people (rule book 1.16)."""

from datetime import date, timedelta
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core import withheld
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.loans.models import Loan
from apps.npa.override_lifecycle import COUNTED, MOST_DAYS, OVERRIDE, is_in_force

_AS_PROPOSED = (
    *("loan", "asset_class", "class_before", "from_date", "until_date"),
    *("proposed_by", "proposed_at"),
)
# The reason, who answered, since when it counts, and who ended it, are written once.
_ONCE_ANSWERED = """
    IF NEW.reason IS DISTINCT FROM OLD.reason OR OLD.answered_by_id IS NOT NULL AND (
        NEW.answered_by_id IS DISTINCT FROM OLD.answered_by_id
        OR NEW.answered_at IS DISTINCT FROM OLD.answered_at
        OR NEW.answer_note IS DISTINCT FROM OLD.answer_note
        OR NEW.counts_from IS DISTINCT FROM OLD.counts_from
    ) OR OLD.ended_by_id IS NOT NULL AND (
        NEW.ended_by_id IS DISTINCT FROM OLD.ended_by_id
        OR NEW.ended_at IS DISTINCT FROM OLD.ended_at
        OR NEW.ended_on IS DISTINCT FROM OLD.ended_on
        OR NEW.end_reason IS DISTINCT FROM OLD.end_reason
        OR NEW.end_proposed_by_id IS DISTINCT FROM OLD.end_proposed_by_id
    ) THEN
        RAISE EXCEPTION 'npa_override_once_answered: what was answered stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
# Of one loan at most one counts on any day.
_ONE_AT_A_TIME = """
    IF NEW.status IN ('approved', 'ending') AND EXISTS (
        SELECT 1 FROM npa_override other
        WHERE other.loan_id = NEW.loan_id AND other.id <> NEW.id
            AND other.status IN ('approved', 'ending', 'ended')
            AND other.counts_from <= NEW.until_date
            AND NEW.counts_from <= LEAST(other.until_date, other.ended_on - 1)
            AND other.counts_from <= LEAST(other.until_date, other.ended_on - 1)
    ) THEN
        RAISE EXCEPTION 'npa_override_one_at_a_time: another override holds on one of these days'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class ClassOverrideQuerySet(models.QuerySet["Override"]):
    """Which rows a person may see, and which count on a day."""

    def visible_to(self, actor: User) -> "ClassOverrideQuerySet":
        """Keep the overrides on loans of the branches the person works in, but those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")

    def in_force(self, day: date) -> "ClassOverrideQuerySet":
        """Keep what the night of a day respects."""
        return self.filter(
            Q(ended_on=None) | Q(ended_on__gt=day),
            status__in=COUNTED,
            counts_from__lte=day,
            until_date__gte=day,
        )


class Override(Identified, Timestamped, Stateful):
    """A class one person proposes for a loan and another approves, with a reason and an end.

    The nights respect it from `counts_from` to `until_date`, both included, unless two people end
    it before: `ended_on` is the first day without it. It counts from `from_date` on, or else from
    the first day that was not ended yet when it was approved, so that no snapshot says otherwise
    than its day knew. Nothing here is ever deleted, so it outlives the three years the rule book
    asks for. Reasons are encrypted, for they tell about the borrower.
    """

    lifecycle = OVERRIDE

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="class_overrides")
    asset_class = models.CharField(_("class"), max_length=16)
    # What the last snapshot before the proposal said; empty where there was none.
    class_before = models.CharField(_("class before"), max_length=16, blank=True)
    from_date = models.DateField(_("from"))
    until_date = models.DateField(_("until"))
    counts_from = models.DateField(_("counts from"), null=True)
    reason = EncryptedTextField(_("reason"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = EncryptedTextField(_("note"), null=True)
    # The end before its time: who asked for it and why, and who agreed.
    end_proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    end_proposed_at = models.DateTimeField(_("end proposed"), null=True)
    end_reason = EncryptedTextField(_("why it ends"), null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_on = models.DateField(_("first day without it"), null=True)

    objects = ClassOverrideQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_override", _("Propose another class for a loan than the rules give")),
            ("approve_override", _("Approve another class that another person proposed")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_override_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="npa_override_as_proposed", fields=[*_AS_PROPOSED]),
            pgtrigger.Trigger(
                name="npa_override_once_answered",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_ONCE_ANSWERED,
            ),
            pgtrigger.Trigger(
                name="npa_override_one_at_a_time",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),
                when=pgtrigger.Before,
                func=_ONE_AT_A_TIME,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(OVERRIDE, "npa_override_status_known"),
            models.CheckConstraint(
                condition=Q(until_date__gte=F("from_date"))
                & Q(until_date__lte=F("from_date") + timedelta(days=MOST_DAYS)),
                name="npa_override_for_a_time",
            ),
            models.CheckConstraint(condition=~Q(asset_class=""), name="npa_override_says_what"),
            models.CheckConstraint(
                condition=Q(
                    status__in=COUNTED,
                    counts_from__gte=F("from_date"),
                    counts_from__lte=F("until_date"),
                )
                | (~Q(status__in=COUNTED) & Q(counts_from=None)),
                name="npa_override_counts_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None)
                | (~Q(status="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="npa_override_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="npa_override_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(
                    status="ended",
                    end_proposed_by__isnull=False,
                    end_proposed_at__isnull=False,
                    end_reason__isnull=False,
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                    ended_on__isnull=False,
                )
                | (~Q(status="ended") & Q(ended_by=None, ended_at=None, ended_on=None)),
                name="npa_override_ended_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(status="ended") | ~Q(ended_by=F("end_proposed_by")),
                name="npa_override_ended_by_two_people",
            ),
            models.UniqueConstraint(
                fields=["loan"], condition=Q(status="proposed"), name="npa_override_one_proposed"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["loan", "counts_from"],
                condition=Q(status__in=COUNTED),
                name="npa_override_counted",
            ),
            models.Index(fields=["-proposed_at", "-id"], name="npa_override_newest"),
        ]
        verbose_name = _("override of a class")
        verbose_name_plural = _("overrides of classes")

    def __str__(self) -> str:
        return f"{self.asset_class} {self.from_date}"

    def is_in_force(self, day: date) -> bool:
        """Say whether the night of a day respects it."""
        return is_in_force(
            status=self.status,
            counts_from=self.counts_from,
            until_date=self.until_date,
            ended_on=self.ended_on,
            day=day,
        )
