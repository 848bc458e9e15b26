"""How many loans a month of roll rates lacks, because a night left no snapshot of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0003_outcomes"),
    ]

    operations = [
        migrations.AddField(
            model_name="rolledday",
            name="missing",
            field=models.PositiveIntegerField(default=0, verbose_name="loans without a snapshot"),
        ),
    ]
