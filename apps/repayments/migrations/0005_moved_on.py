from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repayments", "0004_receipts_on_paper")]

    operations = [
        migrations.RenameField(
            model_name="loanaccount", old_name="last_event_on", new_name="moved_on"
        ),
        migrations.AlterField(
            model_name="loanaccount",
            name="moved_on",
            field=models.DateField(null=True, verbose_name="last moved on"),
        ),
    ]
