"""Write the roles of `apps.accounts.roles` into groups and their permissions."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts import roles


class Command(BaseCommand):
    help = "Make the groups match the table of roles; a permission in no table is taken away."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        known = {
            f"{permission.content_type.app_label}.{permission.codename}": permission
            for permission in Permission.objects.select_related("content_type")
        }
        for role in roles.ROLES:
            missing = [name for name in role.permissions if name not in known]
            if missing:
                raise CommandError(f"{role.code} names unknown permissions: {', '.join(missing)}")
            group, _ = Group.objects.get_or_create(name=role.code)
            group.permissions.set([known[name] for name in role.permissions])
        stale = Group.objects.exclude(name__in=roles.BY_CODE)
        for group in stale:
            group.permissions.clear()
        self.stdout.write(f"{len(roles.ROLES)} roles are in step with the table.")
