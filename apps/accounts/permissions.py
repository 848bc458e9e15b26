"""What the roles of a person allow, asked with one question."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core import prepared
from apps.core.prepared import Given

# Where Django's backend looks for what it found before.
_KEPT = "_perm_cache"


class RolePermissions(BaseBackend):
    """Django's own permissions, of a person and the roles, in one query instead of two.

    It stands before Django's `ModelBackend`, which finds the answer on the person and asks no
    more. Nobody signs in through it, and it says nothing about single rows.
    """

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return `app.codename` of everything the person may; nothing for who may not sign in."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if user_obj.is_superuser:
            # Everything there is: Django's own backend says it.
            return set()
        found: set[str] | None = getattr(user_obj, _KEPT, None)
        if found is None:
            rows = _ALLOWED.all(user=user_obj.pk)
            found = {f"{label}.{codename}" for label, codename in rows}
            setattr(user_obj, _KEPT, found)
        return found


def _allowed() -> QuerySet[Permission, tuple[str, str]]:
    named = Permission.objects.order_by().values_list("content_type__app_label", "codename")
    roles = User.groups.through.objects.filter(user=Given("user")).values("group")
    by_role = named.filter(group__in=roles)
    return by_role.union(named.filter(user=Given("user")), all=True)


_ALLOWED = prepared.Query(_allowed)
