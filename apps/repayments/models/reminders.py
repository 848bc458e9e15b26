"""When a lender reminds its borrowers, who wants no reminders, and each reminder that went out."""

import uuid
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Entity, User
from apps.core import withheld
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.customers.models import Customer
from apps.loans.models import Instalment, Loan
from apps.products.models import Product
from apps.repayments import reminding

NO_PRODUCT = models.Value(uuid.UUID(int=0))


class ReminderPlanQuerySet(models.QuerySet["ReminderPlan"]):
    """Which rows a person may see, and which count."""

    def visible_to(self, actor: User) -> "ReminderPlanQuerySet":
        """Keep the rows of the person's lender; all for who works everywhere."""
        return self if actor.works_everywhere else self.filter(entity_id=actor.branch.entity_id)

    def standing(self) -> "ReminderPlanQuerySet":
        """Keep the rows nobody has ended."""
        return self.filter(ended_at__isnull=True)


class ReminderPlan(Identified, Timestamped):
    """On which days around the due date a lender reminds the borrowers of a product, or of all.

    From its day on a row takes the place of the one before. No days at all mean no reminders. A row
    is never changed: another is entered, or it is ended.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="reminder_plans")
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    # Days from the due date, as `reminding` reads them.
    steps = ArrayField(
        models.SmallIntegerField(),
        verbose_name=_("days from the due date"),
        size=reminding.MOST_STEPS,
        default=list,
        blank=True,
    )
    from_date = models.DateField(_("from"))
    # Empty where it came with the installation.
    entered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(_("entered"))
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = ReminderPlanQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("manage_reminder_plans", _("Set when borrowers are reminded"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                F("entity"),
                Coalesce(F("product"), NO_PRODUCT),
                F("from_date"),
                condition=Q(ended_at__isnull=True),
                name="repayments_reminder_plan_once",
            ),
            models.CheckConstraint(
                condition=Q(steps__len__lte=reminding.MOST_STEPS),
                name="repayments_reminder_plan_few_steps",
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="repayments_reminder_plan_ended_by_somebody",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="reminder_plan_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="reminder_plan_entered",
                fields=["entity", "product", "steps", "from_date", "entered_by", "entered_at"],
            ),
            pgtrigger.Protect(
                name="reminder_plan_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.ended_at IS NOT NULL"),
            ),
        ]
        verbose_name = _("plan of reminders")
        verbose_name_plural = _("plans of reminders")

    def __str__(self) -> str:
        return f"{self.entity_id} {self.from_date}"


class ReminderStop(Identified, Timestamped):
    """That a borrower wants no reminders, since when and until when.

    `stopped_by` is empty where the borrower did it by the link in a reminder.
    """

    class Channel(models.TextChoices):
        LINK = "link", _("By the link in a reminder")
        COUNTER = "counter", _("At the counter")
        PHONE = "phone", _("By telephone")
        WRITING = "writing", _("In writing")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="reminder_stops")
    channel = models.CharField(_("asked"), max_length=12, choices=Channel)
    stopped_at = models.DateTimeField(_("stopped"))
    stopped_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    resumed_at = models.DateTimeField(_("wanted again"), null=True)
    resumed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        permissions = [("stop_reminders", _("Stop reminders and resume them as borrowers ask"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(resumed_at__isnull=True),
                name="repayments_reminder_stop_one_standing",
            ),
            models.CheckConstraint(
                condition=Q(channel="link", stopped_by__isnull=True)
                | (~Q(channel="link") & Q(stopped_by__isnull=False)),
                name="repayments_reminder_stop_by_link_or_person",
            ),
            models.CheckConstraint(
                condition=Q(resumed_at__isnull=True, resumed_by__isnull=True)
                | Q(resumed_at__gte=F("stopped_at"), resumed_by__isnull=False),
                name="repayments_reminder_stop_ended_by_person",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.ReadOnly(
                name="reminder_stop_made",
                fields=["customer", "channel", "stopped_at", "stopped_by"],
            ),
            pgtrigger.Protect(
                name="reminder_stop_ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.resumed_at IS NOT NULL"),
            ),
        ]
        verbose_name = _("wish for no reminders")
        verbose_name_plural = _("wishes for no reminders")

    def __str__(self) -> str:
        return self.get_channel_display()


class ReminderQuerySet(models.QuerySet["Reminder"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "ReminderQuerySet":
        """Keep the reminders of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor, branch_field="loan__branch_id"))
        return withheld.without(seen, actor, field="loan__application_id")


class Reminder(Identified, Timestamped, Stateful):
    """One reminder of one instalment: once for its loan, due date and step, whoever asks.

    The due date and not the instalment: another schedule may have one that is due the same day. No
    address and no text is kept here.
    """

    lifecycle = reminding.LIFECYCLE

    class Obstacle(models.TextChoices):
        PAID = "paid", _("Nothing of it is owed any more.")
        PROMISED = "promised", _("The borrower has promised to pay by a day.")
        STOPPED = "stopped", _("The borrower wants no reminders.")
        LEFT_ALONE = "left_alone", _("The borrower is left alone for a time.")
        TOO_LATE = "too_late", _("It could not go out on its day.")
        NO_ADDRESS = "no_address", _("No e-mail address is on record.")
        NO_CONSENT = "no_consent", _("The borrower has not agreed to be reached by e-mail.")
        NOT_CONFIGURED = "not_configured", _("No e-mail is configured here.")
        SERVER_DOWN = "server_down", _("The e-mail server did not take it; it is tried again.")
        GAVE_UP = "gave_up", _("The e-mail server did not take it in many attempts.")
        REFUSED = "refused", _("The e-mail server refused the address or the message.")
        UNKNOWN = "unknown", _("Nobody knows whether the e-mail went out.")

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="reminders")
    instalment = models.ForeignKey(Instalment, on_delete=models.PROTECT, related_name="+")
    due_date = models.DateField(_("due"))
    step = models.SmallIntegerField(_("days from the due date"))
    # The last day, by the lender's calendar, on which it may go out.
    last_date = models.DateField(_("at the latest on"))
    obstacle = models.CharField(_("obstacle"), max_length=16, choices=Obstacle, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"), null=True)
    claimed_at = models.DateTimeField(_("last attempt"), null=True)
    message_id = models.CharField(_("message"), max_length=120, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(reminding.LIFECYCLE, "repayments_reminder_status_known"),
            models.UniqueConstraint(
                fields=["loan", "due_date", "step"], name="repayments_reminder_once"
            ),
            models.UniqueConstraint(
                fields=["message_id"],
                condition=~Q(message_id=""),
                name="repayments_reminder_message_once",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="repayments_reminder_sent_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(claimed_at__isnull=False) & ~Q(message_id=""),
                name="repayments_reminder_claimed_first",
            ),
            models.CheckConstraint(
                condition=~Q(status="queued") | Q(next_try_at__isnull=False),
                name="repayments_reminder_waits_for_a_time",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=Q(status__in=["queued", "sending"]),
                name="repayments_reminders_waiting",
            ),
            models.Index(fields=["loan", "-due_date"], name="repayments_reminders_of_loan"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="reminder_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="reminder_of_instalment",
                fields=["loan", "instalment", "due_date", "step", "last_date", "created_at"],
            ),
        ]
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")

    def __str__(self) -> str:
        return f"{self.due_date} {self.step:+}"
