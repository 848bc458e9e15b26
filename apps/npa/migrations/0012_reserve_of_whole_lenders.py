"""A right of its own to see reserves: they are of whole lenders, not of branches."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("npa", "0011_reserve_needs_leave"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="reserverelease",
            options={
                "default_permissions": (),
                "permissions": [
                    ("view_reserve", "See what lenders keep in reserve, and releases from it"),
                    ("propose_reserve_release", "Propose to release from the reserve"),
                    ("approve_reserve_release", "Approve a release from the reserve"),
                ],
                "verbose_name": "release from the reserve",
                "verbose_name_plural": "releases from the reserve",
            },
        ),
    ]
