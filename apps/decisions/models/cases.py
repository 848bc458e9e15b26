"""Cases that wait for people."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.lifecycle import LIFECYCLE, WAITING
from apps.decisions.models.bounds import LISTED_CODES
from apps.decisions.models.decided import Decision
from apps.decisions.models.outcomes import Outcome


class Rank(models.IntegerChoices):
    """What comes first in the queue, whatever its age."""

    ESCALATED = 0, _("Escalated")
    ORDINARY = 1, _("Ordinary")
    WAITING = 2, _("Waiting for information")


class ReviewCaseQuerySet(models.QuerySet["ReviewCase"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "ReviewCaseQuerySet":
        """Keep the cases of applications in the person's branches, or granted singly."""
        if actor.works_everywhere:
            # An empty filter would vanish beside the grants below.
            return self.all()
        return self.filter(
            accounts.in_reach(actor, branch_field="application__branch_id")
            | Q(application__in=accounts.granted_ids(actor, Application))
        )


class ReviewCase(Identified, Timestamped, Stateful):
    """An application that waits for people: why, since when, who holds it."""

    lifecycle = LIFECYCLE

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="review_cases"
    )
    referral = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="review_cases")
    # Codes of the refer rules or of the failure that brought the case here.
    causes = ArrayField(models.CharField(max_length=40), verbose_name=_("reasons for referral"))
    opened_at = models.DateTimeField(_("opened"))
    claimed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="review_cases"
    )
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    claim_until = models.DateTimeField(_("claim runs until"), null=True)
    verdict = models.CharField(_("verdict"), max_length=8, blank=True, choices=Outcome)
    verdict_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="verdicts"
    )
    verdict_codes = ArrayField(models.CharField(max_length=40), default=list)
    verdict_note = models.TextField(blank=True)
    # What an approval is for: empty is what was asked for, anything else a counter-offer.
    verdict_amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True)
    verdict_term_months = models.PositiveSmallIntegerField(_("term in months"), null=True)
    verdict_at = models.DateTimeField(null=True)
    # What the policy alone would have done when the case closed, as `tracing.recommendation` says
    # of the decision's trace; empty where it was not asked. Kept apart, because counting by it must
    # not open every trace.
    recommended = models.CharField(max_length=8, blank=True, choices=Outcome)
    closed_at = models.DateTimeField(_("closed"), null=True)
    # The place in the queue: by rank, then by when the service level ends. It stands in columns,
    # so that the list is read along an index however many cases were ever closed.
    rank = models.PositiveSmallIntegerField(default=Rank.ORDINARY, choices=Rank)
    due_at = models.DateTimeField(_("due"))
    # What the service level said when the case came: hours, and what it was chosen by. Empty where
    # the lender has set none; then the case counts from its arrival and is never overdue.
    service = models.JSONField(default=dict)
    # Since when the clock stands still, because information is waited for.
    paused_at = models.DateTimeField(_("clock stopped"), null=True)

    objects = ReviewCaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="decisions_case_listed_codes",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("verdict", "verdict_codes"),
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.verdict_codes <> '{}'"),
                func=LISTED_CODES,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "decisions_case_status_known"),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(status__in=WAITING),
                name="decisions_case_one_waiting_per_application",
            ),
            models.CheckConstraint(
                condition=~Q(status="claimed")
                | Q(claimed_by__isnull=False, claim_until__isnull=False),
                name="decisions_case_claim_has_holder",
            ),
            models.CheckConstraint(
                condition=~Q(status="awaiting_second")
                | Q(verdict_by__isnull=False, verdict__in=["approve", "decline"]),
                name="decisions_case_second_has_first",
            ),
            models.CheckConstraint(
                condition=Q(verdict_amount__isnull=True, verdict_term_months__isnull=True)
                | Q(
                    # Null compares as unknown, and a check lets unknown pass.
                    verdict="approve",
                    verdict_amount__isnull=False,
                    verdict_amount__gt=0,
                    verdict_term_months__isnull=False,
                    verdict_term_months__gte=1,
                ),
                name="decisions_case_counter_offer_approves",
            ),
            models.CheckConstraint(
                condition=Q(rank=Rank.WAITING, paused_at__isnull=False)
                | Q(rank__in=[Rank.ESCALATED, Rank.ORDINARY], paused_at__isnull=True),
                name="decisions_case_rank_fits",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["opened_at", "id"],
                condition=Q(status__in=WAITING),
                name="decisions_case_waiting",
            ),
            models.Index(
                fields=["rank", "due_at", "id"],
                condition=Q(status__in=WAITING),
                name="decisions_case_priority",
            ),
            models.Index(fields=["claimed_by", "status"]),
            models.Index(
                fields=["verdict_at"], condition=Q(status="closed"), name="decisions_case_verdicts"
            ),
        ]
        verbose_name = _("review case")
        verbose_name_plural = _("review cases")

    def __str__(self) -> str:
        return str(self.application)

    @property
    def version(self) -> str:
        """What a form carries to notice that the case changed since the page was opened."""
        return self.updated_at.isoformat()
