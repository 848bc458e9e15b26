"""Blind quality control: what share is sampled, the samples, and what makes a rubber stamp.

What people set is a row with their name and their reason; it is never changed, another takes its
place.
"""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Entity, User
from apps.applications.models import Application
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.models import Decision, Outcome
from apps.desk.lifecycle import BLIND, BLIND_OPEN
from apps.desk.models.service_levels import NO_PRODUCT
from apps.desk.rubber_stamping import Limits
from apps.desk.sampling import LARGEST_SHARE, SMALLEST_SHARE
from apps.products.models import Product

LONGEST_DAYS = 90


class SetQuerySet(models.QuerySet[Any]):
    """Which rows a person may see, and which count."""

    def visible_to(self, actor: User) -> "SetQuerySet":
        """Keep the rows of the person's lender; all for who works everywhere."""
        return self if actor.works_everywhere else self.filter(entity_id=actor.branch.entity_id)

    def standing(self) -> "SetQuerySet":
        """Keep the rows nobody has ended."""
        return self.filter(ended_at__isnull=True)


class SetByPeople(Identified, Timestamped):
    """A row somebody set for a lender and gave a reason for, until somebody ends it."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(_("why"), max_length=300)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("in force since"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = SetQuerySet.as_manager()

    class Meta:
        abstract = True


def _set_once(name: str, *columns: str) -> list[Any]:
    """Return the triggers of a row that is never changed, ended once, and never deleted."""
    return [
        pgtrigger.Protect(name=f"{name}_kept", operation=pgtrigger.Delete),
        pgtrigger.ReadOnly(
            name=f"{name}_entered", fields=["entity", "why", "entered_by", "entered_at", *columns]
        ),
        pgtrigger.Protect(
            name=f"{name}_ended_once",
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition("OLD.ended_at IS NOT NULL"),
        ),
    ]


def _ended_by_somebody(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(ended_by__isnull=True, ended_at__isnull=True)
        | Q(ended_by__isnull=False, ended_at__isnull=False),
        name=name,
    )


class SamplingShare(SetByPeople):
    """Which share of a lender's automatic decisions is judged again blindly, by product or for all.

    It counts for decisions from then on. A row for the product goes before one for all.
    """

    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    share = models.DecimalField(_("share"), max_digits=5, decimal_places=4)
    days = models.PositiveSmallIntegerField(_("days a sample waits"))

    class Meta:
        default_permissions = ()
        permissions = [("set_sampling", _("Set what share of automatic decisions is sampled"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                F("entity"),
                Coalesce(F("product"), NO_PRODUCT),
                condition=Q(ended_at__isnull=True),
                name="desk_sampling_once",
            ),
            models.CheckConstraint(
                condition=Q(share__gte=SMALLEST_SHARE, share__lte=LARGEST_SHARE)
                & Q(days__gte=1, days__lte=LONGEST_DAYS)
                & ~Q(why=""),
                name="desk_sampling_in_range",
            ),
            _ended_by_somebody("desk_sampling_ended_by_somebody"),
        ]
        triggers: ClassVar[list[Any]] = _set_once("desk_sampling", "product", "share", "days")
        verbose_name = _("share sampled blindly")
        verbose_name_plural = _("shares sampled blindly")

    def __str__(self) -> str:
        return str(self.share)


class StampLimit(SetByPeople):
    """From when on a lender asks whether somebody signs without looking; see `rubber_stamping`."""

    least_verdicts = models.PositiveSmallIntegerField(_("from how many verdicts on"))
    same_share = models.DecimalField(_("share as recommended"), max_digits=5, decimal_places=4)
    median_seconds = models.PositiveIntegerField(_("median time below, in seconds"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity"], condition=Q(ended_at__isnull=True), name="desk_stamp_once"
            ),
            models.CheckConstraint(
                condition=Q(least_verdicts__gte=10)
                & Q(same_share__gte="0.5", same_share__lte=1)
                & Q(median_seconds__gte=1, median_seconds__lte=86_400)
                & ~Q(why=""),
                name="desk_stamp_in_range",
            ),
            _ended_by_somebody("desk_stamp_ended_by_somebody"),
        ]
        triggers: ClassVar[list[Any]] = _set_once(
            "desk_stamp", "least_verdicts", "same_share", "median_seconds"
        )
        verbose_name = _("limit of rubber-stamping")
        verbose_name_plural = _("limits of rubber-stamping")

    def __str__(self) -> str:
        return str(self.same_share)

    @property
    def limits(self) -> Limits:
        """The row as the rule reads it."""
        return Limits(self.least_verdicts, self.same_share, self.median_seconds)


_OF_A_MACHINE = """
    IF NOT EXISTS (
        SELECT 1 FROM decisions_decision d
        WHERE d.id = NEW.decision_id AND d.application_id = NEW.application_id
            AND d.kind = 'automated' AND d.outcome IN ('approve', 'decline')
    ) THEN
        RAISE EXCEPTION 'desk_blind_of_a_machine: only what a machine approved or declined is'
            ' sampled' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_INDEPENDENT = """
    IF EXISTS (
        SELECT 1 FROM applications_application a
        WHERE a.id = NEW.application_id
            AND NEW.reviewed_by_id IN (a.submitted_by_id, a.taken_by_id)
    ) THEN
        RAISE EXCEPTION 'desk_blind_independent: this person took part in the application'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.agrees IS DISTINCT FROM (
        SELECT d.outcome = NEW.verdict FROM decisions_decision d WHERE d.id = NEW.decision_id
    ) THEN
        RAISE EXCEPTION 'desk_blind_independent: agreement is what the two outcomes say'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class BlindSampleQuerySet(models.QuerySet["BlindSample"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "BlindSampleQuerySet":
        """Keep the samples of the person's branches, whatever is withheld of the application."""
        return self.filter(accounts.in_reach(actor, branch_field="application__branch_id"))


class BlindSample(Identified, Timestamped, Stateful):
    """An automatic decision that a person judges again without knowing its outcome.

    The decision itself is never changed by it. A verdict is given once, agreement follows from the
    two outcomes, and a disagreement is looked at by another person.
    """

    lifecycle = BLIND

    class FollowUp(models.TextChoices):
        NONE = "none", _("No action")
        REOPENED = "reopened", _("Taken up anew")

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    share = models.ForeignKey(SamplingShare, on_delete=models.PROTECT, related_name="samples")
    sampled_at = models.DateTimeField(_("sampled"))
    lapses_at = models.DateTimeField(_("lapses"))
    claimed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    claim_until = models.DateTimeField(_("claim runs until"), null=True)
    verdict = models.CharField(_("verdict"), max_length=8, blank=True, choices=Outcome)
    codes = ArrayField(models.CharField(max_length=40), default=list)
    note = EncryptedTextField(_("note"), null=True)
    reviewed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="blind_verdicts"
    )
    reviewed_at = models.DateTimeField(_("judged"), null=True)
    agrees = models.BooleanField(_("agrees"), null=True)
    follow_up = models.CharField(_("follow-up"), max_length=8, blank=True, choices=FollowUp)
    follow_note = EncryptedTextField(_("why"), null=True)
    followed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    followed_at = models.DateTimeField(_("looked at"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = BlindSampleQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("review_blind", _("Judge sampled decisions blindly")),
            ("view_blind", _("See samples, agreement and disagreements")),
            ("follow_blind", _("Follow up where a blind verdict disagrees")),
            ("view_analytics", _("See how everybody reviews")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(BLIND, "desk_blind_status_known"),
            models.UniqueConstraint(
                fields=["claimed_by"], condition=Q(status="claimed"), name="desk_blind_one_at_once"
            ),
            models.CheckConstraint(
                condition=~Q(status="claimed")
                | Q(claimed_by__isnull=False, claimed_at__isnull=False, claim_until__isnull=False),
                name="desk_blind_claim_has_holder",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["agreed", "disagreed", "followed_up"],
                    verdict__in=["approve", "decline"],
                    reviewed_by__isnull=False,
                    reviewed_at__isnull=False,
                    claimed_at__isnull=False,
                    agrees__isnull=False,
                )
                & ~Q(codes=[])
                | ~Q(status__in=["agreed", "disagreed", "followed_up"])
                & Q(verdict="", reviewed_by__isnull=True, agrees__isnull=True),
                name="desk_blind_verdict_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(status="followed_up", followed_at__isnull=False)
                & Q(follow_up__in=["none", "reopened"], followed_by__isnull=False)
                & ~Q(followed_by=F("reviewed_by"))
                | ~Q(status="followed_up") & Q(follow_up="", followed_by__isnull=True),
                name="desk_blind_followed_by_another",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="desk_blind_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="desk_blind_sampled",
                fields=["decision", "application", "share", "sampled_at", "lapses_at"],
            ),
            pgtrigger.Trigger(
                name="desk_blind_of_a_machine",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_OF_A_MACHINE,
            ),
            pgtrigger.Trigger(
                name="desk_blind_independent",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.reviewed_by_id IS NOT NULL"),
                func=_INDEPENDENT,
            ),
            pgtrigger.Protect(
                name="desk_blind_judged_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.reviewed_by_id IS NOT NULL AND"
                    " (OLD.verdict, OLD.codes, OLD.reviewed_by_id, OLD.reviewed_at, OLD.agrees)"
                    " IS DISTINCT FROM"
                    " (NEW.verdict, NEW.codes, NEW.reviewed_by_id, NEW.reviewed_at, NEW.agrees)"
                ),
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["sampled_at", "id"],
                condition=Q(status__in=BLIND_OPEN),
                name="desk_blind_open",
            ),
            models.Index(
                fields=["reviewed_at"],
                condition=Q(status="disagreed"),
                name="desk_blind_disagreed",
            ),
            models.Index(fields=["reviewed_at"], name="desk_blind_reviewed"),
        ]
        verbose_name = _("blind sample")
        verbose_name_plural = _("blind samples")

    def __str__(self) -> str:
        return str(self.application)


class Recusal(Identified, Timestamped):
    """Somebody who said that they know the applicant or the outcome, and never gets the sample."""

    sample = models.ForeignKey(BlindSample, on_delete=models.PROTECT, related_name="recusals")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recused_at = models.DateTimeField(_("stepped back"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["sample", "person"], name="desk_recusal_once")
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="desk_recusal_kept", operation=pgtrigger.Delete | pgtrigger.Update
            )
        ]
        verbose_name = _("step back from a blind sample")
        verbose_name_plural = _("steps back from blind samples")

    def __str__(self) -> str:
        return str(self.person)
