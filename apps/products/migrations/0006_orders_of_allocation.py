import django.contrib.postgres.fields
from django.db import migrations, models

BUCKETS = [
    ("fees", "Fees"),
    ("penal", "Penal charges"),
    ("interest", "Interest"),
    ("principal", "Principal"),
]
WHOLE = ["fees", "penal", "interest", "principal"]


def order(label: str) -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(choices=BUCKETS, max_length=12),
        blank=True,
        default=list,
        size=None,
        verbose_name=label,
    )


def whole_or_empty(name: str) -> models.Q:
    return models.Q(**{f"{name}__len": 4, f"{name}__contains": WHOLE}) | models.Q(**{name: []})


class Migration(migrations.Migration):
    dependencies = [("products", "0005_taxes_on_fees")]

    operations = [
        # Payments went to the oldest instalment first, and all loans were alike.
        migrations.AddField(
            model_name="conditions",
            name="allocation_across",
            field=models.CharField(
                choices=[
                    ("horizontal", "All of the oldest instalment"),
                    ("vertical", "One purpose of all instalments"),
                ],
                default="horizontal",
                max_length=12,
                verbose_name="first",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conditions",
            name="npa_allocation_order",
            field=order("on a loan that does not perform"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conditions",
            name="written_off_allocation_order",
            field=order("on a loan that was written off"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conditions",
            name="settlement_allocation_order",
            field=order("under a settlement"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="conditions",
            constraint=models.CheckConstraint(
                condition=whole_or_empty("npa_allocation_order")
                & whole_or_empty("written_off_allocation_order")
                & whole_or_empty("settlement_allocation_order")
                & models.Q(allocation_across__in=["horizontal", "vertical"]),
                name="products_conditions_other_orders_whole",
            ),
        ),
    ]
