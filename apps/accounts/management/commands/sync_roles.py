"""Write the roles of `apps.accounts.roles` into groups and their permissions."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts import roles

# Which permission a group has: pairs of their keys.
Pairs = set[tuple[int, int]]
_GIVEN = Group.permissions.through


class Command(BaseCommand):
    help = "Make the groups match the table of roles; a permission in no table is taken away."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        Group.objects.bulk_create(
            [Group(name=role.code) for role in roles.ROLES], ignore_conflicts=True
        )
        # Who syncs at the same time waits here, and then finds nothing to change.
        groups = dict(Group.objects.select_for_update().order_by("pk").values_list("name", "pk"))
        wanted, given = _wanted(groups), _given()
        for group, permission in sorted(given - wanted):
            _GIVEN.objects.filter(group_id=group, permission_id=permission).delete()
        _GIVEN.objects.bulk_create(
            _GIVEN(group_id=group, permission_id=permission)
            for group, permission in sorted(wanted - given)
        )
        self.stdout.write(f"{len(roles.ROLES)} roles are in step with the table.")


def _wanted(groups: dict[str, int]) -> Pairs:
    """Return what the table says. Raises CommandError for a permission that no model declares."""
    rows = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    known = {f"{app}.{codename}": key for app, codename, key in rows}
    wanted: Pairs = set()
    for role in roles.ROLES:
        missing = [name for name in role.permissions if name not in known]
        if missing:
            raise CommandError(f"{role.code} names unknown permissions: {', '.join(missing)}")
        wanted |= {(groups[role.code], known[name]) for name in role.permissions}
    return wanted


def _given() -> Pairs:
    return set(_GIVEN.objects.values_list("group_id", "permission_id"))
