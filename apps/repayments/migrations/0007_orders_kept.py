from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repayments", "0006_accrual_of_days")]

    operations = [
        migrations.AddField(
            model_name="loanaccount",
            name="orders",
            field=models.JSONField(default=dict),
        ),
    ]
