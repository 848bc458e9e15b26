"""Letters: the facts they state, the template that stated them, and the frozen result."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.core.fields import EncryptedBytesField, EncryptedJSONField
from apps.core.models import Identified, Timestamped


class LetterQuerySet(models.QuerySet["Letter"]):
    """Letters, and who may see them."""

    def visible_to(self, actor: User) -> "LetterQuerySet":
        """Keep the letters of the branches the person works in."""
        return self.filter(accounts.in_reach(actor))


class Letter(Identified, Timestamped):
    """A letter to an applicant. Issued with its facts, rendered once, then frozen for good."""

    class Kind(models.TextChoices):
        DECLINED = "declined", _("Decline with reasons")
        APPROVED = "approved", _("Approval")
        LAPSED = "lapsed", _("Offer lapsed")

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

    objects = LetterQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("view_letter", _("Open letters"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["subject", "kind"], name="letters_letter_once"),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(kind__in=["declined", "approved"]),
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
            )
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="letter_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="letter_issued",
                fields=[
                    *("branch", "kind", "subject", "case", "language", "template_version"),
                    *("facts_sha256", "issued_at"),
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
