"""The rights to see figures of portfolios, and the overview of a lender."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0005_cohorts"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="summedday",
            options={
                "default_permissions": (),
                "permissions": [
                    ("view_figures", "See figures of portfolios: sums, no loans"),
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
