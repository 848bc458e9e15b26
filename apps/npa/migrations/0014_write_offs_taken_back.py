"""The use of a provision is taken back with the write-off it was for: a negative one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("npa", "0013_alerts_no_longer_watched"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="provisionmovement",
            name="npa_movement_not_negative",
        ),
        migrations.AddConstraint(
            model_name="provisionmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("additions__gte", 0),
                    ("releases__gte", 0),
                    models.Q(("account", "provisions"), ("written_off__gte", 0), _connector="OR"),
                ),
                name="npa_movement_not_negative",
            ),
        ),
    ]
