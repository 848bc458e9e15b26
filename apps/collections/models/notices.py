"""Notices to borrowers about arrears, and what was learnt of each on its way."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collections.models.assigning import OfLoan
from apps.collections.noticing import Kind, Word
from apps.core.models import Identified, Timestamped
from apps.letters.models import Letter
from apps.loans.models import Loan

_KINDS = [(one.value, one.value) for one in Kind]
_WORDS = [(one.value, one.value) for one in Word]


class Notice(Identified, Timestamped):
    """A notice about arrears: its letter is frozen, and it is never changed itself.

    `overdue` is what the letter says is overdue on `issued_on`. How the letter goes out stands at
    its deliveries, what people learnt of it at its words.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="notices", db_index=False)
    kind = models.CharField(_("kind"), max_length=12, choices=_KINDS)
    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="+")
    overdue = models.DecimalField(_("overdue"), max_digits=18, decimal_places=2)
    issued_on = models.DateField(_("issued on"))
    pay_by = models.DateField(_("to be paid by"))
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued"))

    objects = OfLoan.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("issue_notice", _("Write notices about arrears and follow them"))]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in Kind], overdue__gt=0),
                name="collections_notice_known",
            ),
            models.CheckConstraint(
                condition=Q(pay_by__gt=F("issued_on")), name="collections_notice_gives_time"
            ),
            models.UniqueConstraint(
                fields=["loan", "kind", "issued_on"], name="collections_notice_once_a_day"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["loan", "-issued_at"], name="collections_notices_of_loan"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="collections_notice_kept", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]
        verbose_name = _("notice about arrears")
        verbose_name_plural = _("notices about arrears")

    def __str__(self) -> str:
        return f"{self.kind} {self.issued_on}"


class NoticeWord(Identified, Timestamped):
    """One thing a person wrote down of a notice: posted, handed over, delivered, come back."""

    notice = models.ForeignKey(
        Notice, on_delete=models.PROTECT, related_name="words", db_index=False
    )
    word = models.CharField(_("what"), max_length=12, choices=_WORDS)
    happened_on = models.DateField(_("on"))
    # Of the post or the courier, by which the way of the letter is found.
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField(_("written down"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(word__in=[one.value for one in Word]),
                name="collections_notice_word_known",
            ),
            models.CheckConstraint(
                condition=~Q(word="posted") | ~Q(reference=""),
                name="collections_notice_posted_under",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["notice", "told_at"], name="collections_notice_words"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="collections_word_kept", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]
        verbose_name = _("word about a notice")
        verbose_name_plural = _("words about notices")

    def __str__(self) -> str:
        return f"{self.word} {self.happened_on}"
