"""An appeal against a decision: what was asked, by when, who answers, and what came of it."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.appeals.lifecycle import ANSWERED, ENDED_EARLY, LIFECYCLE, OPEN
from apps.appeals.models.bounds import AGAINST_A_DECISION, INDEPENDENT
from apps.applications.models import Application
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.models import Decision
from apps.letters.models import Letter


class Channel(models.TextChoices):
    """How the appeal came."""

    LINK = "link", _("By the applicant's link")
    COUNTER = "counter", _("At the counter")
    LETTER = "letter", _("By letter")
    PHONE = "phone", _("By telephone")
    EMAIL = "email", _("By e-mail")


class Ground(models.TextChoices):
    """What an appeal rests on."""

    DATA_WRONG = "data_wrong", _("Something you know about me is wrong")
    CHANGED_SINCE = "changed_since", _("Something has changed since I applied")
    NOT_CONSIDERED = "not_considered", _("Something that matters was not considered")
    REASON_UNCLEAR = "reason_unclear", _("I do not understand the reasons")
    UNFAIR = "unfair", _("I was not treated like others")
    WANTS_PERSON = "wants_person", _("I want a person to look at it, not a machine")


class AppealQuerySet(models.QuerySet["Appeal"]):
    """Which rows a person may see, and which wait."""

    def visible_to(self, actor: User) -> "AppealQuerySet":
        """Keep the appeals of applications in the person's branches, or granted singly."""
        if actor.works_everywhere:
            return self.all()
        return self.filter(
            accounts.in_reach(actor, branch_field="application__branch_id")
            | Q(application__in=accounts.granted_ids(actor, Application))
        )

    def waiting(self) -> "AppealQuerySet":
        """Keep those that nobody has answered and nothing has ended."""
        return self.filter(status__in=OPEN)


class Appeal(Identified, Timestamped, Stateful):
    """An applicant asks for a person to look at a decision again.

    What was asked never changes, an answer is given once, and nothing is deleted. Nobody who took
    part in the decision answers; whoever answers writes to the applicant.
    """

    lifecycle = LIFECYCLE

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="appeals")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="appeals")
    sequence = models.PositiveSmallIntegerField(_("number"))
    channel = models.CharField(_("came"), max_length=8, choices=Channel)
    grounds = ArrayField(
        models.CharField(max_length=20, choices=Ground), verbose_name=_("grounds"), size=6
    )
    statement = EncryptedTextField(_("in the applicant's own words"))
    # None: the applicant, by a signed link.
    registered_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="appeals_registered"
    )
    received_at = models.DateTimeField(_("received"))
    received_date = models.DateField(_("received on"))
    due_date = models.DateField(_("to be answered by"))
    # The section of the rule book that sets the day.
    rule = models.CharField(_("rule"), max_length=12)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    reviewer = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="appeals_held"
    )
    assigned_at = models.DateTimeField(_("assigned"), null=True)
    # What the first person answered, until a second one signs it.
    verdict = models.JSONField(default=dict)
    answer = EncryptedTextField(_("answer"), null=True)
    second_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="appeals_signed"
    )
    # Why a second person sent the answer back; never shown to the applicant.
    sent_back_note = models.TextField(_("why it was sent back"), blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.ForeignKey(
        Decision, null=True, on_delete=models.PROTECT, related_name="made_on_appeal"
    )
    letter = models.ForeignKey(Letter, null=True, on_delete=models.PROTECT)

    objects = AppealQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_appeal", _("See appeals")),
            ("register_appeal", _("Register and withdraw an applicant's appeal")),
            ("decide_appeal", _("Answer appeals against decisions one took no part in")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="appeals_appeal_kept", operation=pgtrigger.Delete),
            # The sealed statement stays writable, so that keys can be rotated.
            pgtrigger.ReadOnly(
                name="appeals_appeal_asked",
                fields=[
                    *("application", "decision", "sequence", "channel", "grounds"),
                    *("registered_by", "received_at", "received_date", "due_date", "rule"),
                ],
            ),
            pgtrigger.Protect(
                name="appeals_appeal_answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status IN ('upheld', 'changed', 'partly_changed', 'withdrawn',"
                    " 'overtaken') AND (OLD.status, OLD.reviewer_id, OLD.second_by_id,"
                    " OLD.outcome_id, OLD.answered_at, OLD.ended_at, OLD.letter_id)"
                    " IS DISTINCT FROM (NEW.status, NEW.reviewer_id, NEW.second_by_id,"
                    " NEW.outcome_id, NEW.answered_at, NEW.ended_at, NEW.letter_id)"
                ),
            ),
            pgtrigger.Trigger(
                name="appeals_appeal_against",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=AGAINST_A_DECISION,
            ),
            pgtrigger.Protect(
                name="appeals_appeal_begins_unheld",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition(
                    "NEW.status <> 'received' OR NEW.reviewer_id IS NOT NULL"
                    " OR NEW.second_by_id IS NOT NULL"
                ),
            ),
            pgtrigger.Trigger(
                name="appeals_appeal_independent",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=INDEPENDENT,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "appeals_status_known"),
            models.UniqueConstraint(
                fields=["application", "sequence"], name="appeals_appeal_number"
            ),
            # Two that come at once: one is there, and the other finds it.
            models.UniqueConstraint(
                fields=["decision"],
                condition=~Q(status__in=ENDED_EARLY),
                name="appeals_one_per_decision",
            ),
            models.CheckConstraint(
                condition=Q(grounds__len__gte=1) & Q(due_date__gte=F("received_date")),
                name="appeals_says_why_and_by_when",
            ),
            models.CheckConstraint(
                condition=Q(channel="link", registered_by__isnull=True)
                | (~Q(channel="link") & Q(registered_by__isnull=False)),
                name="appeals_somebody_registered",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["assigned", "awaiting_second", *ANSWERED])
                | Q(reviewer__isnull=False, assigned_at__isnull=False),
                name="appeals_answer_has_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True)
                | Q(registered_by__isnull=True)
                | ~Q(reviewer=F("registered_by")),
                name="appeals_reviewer_is_another",
            ),
            models.CheckConstraint(
                condition=Q(second_by__isnull=True)
                | (
                    ~Q(second_by=F("reviewer"))
                    & (Q(registered_by__isnull=True) | ~Q(second_by=F("registered_by")))
                ),
                name="appeals_second_is_another",
            ),
            # The answer is in writing, and whatever changes the outcome names its decision.
            models.CheckConstraint(
                condition=~Q(status__in=ANSWERED)
                | Q(answer__isnull=False, answered_at__isnull=False, letter__isnull=False),
                name="appeals_answered_in_writing",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["changed", "partly_changed"]) | Q(outcome__isnull=False),
                name="appeals_change_has_decision",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["due_date", "id"], condition=Q(status__in=OPEN), name="appeals_waiting"
            ),
            models.Index(fields=["-received_at", "id"], name="appeals_newest"),
        ]
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")

    def __str__(self) -> str:
        return f"{self.application}/A{self.sequence}"

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its answer."""
        return self.status in OPEN

    @property
    def version(self) -> str:
        """What a form carries to notice that the appeal changed since the page was opened."""
        return self.updated_at.isoformat()
