"""What products and their fees are called in the languages of statements."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("products", "0009_rising_steps_named"),
    ]

    operations = [
        migrations.AddField(
            model_name=name,
            name="names",
            field=models.JSONField(
                blank=True, default=dict, verbose_name="names in other languages"
            ),
        )
        for name in ("product", "fee")
    ]
