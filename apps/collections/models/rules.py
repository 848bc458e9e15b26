"""The numbers a lender works by at the collections desk, each from a day on."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.collections.rules import NUMBERS
from apps.core.models import Identified, Timestamped


def _allowed() -> Q:
    found = Q()
    for code, number in NUMBERS.items():
        found |= Q(code=code.value, value__range=(number.least, number.most))
    return found


class Rule(Identified, Timestamped):
    """A number that stands from a day on, until another one does; never changed after."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(_("what"), max_length=20, choices=[(one, one) for one in NUMBERS])
    value = models.PositiveSmallIntegerField(_("number"))
    from_date = models.DateField(_("from"))
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("set"))

    class Meta:
        default_permissions = ()
        permissions = [("manage_rules", _("Set the numbers the collections desk works by"))]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["entity", "code", "from_date"], name="collections_rule_once"
            ),
            models.CheckConstraint(condition=_allowed(), name="collections_rule_allowed"),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="collections_rule_kept", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]
        verbose_name = _("number of the collections desk")
        verbose_name_plural = _("numbers of the collections desk")

    def __str__(self) -> str:
        return f"{self.code} {self.value}"
