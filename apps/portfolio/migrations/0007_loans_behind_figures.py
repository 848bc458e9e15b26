"""The right to see the loans behind a figure: who sees sums alone does not."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0006_rights"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="summedday",
            options={
                "default_permissions": (),
                "permissions": [
                    ("view_figures", "See figures of portfolios: sums, no loans"),
                    ("list_loans", "See the loans behind figures of portfolios"),
                    (
                        "view_overview",
                        "See the overview of a lender: what to ask about, how it does",
                    ),
                ],
                "verbose_name": "day that was added up",
                "verbose_name_plural": "days that were added up",
            },
        ),
    ]
