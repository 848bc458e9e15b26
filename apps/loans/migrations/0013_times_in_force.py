"""From when to when a schedule was in force; indexes of loans with a rest to pay out.

Schedules that were replaced before have no times: they count as they did, by what is in force now,
until the history of their loan is gone through once more.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0012_netted"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="scheduleversion",
            name="starts_on",
            field=models.DateField(null=True, verbose_name="in force from"),
        ),
        migrations.AddField(
            model_name="scheduleversion",
            name="ends_on",
            field=models.DateField(null=True, verbose_name="in force until"),
        ),
        migrations.AddIndex(
            model_name="scheduleversion",
            index=models.Index(
                condition=models.Q(("ends_on__isnull", False)),
                fields=["ends_on"],
                name="loans_schedules_replaced",
            ),
        ),
        migrations.AddIndex(
            model_name="loan",
            index=models.Index(
                condition=models.Q(("status", "opened")),
                fields=["branch"],
                name="loans_nothing_paid_out",
            ),
        ),
        migrations.AddIndex(
            model_name="disbursement",
            index=models.Index(
                condition=models.Q(("rest_planned_date__isnull", False)),
                fields=["loan"],
                name="loans_payments_in_part",
            ),
        ),
    ]
