"""What two people found out about a loan: fraud, a review's class, a guarantee and the like."""

from datetime import date
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
from apps.npa.findings import COUNTED, FINDING, PLAIN, VALUES, Kind, is_in_force

_AS_PROPOSED = (
    *("loan", "kind", "value", "from_date", "until_date", "proposed_by", "proposed_at"),
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
        RAISE EXCEPTION 'npa_finding_once_answered: what was answered stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
# Of one loan and kind at most one counts on any day. LEAST leaves out a day that is not set.
_ONE_AT_A_TIME = """
    IF NEW.status IN ('approved', 'ending') AND EXISTS (
        SELECT 1 FROM npa_finding other
        WHERE other.loan_id = NEW.loan_id AND other.kind = NEW.kind AND other.id <> NEW.id
            AND other.status IN ('approved', 'ending', 'ended')
            AND other.counts_from <= COALESCE(NEW.until_date, 'infinity')
            AND GREATEST(NEW.counts_from, other.counts_from)
                <= COALESCE(LEAST(other.until_date, other.ended_on - 1), 'infinity')
    ) THEN
        RAISE EXCEPTION 'npa_finding_one_at_a_time: another of this kind holds on one of these days'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


def _values_fit() -> Q:
    """Return the condition that a value is one that its kind can have."""
    allowed = Q(kind__in=PLAIN, value="")
    for kind, values in VALUES.items():
        allowed |= Q(kind=kind, value__in=values)
    allowed |= Q(kind=Kind.CROP_SEASON, value__regex="^[1-9][0-9]?$")
    return allowed | (Q(kind__in=[Kind.REVIEW, Kind.SEGMENT]) & ~Q(value=""))


class FindingQuerySet(models.QuerySet["Finding"]):
    """Which rows a person may see, and which count on a day."""

    def visible_to(self, actor: User) -> "FindingQuerySet":
        """Keep the findings on loans of the branches the person works in, but those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")

    def in_force(self, day: date) -> "FindingQuerySet":
        """Keep what the night of a day respects."""
        return self.filter(
            Q(until_date=None) | Q(until_date__gte=day),
            Q(ended_on=None) | Q(ended_on__gt=day),
            status__in=COUNTED,
            counts_from__lte=day,
        )


class Finding(Identified, Timestamped, Stateful):
    """A fact about a loan that one person proposes and another approves, with a reason.

    `from_date` is since when it is so; the nights respect it from `counts_from`, the first day that
    was not ended yet when it was approved, so that no snapshot says otherwise than its day knew.
    `until_date` is the last day with it, `ended_on` the first without it. Nothing here is ever
    deleted. Reasons are encrypted, for they tell about the borrower.
    """

    lifecycle = FINDING

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(_("what was found"), max_length=16)
    # A class, a segment, months, who guarantees ...; empty where the kind says all.
    value = models.CharField(_("value"), max_length=32, blank=True)
    from_date = models.DateField(_("from"))
    until_date = models.DateField(_("until"), null=True)
    counts_from = models.DateField(_("counts from"), null=True)
    reason = EncryptedTextField(_("reason"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = EncryptedTextField(_("note"), null=True)
    # That it is so no longer: who asked for it and why, and who agreed.
    end_proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    end_proposed_at = models.DateTimeField(_("end proposed"), null=True)
    end_reason = EncryptedTextField(_("why it ends"), null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_on = models.DateField(_("first day without it"), null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_finding", _("Propose what was found about a loan, for its class")),
            ("approve_finding", _("Approve what another person found about a loan")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="npa_finding_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="npa_finding_as_proposed", fields=[*_AS_PROPOSED]),
            pgtrigger.Trigger(
                name="npa_finding_once_answered",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_ONCE_ANSWERED,
            ),
            pgtrigger.Trigger(
                name="npa_finding_one_at_a_time",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("status"),
                when=pgtrigger.Before,
                func=_ONE_AT_A_TIME,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(FINDING, "npa_finding_status_known"),
            models.CheckConstraint(condition=_values_fit(), name="npa_finding_says_what"),
            models.CheckConstraint(
                condition=Q(until_date=None) | Q(until_date__gte=F("from_date")),
                name="npa_finding_in_order",
            ),
            models.CheckConstraint(
                condition=Q(status__in=COUNTED, counts_from__gte=F("from_date"))
                | (~Q(status__in=COUNTED) & Q(counts_from=None)),
                name="npa_finding_counts_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None)
                | (~Q(status="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="npa_finding_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="npa_finding_by_two_people",
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
                name="npa_finding_ended_or_not",
            ),
            models.CheckConstraint(
                condition=~Q(status="ended") | ~Q(ended_by=F("end_proposed_by")),
                name="npa_finding_ended_by_two_people",
            ),
            models.UniqueConstraint(
                fields=["loan", "kind"],
                condition=Q(status="proposed"),
                name="npa_finding_one_proposed",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["loan", "counts_from"],
                condition=Q(status__in=COUNTED),
                name="npa_finding_counted",
            ),
            models.Index(fields=["-proposed_at", "-id"], name="npa_finding_newest"),
        ]
        verbose_name = _("finding about a loan")
        verbose_name_plural = _("findings about loans")

    def __str__(self) -> str:
        return f"{self.kind} {self.from_date}"

    def is_in_force(self, day: date) -> bool:
        """Say whether the night of a day respects it."""
        return is_in_force(
            status=self.status,
            counts_from=self.counts_from,
            until_date=self.until_date,
            ended_on=self.ended_on,
            day=day,
        )
