"""Papers that a case needs and the lender does without, because somebody said why."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Timestamped

_BY_ANOTHER = """
    IF EXISTS (
        SELECT 1 FROM applications_application a
        WHERE a.id = NEW.application_id AND NEW.waived_by_id IN (a.taken_by_id, a.submitted_by_id)
    ) THEN
        RAISE EXCEPTION 'decisions_waiver_by_another: who took the case waives nothing'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'decisions_waiver_by_another';
    END IF;
    RETURN NEW;
"""


class PaperWaiver(Identified, Timestamped):
    """A credit manager does without a required paper of one application, and says why.

    It never changes and never ends: once the paper is there, nobody asks for it.
    """

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="paper_waivers"
    )
    code = models.CharField(_("paper"), max_length=40)
    # It may tell about the applicant.
    reason = EncryptedTextField(_("reason"))
    waived_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    waived_at = models.DateTimeField(_("waived"))

    class Meta:
        default_permissions = ()
        permissions = [("waive_paper", _("Do without a required paper, with a reason"))]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="decisions_waiver_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="decisions_waiver_by_another",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=pgtrigger.Func(_BY_ANOTHER),
            ),
            # The sealed reason stays writable, so that keys can be rotated.
            pgtrigger.ReadOnly(
                name="decisions_waiver_as_said",
                fields=["application", "code", "waived_by", "waived_at"],
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["application", "code"], name="decisions_waiver_paper_once"
            ),
            models.CheckConstraint(condition=~Q(code=""), name="decisions_waiver_of_a_paper"),
        ]
        verbose_name = _("waiver of a paper")
        verbose_name_plural = _("waivers of papers")

    def __str__(self) -> str:
        return self.code
