"""Letters: the facts they state, the template that stated them, and the frozen result."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.core import withheld
from apps.core.fields import EncryptedBytesField, EncryptedJSONField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.letters import deadlines
from apps.letters.lifecycle import LIFECYCLE, OPEN


class LetterQuerySet(models.QuerySet["Letter"]):
    """Letters, and who may see them."""

    def visible_to(self, actor: User) -> "LetterQuerySet":
        """Keep the letters of the branches the person works in, but for those withheld."""
        seen = self.filter(accounts.in_reach(actor))
        return withheld.without_references(
            seen, actor, field="case", label="applications.application"
        )

    def unsent(self) -> "LetterQuerySet":
        """Keep the letters that reached nobody yet."""
        return self.filter(~models.Exists(_sent()))

    def sent(self) -> "LetterQuerySet":
        """Keep the letters that went to the applicant."""
        return self.filter(models.Exists(_sent()))


def _sent() -> "DeliveryQuerySet":
    return Delivery.objects.filter(letter=models.OuterRef("pk"), status="sent")


class Letter(Identified, Timestamped):
    """A letter to an applicant. Issued with its facts, rendered once, then frozen for good."""

    class Kind(models.TextChoices):
        DECLINED = "declined", _("Decline with reasons")
        APPROVED = "approved", _("Approval")
        COUNTER_OFFER = "counter_offer", _("Counter-offer")
        INCOMPLETE = "incomplete", _("Notice of what is missing")
        APPEAL = "appeal", _("Outcome of a review")
        LAPSED = "lapsed", _("Offer lapsed")
        KEY_FACTS = "key_facts", _("Statement of what a loan costs")
        NO_DUES = "no_dues", _("Letter of no dues")
        SETTLEMENT = "settlement", _("Settlement")
        ARREARS = "arrears", _("Reminder of arrears")
        DEMAND = "demand", _("Formal demand")
        PRE_LEGAL = "pre_legal", _("Notice before legal action")

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    subject = models.CharField(_("about"), max_length=100)
    case = models.CharField(_("case"), max_length=100, db_index=True)
    language = models.CharField(_("language"), max_length=8)
    template_version = models.CharField(_("template"), max_length=20)
    facts = EncryptedJSONField(_("facts"))
    facts_sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField(_("issued"))
    html = EncryptedBytesField(null=True)
    html_sha256 = models.CharField(_("HTML hash"), max_length=64, blank=True)
    pdf = EncryptedBytesField(null=True)
    pdf_sha256 = models.CharField(_("PDF hash"), max_length=64, blank=True)
    # The typesetter with its version: only the same one must set the same PDF again.
    engine = models.CharField(_("typesetter"), max_length=40, blank=True)
    rendered_at = models.DateTimeField(_("rendered"), null=True)
    # Whose law asks for it; empty in letters before regimes were told apart.
    regime = models.CharField(_("regime"), max_length=20, blank=True)
    # From when it is soon late and late while it is not sent, and the last day to have sent it.
    soon_date = models.DateField(_("soon late from"), null=True)
    late_date = models.DateField(_("late from"), null=True)
    due_date = models.DateField(_("to be sent by"), null=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_letter", _("Open letters")),
            ("deliver_letter", _("Hand letters over and send them again")),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["subject", "kind"], name="letters_letter_once"),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(kind__in=["declined", "approved", "counter_offer"]),
                name="letters_letter_one_outcome",
            ),
            models.CheckConstraint(
                condition=Q(rendered_at__isnull=True)
                | (~Q(html_sha256="") & ~Q(pdf_sha256="") & Q(html__isnull=False)),
                name="letters_rendered_has_hashes",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(
                fields=["issued_at"], condition=Q(rendered_at=None), name="letters_waiting"
            ),
            models.Index(fields=["-issued_at", "-id"], name="letters_newest"),
            models.Index(fields=["due_date", "id"], name="letters_by_due_date"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="letter_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="letter_issued",
                fields=[
                    *("branch", "kind", "subject", "case", "language", "template_version"),
                    *("facts_sha256", "issued_at"),
                    *("regime", "soon_date", "late_date", "due_date"),
                ],
            ),
            # The sealed columns stay writable, so that keys can be rotated; their hashes do not.
            pgtrigger.Protect(
                name="letter_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.rendered_at IS NOT NULL AND"
                    " (OLD.html_sha256, OLD.pdf_sha256, OLD.engine, OLD.rendered_at)"
                    " IS DISTINCT FROM"
                    " (NEW.html_sha256, NEW.pdf_sha256, NEW.engine, NEW.rendered_at)"
                ),
            ),
        ]
        verbose_name = _("letter")
        verbose_name_plural = _("letters")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.issued_at:%Y-%m-%d}"

    @property
    def language_name(self) -> str:
        """The language of the letter, named in the reader's own."""
        return str(dict(settings.LANGUAGES).get(self.language, self.language))

    @property
    def deadline(self) -> deadlines.Deadline | None:
        """By when it must have been sent; None in letters before days were kept."""
        if self.soon_date is None or self.late_date is None or self.due_date is None:
            return None
        return deadlines.Deadline(self.soon_date, self.late_date, self.due_date)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries, and who may see them."""

    def visible_to(self, actor: User) -> "DeliveryQuerySet":
        """Keep the deliveries of letters the person may see."""
        return self.filter(letter__in=Letter.objects.visible_to(actor))


class Delivery(Identified, Timestamped, Stateful):
    """One way a letter goes, or went, to the applicant. No address is kept here.

    `hand` and `post` wait `queued` until a person records them; `obstacle` says why it is not an
    e-mail, or why an e-mail did not go out.
    """

    lifecycle = LIFECYCLE

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        HAND = "hand", _("Handed over")
        POST = "post", _("Post")

    class Obstacle(models.TextChoices):
        NO_ADDRESS = "no_address", _("No e-mail address is on record.")
        NO_CONSENT = "no_consent", _("The applicant has not agreed to be reached by e-mail.")
        NOT_CONFIGURED = "not_configured", _("No e-mail is configured here.")
        SERVER_DOWN = "server_down", _("The e-mail server did not take it; it is tried again.")
        GAVE_UP = "gave_up", _("The e-mail server did not take it in many attempts.")
        REFUSED = "refused", _("The e-mail server refused the address or the letter.")
        UNKNOWN = "unknown", _("Nobody knows whether the e-mail went out; ask the applicant.")
        NOT_NOW = "not_now", _("The borrower is not written to by e-mail now.")
        EARLIER = "earlier", _("It was issued before deliveries were recorded.")

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(_("way"), max_length=8, choices=Channel)
    obstacle = models.CharField(_("obstacle"), max_length=16, choices=Obstacle, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"), null=True)
    claimed_at = models.DateTimeField(_("last attempt"), null=True)
    message_id = models.CharField(_("message"), max_length=120, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "letters_delivery_status_known"),
            models.UniqueConstraint(
                fields=["letter"], condition=Q(status__in=OPEN), name="letters_delivery_one_open"
            ),
            models.UniqueConstraint(
                fields=["message_id"],
                condition=~Q(message_id=""),
                name="letters_delivery_message_once",
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="letters_delivery_sent_when",
            ),
            models.CheckConstraint(
                condition=Q(channel="email", recorded_by__isnull=True)
                | (
                    Q(channel__in=["hand", "post"], message_id="")
                    & (~Q(status="sent") | Q(recorded_by__isnull=False))
                ),
                name="letters_delivery_by_person_or_mail",
            ),
            models.CheckConstraint(
                condition=~Q(status="sending")
                | (Q(channel="email", claimed_at__isnull=False) & ~Q(message_id="")),
                name="letters_delivery_claimed_first",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["letter", "status"], name="letters_delivery_of_letter"),
            models.Index(
                fields=["next_try_at"],
                condition=Q(channel="email", status__in=OPEN),
                name="letters_delivery_waiting",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="delivery_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="delivery_of_letter", fields=["letter", "created_at"]),
        ]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")

    def __str__(self) -> str:
        return self.get_channel_display()
