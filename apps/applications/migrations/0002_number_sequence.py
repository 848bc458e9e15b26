"""Numbers of applications come from a sequence, so that nobody waits for anybody."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE applications_application_number",
            "DROP SEQUENCE applications_application_number",
        )
    ]
