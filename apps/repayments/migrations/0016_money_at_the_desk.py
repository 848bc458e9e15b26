"""Let money wait in suspense that came over the counter, beside what statements brought."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("repayments", "0015_sealed_withdrawals")]

    operations = [
        migrations.AlterField(
            model_name="statementfile",
            name="layout",
            field=models.CharField(
                choices=[
                    ("bank", "Bank statement"),
                    ("mpesa", "M-Pesa organisation statement"),
                    ("debits", "Direct debit"),
                    ("desk", "Repayment desk"),
                ],
                max_length=8,
                verbose_name="layout",
            ),
        ),
    ]
