"""Seal why files of debits were withdrawn: a person's words may tell about a borrower."""

from typing import Any

from django.db import migrations, models

from apps.core.fields import EncryptedTextField


def seal(apps: Any, _editor: Any) -> None:
    """Seal each text to its row."""
    rows = apps.get_model("debits", "DebitFile").objects.exclude(plain_reason="")
    for row in rows.only("pk", "plain_reason").iterator():
        row.withdrawn_reason = row.plain_reason
        row.save(update_fields=["withdrawn_reason"])


def open_again(apps: Any, _editor: Any) -> None:
    """Write each text as it reads."""
    rows = apps.get_model("debits", "DebitFile").objects.filter(withdrawn_reason__isnull=False)
    for row in rows.only("pk", "withdrawn_reason").iterator():
        row.plain_reason = row.withdrawn_reason
        row.save(update_fields=["plain_reason"])


class Migration(migrations.Migration):
    """A sealed column takes the place of a plain one."""

    dependencies = [("debits", "0004_recalled_files")]

    operations = [
        migrations.RenameField("debitfile", "withdrawn_reason", "plain_reason"),
        migrations.AddField(
            "debitfile",
            "withdrawn_reason",
            EncryptedTextField("why it was withdrawn", null=True),
        ),
        migrations.RunPython(seal, open_again),
        # On the way back the plain column needs something to hold before it is written.
        migrations.AlterField(
            "debitfile", "plain_reason", models.CharField(max_length=300, default="")
        ),
        migrations.RemoveField("debitfile", "plain_reason"),
    ]
