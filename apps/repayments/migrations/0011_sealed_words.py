"""Seal what people wrote about what happened: why it was entered, agreed to and taken back."""

from typing import Any

import pgtrigger
from django.db import migrations, models

import apps.core.fields
from apps.repayments import facts


def seal(apps: Any, _editor: Any) -> None:
    """Take words out of parameters and seal them."""
    rows = apps.get_model("repayments", "AccountEvent").objects
    with pgtrigger.ignore("repayments.AccountEvent:repayments_event_as_happened"):
        for row in rows.only("parameters", "plain_reason").iterator():
            row.parameters, words = facts.parted(row.parameters)
            if words or row.plain_reason:
                row.words = words or None
                row.reversed_reason = row.plain_reason or None
                row.save(update_fields=["parameters", "words", "reversed_reason"])


def open_again(apps: Any, _editor: Any) -> None:
    """Put the words back to where they stood."""
    rows = apps.get_model("repayments", "AccountEvent").objects
    with pgtrigger.ignore("repayments.AccountEvent:repayments_event_as_happened"):
        for row in rows.iterator():
            words, reason = row.words or {}, row.reversed_reason or ""
            if words or reason:
                place = row.parameters.get("basis", row.parameters)
                place.update(words)
                row.plain_reason = reason
                row.save(update_fields=["parameters", "plain_reason"])


class Migration(migrations.Migration):
    """Sealed columns take the place of plain ones."""

    dependencies = [("repayments", "0010_earning_periods")]

    operations = [
        migrations.RemoveConstraint("accountevent", "repayments_event_reversed_with_reason"),
        migrations.RenameField("accountevent", "reversed_reason", "plain_reason"),
        migrations.AddField(
            "accountevent",
            "words",
            apps.core.fields.EncryptedJSONField(null=True, verbose_name="what people wrote"),
        ),
        migrations.AddField(
            "accountevent",
            "reversed_reason",
            apps.core.fields.EncryptedTextField(null=True, verbose_name="why"),
        ),
        migrations.RunPython(seal, open_again),
        migrations.RemoveField("accountevent", "plain_reason"),
        migrations.AddConstraint(
            "accountevent",
            models.CheckConstraint(
                condition=models.Q(
                    ("reversed_at", None),
                    ("reversed_by", None),
                    ("reversed_reason__isnull", True),
                    ("status", "live"),
                )
                | models.Q(
                    ("reversed_at__isnull", False),
                    ("reversed_reason__isnull", False),
                    ("status", "reversed"),
                ),
                name="repayments_event_reversed_with_reason",
            ),
        ),
    ]
