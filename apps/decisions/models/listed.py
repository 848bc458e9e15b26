"""The managed list of reasons that reviewers give."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.lifecycle import LISTED, REASON_LIFECYCLE


class ListedReasonQuerySet(models.QuerySet["ListedReason"]):
    """Which rows a person may see, and which may be given."""

    def visible_to(self, actor: User) -> "ListedReasonQuerySet":
        """Keep the reasons of every lender and of the person's own; all for who works everywhere.

        A person without a branch sees those of every lender.
        """
        if actor.works_everywhere:
            return self.all()
        own = Q(pk__in=[]) if actor.branch is None else Q(entity=actor.branch.entity_id)
        return self.filter(Q(entity__isnull=True) | own)


class ListedReason(Identified, Timestamped, Stateful):
    """One reason on the list: for which verdict, since when and until when, and who answers for it.

    What it says never changes: another sentence is another reason. One person proposes it and
    another lists it; it ends the same way. `proposed_by` is empty where it came with the program.
    """

    lifecycle = REASON_LIFECYCLE

    class Kind(models.TextChoices):
        APPROVE = "approve", _("Approval")
        DECLINE = "decline", _("Decline")
        COUNTER_OFFER = "counter_offer", _("Counter-offer")
        OVERRIDE = "override", _("Departing from the recommendation")

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approval")
        DECLINE = "decline", _("Decline")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    # Empty: for every lender, or for lenders in every country.
    entity = models.ForeignKey(
        Entity, null=True, on_delete=models.PROTECT, related_name="listed_reasons"
    )
    country = models.CharField(_("country of the lender"), max_length=2, blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    verdict = models.CharField(_("verdict"), max_length=8, blank=True, choices=Verdict)
    input = models.CharField(_("speaks of"), max_length=40, blank=True)
    judges = models.BooleanField(_("judges the value"), default=True)
    # A sentence by language; empty where it is translated with the program.
    words = models.JSONField(_("sentences"), default=dict, blank=True)
    owner = models.CharField(_("owner"), max_length=120)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=500)
    active_from = models.DateField(_("may be given from"))
    active_to = models.DateField(_("last day"), null=True)
    proposed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="reasons_proposed"
    )
    proposed_at = models.DateTimeField(_("proposed"), null=True)
    answered_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="reasons_answered"
    )
    answered_at = models.DateTimeField(_("answered"), null=True)
    end_asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="reasons_to_end"
    )
    end_asked_for = models.DateField(_("to end on"), null=True)
    ended_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="reasons_ended"
    )
    # Why it is proposed, refused or to end: the latest of them; the audit has all.
    note = models.TextField(_("note"), blank=True)

    objects = ListedReasonQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_reason_code", _("Propose reasons for the list, and that one ends")),
            ("approve_reason_code", _("Decide on reasons that another person proposed")),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(
                name="decisions_reason_content",
                fields=[
                    "code",
                    "entity",
                    "country",
                    "kind",
                    "verdict",
                    "input",
                    "judges",
                    "words",
                    "active_from",
                    "proposed_by",
                    "proposed_at",
                ],
            ),
            pgtrigger.Protect(
                name="decisions_reason_answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status IN ('refused', 'ended')"),
            ),
            pgtrigger.Protect(name="decisions_reason_kept", operation=pgtrigger.Delete),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(REASON_LIFECYCLE, "decisions_reason_status_known"),
            models.CheckConstraint(
                condition=Q(kind="override")
                | Q(kind="counter_offer", verdict="approve")
                # The kind names the verdict; an override may fit both.
                | Q(kind="approve", verdict="approve")
                | Q(kind="decline", verdict="decline"),
                name="decisions_reason_kind_fits_verdict",
            ),
            models.CheckConstraint(
                condition=Q(active_to__isnull=True) | Q(active_to__gte=F("active_from")),
                name="decisions_reason_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True, words={})
                | Q(proposed_by__isnull=False, proposed_at__isnull=False)
                & Q(words__has_keys=["en", "hi", "sw"]),
                name="decisions_reason_says_it_in_every_language",
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True, answered_by__isnull=True)
                | Q(status="proposed", answered_by__isnull=True)
                | Q(answered_by__isnull=False, answered_at__isnull=False)
                & ~Q(answered_by=F("proposed_by")),
                name="decisions_reason_listed_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["ending", "ended"])
                | Q(end_asked_by__isnull=False, end_asked_for__isnull=False),
                name="decisions_reason_somebody_asks_to_end_it",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, active_to__isnull=True)
                | Q(status="ended", ended_by__isnull=False, active_to__isnull=False)
                & ~Q(ended_by=F("end_asked_by")),
                name="decisions_reason_ended_by_another",
            ),
        ]
        verbose_name = _("reason code")
        verbose_name_plural = _("reason codes")

    def __str__(self) -> str:
        return self.code

    @property
    def is_listed(self) -> bool:
        """Whether the list has it, or had it until its last day."""
        return self.status in LISTED
