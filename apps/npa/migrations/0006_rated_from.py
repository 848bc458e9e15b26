"""Rule tables say from which exposure on an upgrade needs a rating: rule book 1.13."""

from typing import Any

from django.db import migrations

# Rs 100 crore, by the regulator of India; no other asks for a rating.
_FROM = "1000000000"


def tell(apps: Any, _schema_editor: Any) -> None:
    """Have every stored table say it, as the file of tables does."""
    for table in apps.get_model("npa", "RuleTable").objects.all():
        found = _FROM if table.regime.startswith("rbi_") else None
        table.body["restructuring"].setdefault("rated_from", found)
        table.save(update_fields=["body"])


def keep_silent(apps: Any, _schema_editor: Any) -> None:
    """Take it out again."""
    for table in apps.get_model("npa", "RuleTable").objects.all():
        table.body["restructuring"].pop("rated_from", None)
        table.save(update_fields=["body"])


class Migration(migrations.Migration):
    dependencies = [("npa", "0005_reserve")]

    operations = [migrations.RunPython(tell, keep_silent)]
