from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0002_summary")]

    operations = [
        migrations.AddField(
            model_name="summedday",
            name="turned",
            field=models.BigIntegerField(null=True, verbose_name="outcomes out of"),
        ),
        # Roll rates that are there already have no turns; the next night makes both anew.
        migrations.RunSQL("UPDATE portfolio_rolledday SET since_run = 0", migrations.RunSQL.noop),
    ]
