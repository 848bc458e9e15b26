"""Load the reasons that come with the program: `manage.py load_reason_codes`."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.audit import services as audit
from apps.decisions import services


class Command(BaseCommand):
    """Put the reasons of `fixtures/reason_codes.json` on the list; a second run changes nothing."""

    help = "Put the reviewers' reasons that come with the program on the managed list."

    def handle(self, *args: Any, **options: Any) -> None:
        file = settings.BASE_DIR / "fixtures" / "reason_codes.json"
        rows = json.loads(file.read_text(encoding="utf-8"))
        made = services.load_reason_codes(actor=audit.system("load_reason_codes"), rows=rows)
        self.stdout.write(f"Reasons: {made} new, {len(rows) - made} as they were.")
