"""Print who can sign in to the demonstration, and what to try."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts import roles
from apps.demo import people


class Command(BaseCommand):
    help = "Print one sign-in per role; people who are not there yet are made."

    def handle(self, *args: Any, **options: Any) -> None:
        people.ensure()
        rows = [("Role", "E-mail", "Passphrase", "Try")]
        rows += [
            (
                roles.BY_CODE[one.role].label,
                one.email,
                people.passphrase(one.email),
                one.hint or f"the same in {one.branch.title()}",
            )
            for one in people.PEOPLE
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows:
            first = "  ".join(row[column].ljust(widths[column]) for column in range(3))
            self.stdout.write(f"{first}  {row[3]}")
