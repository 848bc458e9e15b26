"""The sequence customer numbers are taken from."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE customers_number", reverse_sql="DROP SEQUENCE customers_number"
        )
    ]
