"""Alerts of thresholds that nobody watches any more are closed."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_repayment_account"),
        ("npa", "0012_reserve_of_whole_lenders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="alert",
            name="npa_alert_status_known",
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ("open", "acknowledged", "over", "unwatched"))),
                name="npa_alert_status_known",
            ),
        ),
    ]
