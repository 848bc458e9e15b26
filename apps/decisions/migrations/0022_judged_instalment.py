from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("decisions", "0021_waived_by_another")]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="instalment",
            field=models.DecimalField(
                decimal_places=2, max_digits=18, null=True, verbose_name="instalment judged"
            ),
        ),
    ]
