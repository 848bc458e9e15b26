"""The one thing the portal keeps: that the links of an application were revoked."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.models import Identified


class Revocation(Identified):
    """From here on no earlier link to an application's own pages opens anything."""

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="link_revocations"
    )
    # The series of links that ended; the next one begins with one more.
    series = models.PositiveSmallIntegerField()
    revoked_at = models.DateTimeField(_("revoked"))
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT)

    class Meta:
        default_permissions = ()
        permissions = [("issue_link", _("Make and revoke links to an applicant's own pages"))]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="portal_revocation_kept",
                operation=pgtrigger.Update | pgtrigger.Delete,
            )
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["application", "series"], name="portal_series_ends_once"
            )
        ]
        verbose_name = _("revocation of links")
        verbose_name_plural = _("revocations of links")

    def __str__(self) -> str:
        return f"{self.application_id} {self.series}"
