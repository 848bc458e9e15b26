"""The credit memo of a case: what is on record in sentences, and the reviewer's own words."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Timestamped
from apps.decisions.models import ReviewCase
from apps.desk.models.diary import OfCaseQuerySet


class CreditMemo(Identified, Timestamped):
    """The memo of one case. Once it is frozen it never changes.

    `words` are the reviewer's, by section, and `content` is the whole memo as it was frozen with
    the decision; both are JSON and sealed, for they speak of a person. `sha256` is of the content.
    """

    case = models.OneToOneField(ReviewCase, on_delete=models.PROTECT, related_name="memo")
    language = models.CharField(_("language"), max_length=8)
    words = EncryptedTextField(_("own words"), blank=True)
    content = EncryptedTextField(_("memo"), blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    frozen_at = models.DateTimeField(_("frozen"), null=True)

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="desk_memo_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="desk_memo_of_its_case", fields=["case"]),
            # The sealed text stays writable, so that keys can be rotated; the hash tells.
            pgtrigger.Protect(
                name="desk_memo_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.frozen_at IS NOT NULL AND (OLD.frozen_at, OLD.sha256, OLD.language)"
                    " IS DISTINCT FROM (NEW.frozen_at, NEW.sha256, NEW.language)"
                ),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(frozen_at__isnull=True, sha256="")
                | Q(frozen_at__isnull=False) & ~Q(sha256=""),
                name="desk_memo_frozen_with_its_hash",
            )
        ]
        verbose_name = _("credit memo")
        verbose_name_plural = _("credit memos")

    def __str__(self) -> str:
        return str(self.case)

    @property
    def version(self) -> str:
        """What a form carries to notice that the memo changed since the page was opened."""
        return self.updated_at.isoformat()


class MemoEdit(Identified, Timestamped):
    """Who wrote what into a memo, and when; never changed."""

    memo = models.ForeignKey(CreditMemo, on_delete=models.PROTECT, related_name="edits")
    section = models.CharField(_("section"), max_length=24)
    text = EncryptedTextField(_("own words"), blank=True)
    edited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(_("edited"))

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="desk_memo_edit_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="desk_memo_edit_written", fields=["memo", "section", "edited_by", "edited_at"]
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["memo", "-edited_at"])]
        verbose_name = _("change of a memo")
        verbose_name_plural = _("changes of memos")

    def __str__(self) -> str:
        return self.section
