"""Bring every encrypted value under the current key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import rotation
from apps.core.keyring import keyring


class Command(BaseCommand):
    help = (
        "Seal every encrypted value under the first key of FIELD_ENCRYPTION_KEYS. Can be broken "
        "off and started again, while people work. Remove an old key only after --check finds "
        "nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="Change nothing; fail when a value is still under another key.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        columns = rotation.columns()
        if not options["check"]:
            self._rotate(columns)
        left = {str(column): rotation.waiting(column) for column in columns}
        waiting = {name: count for name, count in left.items() if count}
        if waiting:
            listed = ", ".join(f"{name}: {count}" for name, count in waiting.items())
            raise CommandError(f"Not under key {keyring().current!r} yet: {listed}.")
        self.stdout.write(f"Every value of {len(columns)} columns is under {keyring().current!r}.")

    def _rotate(self, columns: list[rotation.Column]) -> None:
        for column in columns:
            for done in rotation.rotate(column):
                self.stdout.write(f"{column}: {done} values sealed again")
            for key in column.broken:
                self.stderr.write(f"{column}: the value of row {key} does not open; left as it is")
