"""Ways of looking at the queue that a person keeps."""

from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.models import Identified, Timestamped


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "SavedViewQuerySet":
        """Keep one's own views and those shared with one's roles."""
        return self.filter(Q(person=actor) | Q(shared_with__in=actor.groups.all())).distinct()


class SavedView(Identified, Timestamped):
    """A filter and an order of the queue under a name; shared with a role where its owner wants.

    A shared view keeps only the address: everybody sees the cases that are theirs to see.
    """

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="queue_views")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)
    shared_with = models.ForeignKey(
        Group, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_default = models.BooleanField(_("opens first"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["person", "name"], name="desk_view_name_once"),
            models.UniqueConstraint(
                fields=["person"], condition=Q(is_default=True), name="desk_view_one_default"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="desk_view_has_name"),
        ]
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")

    def __str__(self) -> str:
        return self.name
