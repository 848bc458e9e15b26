"""Install the first plans of reminders: `manage.py load_reminder_plans [FILE]`."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.repayments import services


class Command(BaseCommand):
    """Enter the fixture's rows for every lender that never had a plan of reminders."""

    help = "Load plans of reminders of lenders without any; a second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        default = Path(settings.BASE_DIR) / "fixtures" / "reminder_plans.json"
        parser.add_argument("file", nargs="?", type=Path, default=default)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = json.loads(options["file"].read_text(encoding="utf-8"))["reminder_plans"]
            entered = services.load_plans(
                actor=audit.system("load_reminder_plans"), rows=rows, now=timezone.now()
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Plans of reminders: {entered} entered.")
