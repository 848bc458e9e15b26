"""Remember what was asked with an idempotency key, to refuse the key with other content."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0002_number_sequence")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="idempotency_digest",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        )
    ]
