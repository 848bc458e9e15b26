"""No rows: a quote is answered and forgotten. What is here gives the permission its home."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Quote(models.Model):
    """A schedule with its cost, computed when asked for; there is no table."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [("make_quote", _("Compute schedules and their cost"))]
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
