from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("products", "0003_conditions"),
    ]

    operations = [
        # Borrowers were told that it runs on, so it does under conditions that stand already.
        migrations.AddField(
            model_name="conditions",
            name="overdue_interest",
            field=models.BooleanField(
                default=True, verbose_name="interest on an unpaid instalment"
            ),
            preserve_default=False,
        ),
    ]
