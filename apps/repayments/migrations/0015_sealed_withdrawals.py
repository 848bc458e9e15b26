"""Seal why promises to pay were withdrawn: it tells about the borrower."""

from typing import Any

from django.db import migrations, models

from apps.core.fields import EncryptedTextField


def seal(apps: Any, _editor: Any) -> None:
    """Seal each text to its row."""
    rows = apps.get_model("repayments", "Promise").objects.exclude(plain_reason="")
    for row in rows.iterator():
        row.withdrawn_reason = row.plain_reason
        row.save(update_fields=["withdrawn_reason"])


def open_again(apps: Any, _editor: Any) -> None:
    """Write each text as it reads."""
    rows = apps.get_model("repayments", "Promise").objects.filter(withdrawn_reason__isnull=False)
    for row in rows.iterator():
        row.plain_reason = row.withdrawn_reason
        row.save(update_fields=["plain_reason"])


class Migration(migrations.Migration):
    """A sealed column takes the place of a plain one."""

    dependencies = [("repayments", "0014_fewer_indexes_of_events")]

    operations = [
        migrations.RemoveConstraint("promise", "repayments_promise_withdrawn_by_somebody"),
        migrations.RenameField("promise", "withdrawn_reason", "plain_reason"),
        migrations.AddField("promise", "withdrawn_reason", EncryptedTextField("reason", null=True)),
        migrations.RunPython(seal, open_again),
        # On the way back the plain column needs something to hold before it is written.
        migrations.AlterField(
            "promise", "plain_reason", models.CharField(max_length=300, default="")
        ),
        migrations.RemoveField("promise", "plain_reason"),
        migrations.AddConstraint(
            "promise",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "withdrawn"),
                        ("withdrawn_at__isnull", False),
                        ("withdrawn_by__isnull", False),
                        ("withdrawn_reason__isnull", False),
                    ),
                    models.Q(
                        models.Q(("status", "withdrawn"), _negated=True),
                        ("withdrawn_at__isnull", True),
                        ("withdrawn_by__isnull", True),
                        ("withdrawn_reason__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="repayments_promise_withdrawn_by_somebody",
            ),
        ),
    ]
