"""Put the reasons that come with the program on the list, so that nobody is left without any."""

import json
from typing import Any

from django.conf import settings
from django.db import migrations


def install(apps: Any, _schema_editor: Any) -> None:
    listed = apps.get_model("decisions", "ListedReason")
    file = settings.BASE_DIR / "fixtures" / "reason_codes.json"
    rows = json.loads(file.read_text(encoding="utf-8"))
    known = set(listed.objects.values_list("code", flat=True))
    listed.objects.bulk_create(
        listed(status="listed", **row) for row in rows if row["code"] not in known
    )


class Migration(migrations.Migration):
    dependencies = [("decisions", "0012_listed_reasons")]

    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
